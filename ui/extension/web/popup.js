// The popup: what is sent, to whom, what became of it, and what was received. It holds one line to
// Tabferry for as long as it is open.

import { api, t } from "./modules/browser.js";
import { arrows, byId, fillIn, icon } from "./modules/page.js";
import { choices, session } from "./modules/memory.js";
import { Line } from "./modules/host.js";
import { rememberDevices } from "./modules/menus.js";
import { sentence } from "./modules/failure.js";
import { send } from "./modules/send.js";
import { showDevices } from "./popup/devices.js";
import { showNotice } from "./popup/notice.js";
import { showReceived } from "./popup/received.js";
import { showSent } from "./popup/sent.js";
import { tellStopped } from "./modules/sending.js";
import { showWhat, whatToSend } from "./popup/what.js";

const mostStates = 500; // that the host tells at once

const popup = {
  line: null,
  account: "", // how the sign-in stands, as hello told
  watched: null, // the line whose events come
  what: null, // {items, isPrivate}, from whatToSend
  states: new Map(), // sends by id, as the host told last

  /** say tells how something went, to eyes and screen readers. */
  say(text, kind = "") {
    byId("outcome").textContent = text;
    byId("outcome").className = kind;
  },

  fail(error) {
    popup.say(sentence(error), "bad");
  },

  /** look asks for what no person asked for: an agent that has ended is left alone. */
  async look(type, fields = {}) {
    try {
      return await popup.ask(type, { ...fields, start: false });
    } catch (error) {
      throw error.code === "agent_not_reachable" ? Object.assign(error, { code: "ended" }) : error;
    }
  },

  async ask(type, fields) {
    popup.line ??= newLine();
    const answer = await popup.line.ask(type, fields);
    watch();
    return answer;
  },

  async sendTo(to) {
    const { items, isPrivate } = popup.what;
    popup.say(items.length === 1 ? t("sendingOne") : t("sendingMany", items.length));
    try {
      const sent = await send(popup.ask, { items }, to, { hold: await choices.get("hold"), isPrivate });
      for (const one of sent.sends) if (!popup.states.has(one.id)) popup.states.set(one.id, { ...one, heldUntil: sent.heldUntil });
      popup.say(sent.heldUntil ? t("heldFor", sent.to) : t("handedOver", sent.to), "fine");
      await showSent(popup, sent.sends); // an event may have been faster than the answer was stored
    } catch (error) {
      popup.fail(error);
    }
  },

  /** loadStates asks about what was sent before this popup was opened: events tell of its own sends only. */
  async loadStates() {
    const ids = (await session.get("batches")).flatMap((batch) => batch.ids).slice(0, mostStates);
    if (ids.length > 0) {
      const { sends } = await popup.look("state", { ids });
      for (const one of sends) popup.states.set(one.id, one);
    }
    await showSent(popup);
  },

  async openPane(pane) {
    try {
      await popup.ask("open-window", { pane });
      close();
    } catch (error) {
      popup.fail(error);
    }
  },
};

function newLine() {
  return new Line({
    heard,
    ended: (error) => {
      popup.line = null;
      showNotice(popup, { error });
    },
  });
}

/** watch asks for events, after the first answer and after the agent has come back. */
function watch() {
  if (popup.watched === popup.line) return;
  popup.watched = popup.line;
  popup.line?.ask("watch", { start: false }).catch(() => (popup.watched = null)); // without it the states stand still until the next answer
}

async function heard(event) {
  switch (event.kind) {
    case "send":
      for (const one of event.sends) popup.states.set(one.id, one);
      return showSent(popup, event.sends);
    case "devices":
      return loadDevices();
    case "inbox":
      return showReceived(popup);
    case "account":
      return event.account === popup.account ? undefined : load(popup.look);
    case "signin":
      return load(popup.look);
    case "gone":
      popup.watched = null;
      return popup.fail({ code: "ended" });
  }
}

/** load asks everything anew. What is told already stands: nothing flickers. */
async function load(ask = popup.ask) {
  try {
    const hello = await ask("hello");
    popup.account = hello.account;
    byId("demo").hidden = !hello.demo;
    const ready = hello.allowed === "allowed" && hello.account === "signed_in";
    byId("window").hidden = hello.allowed !== "allowed";
    await showNotice(popup, { hello });
    byId("sending").hidden = byId("to").hidden = !ready;
    if (!ready) return;
    await Promise.all([loadDevices(), popup.loadStates(), hello.optIns.inbox ? showReceived(popup) : null]);
  } catch (error) {
    byId("sending").hidden = byId("to").hidden = true;
    await showNotice(popup, { error });
  }
}

async function loadDevices() {
  try {
    const list = await popup.look("devices");
    showDevices(popup, list);
    if (list.known) await rememberDevices(list.devices);
  } catch (error) {
    popup.fail(error);
  }
}

async function begin() {
  fillIn();
  byId("options").append(icon("settings"));
  byId("options").addEventListener("click", () => api.runtime.openOptionsPage().then(close));
  byId("window").append(icon("window"));
  byId("window").addEventListener("click", () => popup.openPane(""));
  arrows(byId("devices"));
  arrows(byId("tabs"));
  await tellStopped();
  const failure = await session.get("failure");
  if (failure) {
    popup.say(failure, "bad");
    await session.set("failure", "");
  }
  popup.what = await whatToSend();
  showWhat(popup);
  await load();
  document.documentElement.dataset.ready = "true";
}

begin();
