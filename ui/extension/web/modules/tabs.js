// What is to be sent: the tab in front, or all that are selected.

import { api } from "./browser.js";

/** sendable tells whether an address may be offered for sending. Whether it is a link is Tabferry's to judge. */
export function sendable(url) {
  return /^https?:/i.test(url ?? "");
}

/** mayReadTabs tells whether the addresses of other tabs than the one in front may be read. */
export function mayReadTabs() {
  return api.permissions.contains({ permissions: ["tabs"] });
}

/**
 * selection returns the tab in front and the tabs selected with it, in the order of the tab strip.
 * A tab whose address may not be read has none.
 */
export async function selection(windowId) {
  const where = windowId === undefined ? { currentWindow: true } : { windowId };
  const selected = await api.tabs.query({ highlighted: true, ...where });
  selected.sort((a, b) => a.index - b.index);
  return { front: selected.find((tab) => tab.active), selected };
}

/** items makes of tabs what the host wants, without those that cannot be sent. */
export function items(tabs) {
  return tabs.filter((tab) => sendable(tab.url)).map((tab) => ({ url: tab.url, title: tab.title ?? "" }));
}
