// Whether Tabferry is there, and who is signed in.

import { t } from "../modules/browser.js";
import { byId, icon, make, texts } from "../modules/page.js";
import { sentence } from "../modules/failure.js";

export function showConnection(options, { hello, error }) {
  byId("connection").replaceChildren(hello ? connected(options, hello) : broken(error));
}

const accounts = {
  signed_in: () => t("accountSignedIn"),
  signed_out: () => t("signedOut"),
  signing_in: () => t("signingIn"),
  needs_sign_in: () => t("signInAgain"),
  locked: () => t("locked"),
};

function connected(options, { version, account, allowed }) {
  const open = make("button", {
    type: "button", textContent: t("openTabferry"),
    onclick: () => options.ask("open-window", { pane: "settings" }).catch(options.fail),
  });
  const fine = allowed === "allowed";
  const second = fine ? accounts[account]?.() : t("revoked");
  return make("div", { className: "row" },
    icon(fine ? "tick" : "failed", fine ? "fine" : "bad"), texts(t("connected", version), second), fine ? open : null);
}

function broken(error) {
  const again = make("button", { type: "button", textContent: t("again"), onclick: () => location.reload() });
  const row = make("div", { className: "row" },
    icon("failed", "bad"), texts(sentence(error), error.code === "missing" ? t("missingInstall") : ""), again);
  if (error.code === "missing") row.querySelector(".second").append(" ", make("code", { textContent: "tabferry extension install" }));
  return row;
}
