// The mark on the toolbar button.

import { api, t } from "./browser.js";
import { session } from "./memory.js";

const colours = { ask: "#8a5300", bad: "#b8203a", fine: "#176b3a", count: "#1d5fc2" };
const flashTime = 2500;

/** showBadge shows what waits for the person: a question of another extension, else unread tabs. */
export async function showBadge() {
  const [asked, unread, failure] = await Promise.all([session.get("asked"), session.get("unread"), session.get("failure")]);
  if (failure) return show("!", colours.bad, failure);
  if (asked > 0) return show("?", colours.ask, t("askedTitle"));
  if (unread > 0) return show(unread > 99 ? "99+" : String(unread), colours.count, unread === 1 ? t("unreadOne") : t("unreadMany", unread));
  return show("", colours.count, "");
}

/** flash tells for a moment that a send from a menu or by the keyboard was taken. */
export async function flash(title) {
  await show("✓", colours.fine, title);
  await new Promise((resolve) => setTimeout(resolve, flashTime));
  await showBadge();
}

async function show(text, colour, title) {
  await api.action.setBadgeBackgroundColor({ color: colour });
  await api.action.setBadgeTextColor?.({ color: "#ffffff" });
  await api.action.setBadgeText({ text });
  await api.action.setTitle({ title: title || t("sendHere") });
}
