// The way to Tabferry on this computer: docs/native-messaging.md.

import { api } from "./browser.js";

const name = "io.github.tabferry.tabferry";
const version = 1;

/**
 * A HostError is a refusal of the host, with its code, or one of two of our own: "missing" when the
 * browser finds no host that this extension may use, "silent" when the host ended without an answer.
 */
export class HostError extends Error {
  constructor({ code, message = "", hint = "", until, item }) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.until = until;
    this.item = item; // the place of what is no link
  }
}

/** browserError tells what the browser says of a host that it could not start or that ended. */
function browserError(error) {
  const said = String(error?.message ?? "");
  const missing = /no such native application|host not found|is forbidden/i.test(said);
  return new HostError({ code: missing ? "missing" : "silent", message: said });
}

function result(answer) {
  if (answer?.ok === true) return answer.result;
  throw new HostError(answer?.error ?? { code: "silent" });
}

/** askOnce asks in a process of its own: one process for one thing a person does. */
export async function askOnce(type, fields = {}) {
  let answer;
  try {
    answer = await api.runtime.sendNativeMessage(name, { v: version, id: "1", type, ...fields });
  } catch (error) {
    throw browserError(error);
  }
  return result(answer);
}

/**
 * A Line stays open to ask several things and to hear events. It keeps the background awake: close it.
 * heard(event) is called for each event, ended(error) once, when the host is gone.
 */
export class Line {
  #port;
  #waiting = new Map();
  #last = 0;
  #heard;
  #ended;

  constructor({ heard = () => {}, ended = () => {} } = {}) {
    this.#heard = heard;
    this.#ended = ended;
    this.#port = api.runtime.connectNative(name);
    this.#port.onMessage.addListener((message) => this.#take(message));
    this.#port.onDisconnect.addListener((port) => this.#end(browserError(port.error ?? api.runtime.lastError)));
  }

  ask(type, fields = {}) {
    if (!this.#port) return Promise.reject(new HostError({ code: "silent" }));
    const id = String(++this.#last);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ v: version, id, type, ...fields });
    });
  }

  close() {
    this.#port?.disconnect();
    this.#port = null;
  }

  #take(message) {
    if (message.event) return this.#heard(message.event);
    const one = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (!one) return;
    try {
      one.resolve(result(message));
    } catch (error) {
      one.reject(error);
    }
  }

  #end(error) {
    this.#port = null;
    for (const one of this.#waiting.values()) one.reject(error);
    this.#waiting.clear();
    this.#ended(error);
  }
}
