// What the browser wakes us for. Every listener is here and set before anything is awaited: a
// background that was stopped is started again for each event, and knows only what is stored.

import { api } from "./modules/browser.js";
import { answerOutside } from "./modules/outside.js";
import { askOnce } from "./modules/host.js";
import { finishSignIn } from "./modules/signin.js";
import { listen } from "./modules/bell.js";
import { makeMenus, menuClicked, rememberDevices, sendToLast } from "./modules/menus.js";
import { showBadge } from "./modules/badge.js";
import { tellStopped } from "./modules/sending.js";

api.runtime.onInstalled.addListener(async () => {
  await makeMenus();
  await showBadge();
  try {
    const { devices } = await askOnce("devices", { start: false });
    await rememberDevices(devices);
  } catch {
    // Tabferry is not there yet, or not running: the popup says so when a person asks.
  }
});

api.runtime.onStartup.addListener(showBadge);
api.contextMenus.onClicked.addListener(menuClicked);

api.commands.onCommand.addListener((command, tab) => {
  if (command === "send-to-last") sendToLast(tab);
});

api.runtime.onMessageExternal.addListener((message, sender, answer) => {
  answerOutside(message, sender).then(answer);
  return true; // the answer comes later
});

api.permissions.onAdded.addListener(finishSignIn);

api.storage.onChanged.addListener((changes, area) => {
  if (area === "session" && (changes.unread || changes.asked || changes.failure)) showBadge();
  if (area === "local" && changes.received) listen();
  if (area === "local" && changes.devices) makeMenus();
  if (area === "local" && changes.finishing) finishSignIn();
});

listen();
finishSignIn();
tellStopped();
