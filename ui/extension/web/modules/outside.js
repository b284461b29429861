// Other extensions that send through this one: docs/native-messaging.md, "Messages from other
// extensions". Web pages cannot get here: the manifest has no externally_connectable.

import { askOnce, HostError } from "./host.js";
import { session } from "./memory.js";
import { showBadge } from "./badge.js";

const version = 1;
const callsAMinute = 30;
const minute = 60_000;
const itemsACall = 20;
const longest = 200_000; // below the host's limit for a frame, in characters

const fieldsOf = {
  devices: [],
  send: ["items", "to", "private"],
};

/** answerOutside answers a message of another extension. sender is the browser's word, and true. */
export async function answerOutside(message, sender) {
  try {
    return { v: version, ok: true, result: await forward(message, sender) };
  } catch (error) {
    const { code = "internal", message: text, hint, until, item } = error;
    if (code === "ask") await questionWaits();
    return { v: version, ok: false, error: { code, message: text, ...(hint && { hint }), ...(until && { until }), ...(item !== undefined && { item }) } };
  }
}

async function forward(message, sender) {
  const asked = check(message);
  if (typeof sender?.id !== "string" || sender.id === "") refuse("bad_message", "the caller has no id");
  await count(sender.id);
  const caller = { id: sender.id };
  if (typeof message.name === "string" && message.name) caller.name = message.name.slice(0, 64);
  return askOnce(message.type, { ...asked, caller });
}

/** check returns the fields of a message that may go on, and refuses what is not one of ours. */
function check(message) {
  if (message === null || typeof message !== "object" || Array.isArray(message)) refuse("bad_message", "the message is no object");
  const { v, type, name, ...rest } = message;
  if (v !== version) refuse("bad_version", `this is version ${version}`);
  if (typeof type !== "string" || !Object.hasOwn(fieldsOf, type)) refuse("unknown_type", "the types are devices and send");
  for (const field of Object.keys(rest)) {
    if (!fieldsOf[type].includes(field)) refuse("bad_message", `the field ${JSON.stringify(field.slice(0, 64))} is unknown here`);
  }
  if (type === "send") {
    if (!Array.isArray(rest.items)) refuse("bad_message", "items is no list");
    if (rest.items.length > itemsACall) refuse("too_many", `at most ${itemsACall} items a call`);
  }
  if (JSON.stringify(rest).length > longest) refuse("too_large", "the message is too long");
  return rest;
}

function refuse(code, message) {
  throw new HostError({ code, message });
}

/** count refuses a call that is one too many for its extension, before any process is started for it. */
function count(id) {
  return session.change("calls", (calls) => {
    const now = Date.now();
    for (const [caller, times] of Object.entries(calls)) {
      calls[caller] = times.filter((time) => now - time < minute);
      if (calls[caller].length === 0) delete calls[caller];
    }
    const mine = calls[id] ?? [];
    if (mine.length >= callsAMinute) {
      throw new HostError({ code: "rate_limited", message: `at most ${callsAMinute} calls a minute`, until: new Date(mine[0] + minute).toISOString() });
    }
    calls[id] = [...mine, now];
    return calls;
  });
}

/** questionWaits marks the button: somebody waits for the person's answer. */
async function questionWaits() {
  try {
    const { callers } = await askOnce("callers", { start: false });
    await session.set("asked", callers.filter((one) => one.decision === "asked").length);
    await showBadge();
  } catch {
    // The options page lists who asks, whatever the button says.
  }
}
