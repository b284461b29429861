// What stands in the way of sending, and what to do about it.

import { api, t } from "../modules/browser.js";
import { askToFinish } from "../modules/signin.js";
import { byId, make, replace } from "../modules/page.js";
import { sentence } from "../modules/failure.js";

const help = "https://github.com/tabferry/tabferry#from-the-browser";

/** showNotice shows why nothing can be sent, by what hello said or by the error in its place. */
export async function showNotice(popup, { hello, error }) {
  const box = byId("notice");
  const children = error ? failed(error) : await hindrance(popup, hello);
  box.className = error && error.code !== "missing" ? "box bad-box" : "box";
  replace(box, children);
}

const text = (said) => make("p", { textContent: said });
const buttons = (...list) => make("div", { className: "buttons" }, ...list);
const button = (said, onclick, className = "") => make("button", { type: "button", textContent: said, onclick, className });
const again = () => button(t("again"), () => location.reload());

function failed(error) {
  if (error.code !== "missing") return [text(sentence(error)), buttons(again())];
  return [
    text(t("missing")),
    make("p", {}, t("missingInstall"), " ", make("code", { textContent: "tabferry extension install" })),
    buttons(button(t("howTo"), () => api.tabs.create({ url: help }), "primary"), again()),
  ];
}

async function hindrance(popup, { allowed, account, optIns }) {
  if (allowed !== "allowed") return [text(t("revoked"))];
  const open = () => buttons(button(t("openTabferry"), () => popup.openPane("account"), "primary"));
  switch (account) {
    case "signed_out":
      return [text(t("signedOut")), open()];
    case "needs_sign_in":
      return [text(t("signInAgain")), open()];
    case "locked":
      return [text(t("locked")), open()];
    case "signing_in":
      return signingIn(popup, optIns);
  }
  return [];
}

/** signingIn offers to hand over the last page of a sign-in that does not come back by itself. */
async function signingIn(popup, optIns) {
  if (!optIns.signin) {
    const wanted = async () => {
      await popup.ask("opt-in", { signin: true });
      await showNotice(popup, { hello: await popup.ask("hello") });
    };
    return [text(t("signingIn")), text(t("finishOffer")), buttons(button(t("finishHere"), wanted, "primary"))];
  }
  const { underWay, returns, origin } = await popup.look("signin");
  if (!underWay || returns) return [text(t("signingIn"))];
  const host = new URL(origin).host;
  return [text(t("signingIn")), text(t("finishAsk", host)), buttons(button(t("finishAllow", host), () => askToFinish(origin), "primary"))];
}
