// The devices, those sent to last first.

import { t } from "../modules/browser.js";
import { ago, byId, icon, make, redraw, texts } from "../modules/page.js";

const types = {
  desktop: ["laptop", () => t("typeDesktop")],
  mobile: ["phone", () => t("typeMobile")],
  tablet: ["tablet", () => t("typeTablet")],
  tv: ["tv", () => t("typeTV")],
  vr: ["headset", () => t("typeVR")],
};

export function showDevices(popup, list) {
  const held = document.activeElement.dataset.device; // the focus stays with its device, wherever that moves
  redraw(byId("devices"), list, () => rows(popup, list));
  if (document.activeElement !== document.body) return;
  const buttons = [...document.querySelectorAll("#devices button")];
  (buttons.find((button) => button.dataset.device === held) ?? buttons[0])?.focus();
}

function rows(popup, { devices, known, problem }) {
  const able = devices.filter((device) => device.canReceive);
  if (able.length === 0) return [make("li", { className: "row muted", textContent: problem || (known ? t("noDevices") : t("loading")) })];
  const made = able.map((device) => row(popup, device.id, describe(device)));
  if (able.length > 1) made.push(row(popup, "all", { picture: "all", name: t("allDevices"), second: t("countDevices", able.length) }));
  return made;
}

function describe({ name, type, pushOff, lastSentTo }) {
  const [picture, words] = types[type] ?? ["device", () => t("typeUnknown")];
  const sent = lastSentTo && !lastSentTo.startsWith("0001-");
  const second = [words(), pushOff ? t("pushOff") : sent ? t("lastSent", ago(lastSentTo)) : ""].filter(Boolean).join(" · ");
  return { picture, name, second };
}

function row(popup, id, { picture, name, second }) {
  const button = make("button", {
    className: "row", type: "button", disabled: popup.what.items.length === 0,
    onclick: () => popup.sendTo(id === "all" ? "all" : [id]),
  }, icon(picture), texts(name, second), icon("send", "go"));
  button.dataset.device = id;
  return make("li", {}, button);
}
