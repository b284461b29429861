// The extension's modules without a browser: `node --test ui/extension/testdata`. A small browser and
// a scripted host stand in; what real browsers do with the whole is in packaging/browsers.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const areas = { local: {}, session: {} };
const area = (name) => ({
  get: async (defaults) => Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, structuredClone(areas[name][key] ?? value)])),
  set: async (values) => void Object.assign(areas[name], structuredClone(values)),
});

/** host is the scripted host: its answer to each request, and what it was asked. */
const host = { asked: [], answer: () => ({}) };
const badge = {};
let menus = [];
let tabs = [];
let granted = [];

const later = globalThis.setTimeout;
globalThis.setTimeout = (what) => later(what, 0); // the button's mark for a moment is no matter of time here

const holders = new Map(); // the last one of each lock
Object.defineProperty(globalThis, "navigator", { value: { locks: { request: (name, options, work = options) => {
  if (options.ifAvailable && holders.has(name)) return work(null);
  const done = (holders.get(name) ?? Promise.resolve()).then(() => work({ name }));
  const over = done.catch(() => {}).then(() => holders.get(name) === over && holders.delete(name));
  holders.set(name, over);
  return done;
} } } });

globalThis.browser = {
  i18n: { getMessage: (key, parts = []) => [key, ...parts].join(" ") },
  runtime: {
    lastError: null,
    sendNativeMessage: async (name, message) => {
      host.asked.push({ name, ...message });
      const given = await host.answer(message);
      if (given instanceof Error) throw given;
      return given.code ? { v: 1, id: message.id, ok: false, error: given } : { v: 1, id: message.id, ok: true, result: given };
    },
    getURL: (path) => `moz-extension://here/${path}`,
  },
  storage: { local: area("local"), session: area("session") },
  action: {
    setBadgeText: async ({ text }) => void (badge.text = text),
    setBadgeBackgroundColor: async () => {},
    setTitle: async ({ title }) => void (badge.title = title),
  },
  contextMenus: {
    ContextType: { TAB: "tab" },
    removeAll: async () => void (menus = []),
    create: (entry, done) => (menus.push(entry), done()),
  },
  permissions: { contains: async ({ permissions = [] }) => permissions.every((one) => granted.includes(one)) },
  tabs: {
    query: async () => tabs.map((tab) => (granted.includes("tabs") || tab.active ? tab : { ...tab, url: undefined })),
    create: async (tab) => void tabs.push(tab),
  },
};

const web = new URL("../web/modules/", import.meta.url);
const { answerOutside } = await import(new URL("outside.js", web));
const { askOnce } = await import(new URL("host.js", web));
const { makeMenus, menuClicked, rememberDevices, sendToLast } = await import(new URL("menus.js", web));
const { isLast, pattern } = await import(new URL("signin.js", web));
const { items } = await import(new URL("tabs.js", web));
const { tellStopped } = await import(new URL("sending.js", web));
const { send, summary } = await import(new URL("send.js", web));
const { listen } = await import(new URL("bell.js", web));
const { sentence } = await import(new URL("failure.js", web));

beforeEach(() => {
  areas.local = {};
  areas.session = {};
  host.asked = [];
  host.answer = (message) => (message.type === "send" ? sent(message) : {});
  menus = [];
  tabs = [];
  granted = [];
});

function sent({ items = [{ url: "https://found.example/" }], to }) {
  const devices = Array.isArray(to) ? to : ["d1"];
  return {
    items,
    sends: items.flatMap((_, item) => devices.map((device) => ({ id: `${item}-${device}`, item, device, deviceName: device, state: "waiting" }))),
  };
}

const phone = { id: "d1", name: "Phone & more", type: "mobile", canReceive: true, pushOff: false };
const mute = { id: "d2", name: "Cannot", type: "desktop", canReceive: false };
const tab = (index, more = {}) => ({ id: index, index, windowId: 1, url: `https://site${index}.example/`, title: `Title ${index}`, highlighted: true, active: index === 0, incognito: false, ...more });

test("what the browser says of a host becomes missing or silent", async () => {
  for (const [said, code] of [
    ["No such native application io.github.tabferry.tabferry", "missing"],
    ["Specified native messaging host not found.", "missing"],
    ["Access to the specified native messaging host is forbidden.", "missing"],
    ["An unexpected error occurred", "silent"],
    ["Native host has exited.", "silent"],
  ]) {
    host.answer = () => new Error(said);
    await assert.rejects(askOnce("hello"), (error) => error.code === code && sentence(error) === code);
  }
});

test("a refusal of the host keeps its code, sentence and time", async () => {
  host.answer = () => ({ code: "backoff", message: "the server asks to wait", hint: "later", until: "2026-01-01T00:00:00Z" });
  await assert.rejects(askOnce("devices"), (error) => error.until === "2026-01-01T00:00:00Z" && sentence(error) === "the server asks to wait later");
});

test("only web pages are offered", () => {
  const offered = items(["https://a.example/", "http://b.example/", "about:config", "file:///etc/passwd", "javascript:alert(1)", "moz-extension://x/", undefined]
    .map((url) => ({ url, title: "t" })));
  assert.deepEqual(offered.map((one) => one.url), ["https://a.example/", "http://b.example/"]);
});

test("a batch stands as its least fortunate part", () => {
  assert.equal(summary([{ state: "alerted" }, { state: "waiting" }]).state, "waiting");
  assert.equal(summary([{ state: "alerted" }, { state: "failed" }, { state: "waiting" }]).state, "failed");
  assert.equal(summary([]), null);
});

test("a private window leaves no trace of its sends", async () => {
  await send(askOnce, { items: items([tab(0)]) }, ["d1"], { isPrivate: true });
  assert.equal(host.asked[0].private, true);
  assert.equal(areas.session.batches, undefined);
  await send(askOnce, { items: items([tab(0)]) }, ["d1"]);
  assert.equal(areas.session.batches.length, 1);
});

test("the menus show the devices that can receive, in their order", async () => {
  await rememberDevices([phone, mute]);
  await Promise.all([makeMenus(), makeMenus()]);
  const children = menus.filter((entry) => entry.parentId === "page");
  assert.deepEqual(children.map(({ id, title }) => [id, title]), [["page:d1", "Phone && more"]]);
  assert.equal(new Set(menus.map((entry) => entry.id)).size, menus.length, "two makers do not collide");
  areas.local.devices.seen = true;
  await rememberDevices([phone, mute]);
  assert.equal(areas.local.devices.seen, true, "an unchanged list is not stored again");
});

test("of two sends at once none is forgotten", async () => {
  await Promise.all(["d1", "d2", "d3"].map((device) => send(askOnce, { items: items([tab(0)]) }, [device])));
  assert.deepEqual(areas.session.batches.map((batch) => batch.to).sort(), ["d1", "d2", "d3"]);
});

test("each menu sends its thing", async () => {
  for (const [info, want] of [
    [{ menuItemId: "page:d1", pageUrl: "https://page.example/" }, { items: [{ url: "https://page.example/", title: "Title 0" }] }],
    [{ menuItemId: "link:d1", linkUrl: "https://link.example/", linkText: "text" }, { items: [{ url: "https://link.example/", title: "text" }] }],
    [{ menuItemId: "image:d1", srcUrl: "https://image.example/i.png" }, { items: [{ url: "https://image.example/i.png", title: "" }] }],
    [{ menuItemId: "selection:d1", selectionText: "see https://found.example/" }, { text: "see https://found.example/" }],
  ]) {
    host.asked = [];
    await menuClicked(info, tab(0));
    const { items: got, text, to } = host.asked[0];
    assert.deepEqual({ ...(got && { items: got }), ...(text && { text }) }, want);
    assert.deepEqual(to, ["d1"]);
  }
});

test("all selected tabs go in the order of the strip, or none without the permission", async () => {
  tabs = [tab(0), tab(2), tab(1)];
  await menuClicked({ menuItemId: "tab:all" }, tabs[1]);
  assert.equal(host.asked.length, 0);
  assert.match(tabs.at(-1).url, /options\.html#tabs$/);
  tabs.pop();
  granted = ["tabs"];
  await menuClicked({ menuItemId: "tab:all" }, tabs[1]);
  assert.deepEqual(host.asked[0].items.map((one) => one.title), ["Title 0", "Title 1", "Title 2"]);
  assert.equal(host.asked[0].to, "all");
});

test("a send that was stopped halfway is told of once, one that goes on is not", async () => {
  areas.session.sending = [{ id: "of a background that was stopped", title: "Page 1" }];
  let goOn;
  const waits = new Promise((resolve) => (goOn = resolve));
  host.answer = (message) => waits.then(() => sent(message));
  const sending = menuClicked({ menuItemId: "link:d1", linkUrl: "https://two.example/" }, { id: 1 });
  while (host.asked.length === 0) await new Promise((done) => later(done, 1));
  assert.equal(areas.session.sending.length, 2);
  await Promise.all([tellStopped(), tellStopped()]);
  assert.equal(areas.session.failure, "stoppedSending Page 1");
  areas.session.failure = "";
  await tellStopped();
  assert.equal(areas.session.failure, "");
  goOn();
  await sending;
  assert.deepEqual(areas.session.sending, []);
  assert.equal(areas.session.batches.length, 1);

  areas.session.sending = [{ id: "in a private window", title: "" }];
  await tellStopped();
  assert.equal(areas.session.failure, "stoppedASend");
});

test("a click beside the selection sends the one tab", async () => {
  tabs = [tab(0), tab(1)];
  granted = ["tabs"];
  await menuClicked({ menuItemId: "tab:d1" }, tab(5, { highlighted: false }));
  assert.deepEqual(host.asked[0].items.map((one) => one.title), ["Title 5"]);
});

test("the keyboard sends to the last device, and a failure stays on the button", async () => {
  tabs = [tab(0)];
  await sendToLast(tab(0));
  assert.equal(host.asked[0].to, "last");
  host.answer = () => ({ code: "not_signed_in", message: "x" });
  await sendToLast(tab(0));
  assert.equal(badge.text, "!");
  assert.equal(areas.session.failure, "signedOut");
});

test("the end of a sign-in is that redirect with a code, and nothing else", () => {
  const redirect = "https://accounts.example/oauth/success/abc";
  assert.equal(isLast(`${redirect}?code=1&state=2`, redirect), true);
  assert.equal(isLast(`${redirect}?state=2&code=1`, redirect), true);
  for (const other of [redirect, `${redirect}?error=no`, `${redirect}def?code=1`, `https://accounts.example.evil/?code=1`, `https://evil.example/?u=${redirect}?code=1`, undefined]) {
    assert.equal(isLast(other, redirect), false, other);
  }
  assert.equal(pattern("https://accounts.example:8443"), "https://accounts.example/*");
});

const sender = { id: "other@example.org" };
const devices = { v: 1, type: "devices" };

test("another extension's message goes on with its id as the browser named it", async () => {
  host.answer = () => ({ devices: [phone], known: true });
  const answer = await answerOutside({ ...devices, name: "N".repeat(100) }, sender);
  assert.deepEqual(answer, { v: 1, ok: true, result: { devices: [phone], known: true } });
  assert.deepEqual(host.asked[0].caller, { id: sender.id, name: "N".repeat(64) });
});

test("what is no message of ours starts no host", async () => {
  for (const [message, code] of [
    [null, "bad_message"], ["devices", "bad_message"], [[], "bad_message"], [{}, "bad_version"],
    [{ v: 2, type: "devices" }, "bad_version"], [{ v: 1, type: "inbox", op: "list" }, "unknown_type"],
    [{ v: 1, type: "toString" }, "unknown_type"], [{ v: 1, type: "hello" }, "unknown_type"],
    [{ ...devices, caller: { id: "send@tabferry.github.io" } }, "bad_message"],
    [{ ...devices, start: false }, "bad_message"],
    [{ v: 1, type: "send", items: "x", to: "last" }, "bad_message"],
    [{ v: 1, type: "send", items: Array(21).fill({ url: "https://a.example/" }), to: "last" }, "too_many"],
    [{ v: 1, type: "send", items: [{ url: "https://a.example/", title: "x".repeat(250_000) }], to: "last" }, "too_large"],
    [{ v: 1, type: "send", text: "https://a.example/", to: "last" }, "bad_message"],
  ]) {
    const answer = await answerOutside(message, sender);
    assert.equal(answer.ok, false);
    assert.equal(answer.error.code, code, JSON.stringify(message).slice(0, 80));
  }
  assert.equal(host.asked.length, 0);
});

test("a refusal tells another extension all that the host tells, and which field is not known", async () => {
  host.answer = () => ({ code: "not_a_link", message: "no link", hint: "look", item: 0 });
  const send = { v: 1, type: "send", items: [{ url: "about:config" }], to: "last" };
  assert.deepEqual((await answerOutside(send, sender)).error, { code: "not_a_link", message: "no link", hint: "look", item: 0 });
  assert.match((await answerOutside({ ...send, hold: true }, sender)).error.message, /hold/);
});

test("another extension is answered also where the question to the person cannot be counted", async () => {
  host.answer = ({ type }) => (type === "callers" ? new Error("Native host has exited.") : { code: "ask", message: "asked" });
  assert.equal((await answerOutside(devices, sender)).error.code, "ask");
});

test("thirty calls a minute, for each id, also when they come at once", async () => {
  host.answer = () => ({ devices: [], known: true });
  const answers = await Promise.all(Array.from({ length: 35 }, () => answerOutside(devices, sender)));
  assert.equal(answers.filter((answer) => answer.ok).length, 30);
  assert.equal(answers[34].error.code, "rate_limited");
  assert.ok(Date.parse(answers[34].error.until) > Date.now());
  assert.equal((await answerOutside(devices, { id: "another@example.org" })).ok, true);
  assert.equal(host.asked.length, 31);
});

test("a first call marks the button with a question", async () => {
  host.answer = ({ type }) => (type === "callers" ? { callers: [{ id: sender.id, decision: "asked" }] } : { code: "ask", message: "asked" });
  const answer = await answerOutside(devices, sender);
  assert.equal(answer.error.code, "ask");
  assert.equal(badge.text, "?");
});

test("the button counts what was received while somebody counts it", async () => {
  let port;
  browser.runtime.connectNative = () => (port = {
    onMessage: { addListener: (hear) => void (port.hear = hear) },
    onDisconnect: { addListener: (end) => void (port.end = end) },
    postMessage: ({ id }) => later(() => port.hear({ v: 1, id, ok: true, result: {} }), 0),
    disconnect: () => {},
  });
  const settled = () => new Promise((done) => later(done, 5));
  areas.local.received = true;
  await listen();
  for (const lose of [() => port.hear({ event: { kind: "gone" } }), () => port.end({ error: { message: "it ended" } })]) {
    port.hear({ event: { kind: "inbox", unread: 3 } });
    await settled();
    assert.equal(areas.session.unread, 3);
    lose(); // the agent has ended, or the extension was revoked in Tabferry
    await settled();
    assert.equal(areas.session.unread, 0);
  }
  areas.local.received = false;
  await listen();
});
