// What went wrong, in words and with the next step.

import { t } from "./browser.js";

/** sentence tells a person what a failed call means. The host's own sentences are in Tabferry's language. */
export function sentence(error) {
  switch (error.code) {
    case "missing":
      return t("missing");
    case "silent":
      return t("silent");
    case "not_signed_in":
      return t("signedOut");
    case "locked":
      return t("locked");
    case "not_allowed":
      return t("revoked");
    case "ended": // seen by the popup, see look there
      return t("agentEnded");
    case "agent_not_reachable":
      return t("notRunning");
  }
  return [error.message, error.hint].filter(Boolean).join(" ") || t("silent");
}
