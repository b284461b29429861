// Tabs received and not read yet, where the person wants them here.

import { api, t } from "../modules/browser.js";
import { byId, icon, make, redraw, texts } from "../modules/page.js";

const shown = 5;
const manyAtOnce = 10;

export async function showReceived(popup) {
  let page;
  try {
    page = await popup.look("inbox", { op: "list", unread: true, limit: manyAtOnce });
  } catch (error) {
    if (error.code !== "not_opted_in") popup.fail(error);
    byId("received").hidden = true;
    return;
  }
  const first = page.entries.slice(0, shown);
  byId("received").hidden = first.length === 0;
  redraw(byId("tabs"), first, () => first.map((entry) => row(popup, entry)));
  const able = page.entries.filter((entry) => entry.canOpen);
  byId("open-all").hidden = able.length < 2;
  byId("open-all").textContent = t("openAll", able.length);
  byId("open-all").onclick = () => open(popup, able);
}

function row(popup, entry) {
  const second = [entry.host, entry.from].filter(Boolean).join(" · ");
  const button = make("button", { className: "row", type: "button", disabled: !entry.canOpen, onclick: () => open(popup, [entry]) },
    icon("tab"), texts(entry.title || entry.host, second));
  return make("li", {}, button);
}

/** open opens entries as tabs, the oldest first, and tells Tabferry that they were read. */
async function open(popup, entries) {
  try {
    for (const { url, private: isPrivate } of entries.toReversed()) {
      if (isPrivate) await api.windows.create({ url, incognito: true });
      else await api.tabs.create({ url, active: entries.length === 1 });
    }
  } catch {
    return popup.say(t("cannotOpen"), "bad");
  }
  try {
    await popup.ask("inbox", { op: "read", ids: entries.map((entry) => entry.id) });
    await showReceived(popup);
  } catch (error) {
    popup.fail(error);
  }
}
