// Sending, and what became of it.

import { session } from "./memory.js";

const remembered = 5;

/**
 * send hands links to the host by ask (Line.ask or askOnce) and remembers them. what is {items} or
 * {text}; to is a list of device ids, "all" or "last".
 */
export async function send(ask, what, to, { hold = false, isPrivate = false } = {}) {
  const fields = { ...what, to };
  if (hold) fields.hold = true;
  if (isPrivate) fields.private = true;
  const { sends, heldUntil, items = what.items } = await ask("send", fields);
  const devices = [...new Set(sends.map((one) => one.deviceName))];
  const batch = {
    ids: sends.map((one) => one.id),
    title: items[0].title || items[0].url,
    count: items.length,
    to: devices.join(", "),
  };
  // A private window leaves no trace here.
  if (!isPrivate) await session.change("batches", (batches) => [batch, ...batches].slice(0, remembered));
  return { ...batch, sends, heldUntil };
}

/** forget removes what was undone. */
export async function forget(ids) {
  const gone = new Set(ids);
  await session.change("batches", (batches) => batches.filter((batch) => !batch.ids.some((id) => gone.has(id))));
}

const progress = ["failed", "waiting", "push_off", "accepted", "alerted"];

/** summary tells how a batch stands: as its least fortunate part. Null when none of it is known any more. */
export function summary(sends) {
  return sends.reduce((worst, one) => (!worst || progress.indexOf(one.state) < progress.indexOf(worst.state) ? one : worst), null);
}
