// The context menus: one entry for each kind of thing, with the devices below it.

import { api, t } from "./browser.js";
import { askOnce } from "./host.js";
import { choices, session } from "./memory.js";
import { flash, showBadge } from "./badge.js";
import { items, mayReadTabs, selection } from "./tabs.js";
import { sentence } from "./failure.js";
import { send } from "./send.js";
import { underWay } from "./sending.js";

const web = ["http://*/*", "https://*/*"];

/** kinds are the things that can be sent. */
const kinds = [
  { kind: "page", contexts: ["page"], title: () => t("menuPage"), documentUrlPatterns: web },
  { kind: "link", contexts: ["link"], title: () => t("menuLink"), targetUrlPatterns: web },
  { kind: "image", contexts: ["image"], title: () => t("menuImage"), targetUrlPatterns: web },
  { kind: "selection", contexts: ["selection"], title: () => t("menuSelection") },
  { kind: "tab", contexts: ["tab"], title: () => t("menuTab") },
];

/** menuKinds leaves out the tab strip where the browser has no menus there. */
function menuKinds() {
  return kinds.filter(({ kind }) => kind !== "tab" || api.contextMenus.ContextType?.TAB);
}

let making = Promise.resolve(); // one maker after the other: an older list never overtakes a newer one

/** makeMenus makes all menus for the devices that were last heard of. It is for the background: a popup may close halfway. */
export function makeMenus() {
  making = making.then(make, make);
  return making;
}

async function make() {
  const devices = (await choices.get("devices")).filter((device) => device.canReceive);
  await api.contextMenus.removeAll();
  for (const { kind, title, ...rest } of menuKinds()) {
    const parent = kind;
    // With no device to choose the entry opens the popup, which says why.
    create({ ...rest, id: parent, title: devices.length > 0 ? title() : `${title()}…` });
    for (const device of devices) {
      create({ ...rest, id: `${kind}:${device.id}`, parentId: parent, title: device.name.replaceAll("&", "&&") });
    }
    if (devices.length > 1) {
      create({ ...rest, id: `${kind}-line`, parentId: parent, type: "separator" });
      create({ ...rest, id: `${kind}:all`, parentId: parent, title: t("allDevices") });
    }
  }
}

/** create makes an entry. A background that was stopped halfway may have left it. */
function create(entry) {
  api.contextMenus.create(entry, () => void api.runtime.lastError);
}

/** rememberDevices takes a fresh list. If it is another one, the background hears of it and makes the menus anew. */
export async function rememberDevices(list) {
  const devices = list.map(({ id, name, type, canReceive }) => ({ id, name, type, canReceive }));
  if (JSON.stringify(devices) === JSON.stringify(await choices.get("devices"))) return;
  await choices.set("devices", devices);
}

/** menuClicked sends what was clicked. */
export async function menuClicked(info, tab) {
  const [kind, to = ""] = split(String(info.menuItemId));
  if (!to) return api.action.openPopup?.();
  if (kind === "tab" || kind === "page") {
    const chosen = kind === "tab" ? await clickedTabs(tab) : [{ url: info.pageUrl, title: tab?.title }];
    if (chosen) await sendQuietly({ items: items(chosen) }, [to], tab);
    return;
  }
  const what = {
    link: () => ({ items: [{ url: info.linkUrl, title: info.linkText ?? "" }] }),
    image: () => ({ items: [{ url: info.srcUrl, title: "" }] }),
    selection: () => ({ text: info.selectionText }),
  }[kind]();
  await sendQuietly(what, [to], tab);
}

function split(id) {
  const colon = id.indexOf(":");
  return colon < 0 ? [id] : [id.slice(0, colon), id.slice(colon + 1)];
}

/**
 * clickedTabs returns the clicked tab, or all selected ones if it is one of them. Their addresses
 * take a permission; without it the person is asked for it instead, and nothing is sent.
 */
async function clickedTabs(tab) {
  const { selected } = await selection(tab.windowId);
  if (selected.length < 2 || !selected.some((one) => one.id === tab.id)) return [tab];
  if (await mayReadTabs()) return selected;
  await api.tabs.create({ url: api.runtime.getURL("options.html#tabs") });
  return null;
}

/** sendToLast sends the tab in front, or all selected ones where that is allowed, to the device of the last send. */
export async function sendToLast(tab) {
  const { front, selected } = await selection(tab?.windowId);
  const chosen = selected.length > 1 && (await mayReadTabs()) ? selected : [tab ?? front];
  await sendQuietly({ items: items(chosen) }, "last", tab);
}

/** sendQuietly sends with no page of ours open: the button tells how it went. */
async function sendQuietly(what, to, tab) {
  const isPrivate = tab?.incognito === true;
  const first = what.items?.[0];
  const title = isPrivate ? "" : first?.title || first?.url || what.text || "";
  const sent = await underWay(title, () => attempt(what, to[0] === "all" ? "all" : to, isPrivate));
  if (sent) await flash(sent.count === 1 ? t("sentOne", sent.to) : t("sentMany", sent.count, sent.to));
}

/** attempt returns null for a send that failed, once that is told. */
async function attempt(what, to, isPrivate) {
  try {
    if (what.items?.length === 0) throw Object.assign(new Error(t("cannotSend")), { code: "nothing" });
    const sent = await send(askOnce, what, to, { isPrivate });
    await session.set("failure", "");
    return sent;
  } catch (error) {
    await session.set("failure", sentence(error));
    await showBadge();
    return null;
  }
}
