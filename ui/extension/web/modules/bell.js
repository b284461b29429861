// Received tabs, counted on the button while the person wants it.

import { choices, session } from "./memory.js";
import { Line } from "./host.js";

// While Tabferry does not run it is looked for after a wait that doubles, and never started.
const firstWait = 5_000;
const longestWait = 60_000;

// These live and end with this background, as the line itself does.
let line = null;
let wait = firstWait;
let timer;

/** listen opens a line for events, or closes it, as the person chose. */
export async function listen() {
  clearTimeout(timer);
  if (!(await choices.get("received"))) {
    line?.close();
    line = null;
    await session.set("unread", 0);
    return;
  }
  line ??= new Line({ heard, ended });
  try {
    await line.ask("watch", { start: false });
    wait = firstWait;
  } catch {
    if (line) await later(); // one that has ended is told below
  }
}

function ended(error) {
  line = null;
  return error.code === "missing" ? session.set("unread", 0) : later();
}

/** later looks for Tabferry again. Until it is there, or lets us hear of it again, nothing is counted. */
function later() {
  clearTimeout(timer);
  timer = setTimeout(listen, wait);
  wait = Math.min(2 * wait, longestWait);
  return session.set("unread", 0);
}

function heard(event) {
  switch (event.kind) {
    case "inbox":
      return session.set("unread", event.unread);
    case "callers":
      return session.set("asked", event.asked);
    case "gone":
      return later();
  }
}
