// The first card: what will be sent.

import { api, t } from "../modules/browser.js";
import { byId, make, replace, texts } from "../modules/page.js";
import { items, mayReadTabs, selection } from "../modules/tabs.js";

/** whatToSend finds the tab the popup is about. ?tab=ID names one, for a popup that is shown as a tab itself. */
export async function whatToSend() {
  const named = new URL(location.href).searchParams.get("tab");
  const around = named ? await api.tabs.get(Number(named)) : undefined;
  const { front, selected } = await selection(around?.windowId);
  const tab = around ?? front;
  const others = selected.filter((one) => one.url !== location.href);
  const chosen = others.length > 1 && (await mayReadTabs()) ? others : [tab];
  return { tab, selected: others, chosen, items: items(chosen), isPrivate: tab?.incognito === true };
}

function choose(popup, chosen) {
  Object.assign(popup.what, { chosen, items: items(chosen) });
  showWhat(popup);
}

/** showWhat shows it, and lets choose between the tab in front and all selected ones. */
export function showWhat(popup) {
  const { tab, selected, chosen, items } = popup.what;
  const children = [];
  if (items.length === 0) children.push(make("p", { className: "muted", textContent: t("cannotSend") }));
  else if (chosen.length === 1) children.push(texts(items[0].title || items[0].url, new URL(items[0].url).host));
  else children.push(texts(t("manyTabs", items.length), [...new Set(items.map((one) => new URL(one.url).host))].join(", ")));
  const left = chosen.length - items.length;
  if (items.length > 0 && left > 0) {
    children.push(make("span", { className: "second", textContent: left === 1 ? t("leftOutOne") : t("leftOutMany", left) }));
  }
  if (selected.length > 1) children.push(scope(popup, tab, selected, chosen.length > 1));
  replace(byId("what"), children);
  for (const button of document.querySelectorAll("#devices button")) button.disabled = items.length === 0;
}

function scope(popup, tab, selected, all) {
  const one = make("button", { type: "button", textContent: t("thisTab"), onclick: () => choose(popup, [tab]) });
  const many = make("button", { type: "button", textContent: t("selectedTabs", selected.length), onclick: () => chooseSelected(popup) });
  one.setAttribute("aria-pressed", String(!all));
  many.setAttribute("aria-pressed", String(all));
  const group = make("div", { className: "scope" }, one, many);
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", "what-head");
  return group;
}

/** chooseSelected asks for the permission in the click itself. The browser's question may close this popup. */
async function chooseSelected(popup) {
  if (!(await api.permissions.request({ permissions: ["tabs"] }))) return;
  const { selected } = await selection(popup.what.tab?.windowId);
  choose(popup, selected.filter((one) => one.url !== location.href));
}
