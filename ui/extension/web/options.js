// The options: how sending behaves, what this browser may know, and which other extensions may send.

import { api, t } from "./modules/browser.js";
import { byId, fillIn } from "./modules/page.js";
import { choices } from "./modules/memory.js";
import { Line } from "./modules/host.js";
import { mayReadTabs } from "./modules/tabs.js";
import { sentence } from "./modules/failure.js";
import { showCallers } from "./options/callers.js";
import { showConnection } from "./options/connection.js";

const options = {
  line: null,

  say(text) {
    byId("outcome").textContent = text;
  },

  fail(error) {
    options.say(sentence(error));
  },

  ask(type, fields) {
    options.line ??= new Line({ heard, ended: ended });
    return options.line.ask(type, fields);
  },
};

function heard({ kind }) {
  if (kind === "callers") showCallers(options);
  if (kind === "account") load();
}

function ended(error) {
  options.line = null;
  showConnection(options, { error });
}

/** load shows what Tabferry knows: whether it is there, what was opted in, who asked. */
async function load() {
  try {
    const hello = await options.ask("hello");
    showConnection(options, { hello });
    byId("demo").hidden = !hello.demo;
    for (const name of ["inbox", "signin"]) {
      byId(name).checked = hello.optIns[name];
      byId(name).disabled = hello.allowed !== "allowed";
    }
    await choices.set("received", hello.optIns.inbox);
    if (hello.allowed === "allowed") await showCallers(options);
  } catch (error) {
    showConnection(options, { error });
  }
}

/** optIn tells Tabferry, which shows the same choice in its own settings. */
async function optIn(event) {
  const { id: name, checked } = event.target;
  try {
    const { optIns } = await options.ask("opt-in", { [name]: checked });
    event.target.checked = optIns[name];
    if (name === "inbox") await choices.set("received", optIns.inbox);
    options.say("");
  } catch (error) {
    event.target.checked = !checked;
    options.fail(error);
  }
}

/** readTabs asks for the permission in the click itself, or gives it back. */
async function readTabs(event) {
  const wanted = { permissions: ["tabs"] };
  await (event.target.checked ? api.permissions.request(wanted) : api.permissions.remove(wanted));
  byId("tabs-allowed").checked = await mayReadTabs();
}

async function showShortcut() {
  const command = (await api.commands.getAll()).find((one) => one.name === "send-to-last");
  byId("shortcut-text").textContent = command?.shortcut ? t("shortcutIs", command.shortcut) : t("shortcutNone");
}

function changeShortcut() {
  if (api.commands.openShortcutSettings) return api.commands.openShortcutSettings();
  return api.tabs.create({ url: "chrome://extensions/shortcuts" });
}

async function begin() {
  fillIn();
  byId("hold").checked = await choices.get("hold");
  byId("hold").addEventListener("change", (event) => choices.set("hold", event.target.checked));
  byId("tabs-allowed").checked = await mayReadTabs();
  byId("tabs-allowed").addEventListener("change", readTabs);
  byId("inbox").addEventListener("change", optIn);
  byId("signin").addEventListener("change", optIn);
  byId("shortcut").addEventListener("click", changeShortcut);
  await showShortcut();
  await load();
  options.ask("watch").catch(() => {}); // without it the page stands still, and load said why
  if (location.hash) document.querySelector(`${location.hash} input`)?.focus();
  document.documentElement.dataset.ready = "true";
}

begin();
