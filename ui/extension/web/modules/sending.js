// Sends from a menu or by the keyboard while they are under way, with no page of ours open. The browser stops the
// background when it pleases; what it has handed over by then goes on, and whoever looks next says that nobody
// heard how it ended.

import { session } from "./memory.js";
import { t } from "./browser.js";

// Held as long as the one who sends lives: the browser lets go of it with the background.
const lockOf = (id) => `sending ${id}`;

const forget = (id) => session.change("sending", (all) => all.filter((one) => one.id !== id));

/** underWay does a send, and remembers it by title until its outcome is known. */
export function underWay(title, act) {
  const id = crypto.randomUUID();
  return navigator.locks.request(lockOf(id), async () => {
    await session.change("sending", (all) => [...all, { id, title }]);
    try {
      return await act();
    } finally {
      await forget(id);
    }
  });
}

/** tellStopped makes a failure of each send that was left in the midst. */
export async function tellStopped() {
  for (const { id } of await session.get("sending")) {
    await navigator.locks.request(lockOf(id), { ifAvailable: true }, async (lock) => {
      const left = lock && (await session.get("sending")).find((one) => one.id === id);
      if (!left) return; // it goes on, or somebody else has told
      await session.set("failure", left.title ? t("stoppedSending", left.title) : t("stoppedASend"));
      await forget(id);
    });
  }
}
