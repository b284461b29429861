// The last things sent, how far they have come, and Undo while they are held.

import { t } from "../modules/browser.js";
import { byId, icon, make, redraw, texts } from "../modules/page.js";
import { forget, summary } from "../modules/send.js";
import { session } from "../modules/memory.js";

const shown = 3;
const leavingTime = 100; // from the end of the wait until it is asked how it went

const states = {
  waiting: ["clock", "", () => t("stateWaiting")],
  accepted: ["tick", "fine", () => t("stateAccepted")],
  alerted: ["ticks", "fine", () => t("stateAlerted")],
  push_off: ["tick", "fine", () => t("statePushOff")],
  failed: ["failed", "bad", () => t("stateFailed")],
};

/** showSent shows them; changed are the sends that have just changed, for the spoken outcome. */
export async function showSent(popup, changed = []) {
  const batches = (await session.get("batches")).map((batch) => ({ ...batch, worst: summary(known(popup, batch)) }));
  const first = batches.filter((batch) => batch.worst).slice(0, shown);
  byId("sent").hidden = first.length === 0;
  redraw(byId("batches"), first.map((batch) => [batch, heldUntil(batch.worst)]), () => first.map((batch) => row(popup, batch)));
  const newest = batches[0];
  if (newest?.worst && changed.some((one) => newest.ids.includes(one.id)) && newest.worst.state !== "waiting") {
    popup.say(`${newest.to}: ${words(newest.worst)}`, newest.worst.state === "failed" ? "bad" : "fine");
  }
}

function known(popup, batch) {
  return batch.ids.map((id) => popup.states.get(id)).filter(Boolean);
}

/** heldUntil returns when a batch leaves, in milliseconds; 0 for one that has left. */
function heldUntil(send) {
  const time = Date.parse(send.heldUntil ?? "");
  return send.state === "waiting" && time > Date.now() ? time : 0;
}

function words(send) {
  if (heldUntil(send)) return t("stateWaiting");
  const said = states[send.state][2]();
  const twice = send.mayBeTwice ? ` (${t("mayBeTwice")})` : "";
  return (send.reason ? `${said}: ${send.reason}` : said) + twice;
}

function row(popup, { ids, title, count, to, worst }) {
  const [picture, colour] = states[worst.state];
  const first = count === 1 ? title : t("andMore", title, count - 1);
  const children = [icon(picture, colour), texts(first, `${to} · ${words(worst)}`, colour)];
  const until = heldUntil(worst);
  if (until) {
    const undo = make("button", { type: "button", textContent: t("undo"), onclick: () => takeBack(popup, ids) });
    setTimeout(() => popup.loadStates(), until - Date.now() + leavingTime);
    children.push(undo);
  }
  return make("li", { className: "row" }, ...children);
}

async function takeBack(popup, ids) {
  try {
    await popup.ask("undo", { ids });
    for (const id of ids) popup.states.delete(id);
    await forget(ids);
    popup.say(t("undone"), "fine");
  } catch (error) {
    popup.fail(error);
  }
  await showSent(popup);
}
