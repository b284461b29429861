// Other extensions that asked to send through this one, and the person's answer to each.

import { t } from "../modules/browser.js";
import { ago, byId, make, redraw, texts } from "../modules/page.js";
import { session } from "../modules/memory.js";

export async function showCallers(options) {
  let callers;
  try {
    ({ callers } = await options.ask("callers"));
  } catch (error) {
    return options.fail(error);
  }
  await session.set("asked", callers.filter((one) => one.decision === "asked").length);
  const none = () => [make("li", { className: "row muted", textContent: t("noCallers") })];
  redraw(byId("callers"), callers, () => (callers.length > 0 ? callers.map((one) => row(options, one)) : none()));
}

const decisions = {
  asked: () => t("callerAsks"),
  allowed: () => t("callerAllowed"),
  denied: () => t("callerDenied"),
};

// A name is what the extension calls itself and proves nothing: the id always stands beside it.
function row(options, { id, name, decision, last, links }) {
  const sent = links > 0 ? (links === 1 ? t("linkOne") : t("linkMany", links)) : "";
  const used = Date.parse(last) > 0 ? ago(last) : "";
  const second = [name ? id : "", decisions[decision](), sent, used].filter(Boolean).join(" · ");
  const decide = (choice, text, className = "") => make("button", {
    type: "button", className, textContent: text, label: `${text}: ${name || id}`,
    onclick: () => answer(options, id, choice),
  });
  const buttons = {
    asked: () => [decide("allowed", t("allow"), "primary"), decide("denied", t("deny"))],
    allowed: () => [decide("denied", t("revoke"))],
    denied: () => [decide("allowed", t("allow")), decide("forgotten", t("forget"))],
  }[decision]();
  return make("li", { className: "row" }, texts(name || id, second), ...buttons);
}

async function answer(options, extension, decision) {
  try {
    await options.ask("decide", { extension, decision });
    await showCallers(options);
  } catch (error) {
    options.fail(error);
  }
}
