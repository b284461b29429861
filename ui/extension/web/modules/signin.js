// A browser sign-in whose last page does not come back to Tabferry by itself: with the person's
// permission for that one origin we hand its address over. The permission is asked for when a sign-in
// is under way and given back when it ends; at any other time no address of a tab is looked at.

import { api } from "./browser.js";
import { choices } from "./memory.js";
import { Line } from "./host.js";

/** pattern is the permission for an origin. Firefox knows no ports in it. */
export function pattern(origin) {
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${hostname}/*`;
}

/** isLast tells whether an address is the last page of the sign-in. */
export function isLast(address, redirect) {
  if (!address?.startsWith(redirect)) return false;
  const rest = address.slice(redirect.length);
  return /^[?#]/.test(rest) && /[?&#]code=/.test(rest);
}

/** askToFinish is for a button: it asks for the permission at once, as browsers demand. */
export function askToFinish(origin) {
  const wanted = pattern(origin);
  choices.set("finishing", wanted);
  return api.permissions.request({ origins: [wanted] });
}

let turn = Promise.resolve(); // one after the other

/**
 * finishSignIn waits for the last page if the person has asked for that and the permission is there, and gives
 * that back in the end. Which of the two is there first is not certain: it is called for both.
 */
export function finishSignIn() {
  turn = turn.then(finish, finish);
  return turn;
}

async function finish() {
  const origin = await choices.get("finishing");
  if (!origin || !(await api.permissions.contains({ origins: [origin] }))) return;
  try {
    await waitForLast(origin);
  } finally {
    await choices.set("finishing", "");
    await api.permissions.remove({ origins: [origin] });
  }
}

/** waitForLast returns when the sign-in is over, however it ended. */
async function waitForLast(origin) {
  let over;
  const end = new Promise((resolve) => (over = resolve));
  let redirect = "";
  let handed = false;
  const line = new Line({
    heard: ({ kind }) => {
      if (kind === "signin") look();
      if (kind === "gone") over();
    },
    ended: over,
  });
  async function look() {
    try {
      const now = await line.ask("signin", { start: false });
      if (!now.underWay || now.returns || pattern(now.origin) !== origin) return over();
      redirect = now.redirect;
      for (const tab of await api.tabs.query({ url: origin })) await take(tab.url);
    } catch {
      over(); // the host is gone or refuses: Tabferry's window takes the address as before
    }
  }
  async function take(address) {
    if (handed || !redirect || !isLast(address, redirect)) return;
    handed = true;
    try {
      await line.ask("signin-finish", { address });
      over();
    } catch {
      handed = false; // an older page, or not the right one: Tabferry goes on waiting
    }
  }
  const updated = (id, change) => take(change.url);
  api.tabs.onUpdated.addListener(updated);
  try {
    await line.ask("watch", { start: false });
    await look();
    await end;
  } catch {
    // no Tabferry, no sign-in
  } finally {
    api.tabs.onUpdated.removeListener(updated);
    line.close();
  }
}
