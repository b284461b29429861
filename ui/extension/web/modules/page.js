// What popup and options are made of. Texts of pages and names get in by textContent only.

import { t } from "./browser.js";

const svg = "http://www.w3.org/2000/svg";

/** The scripts that are written from right to left. */
const fromRight = new Set(["Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"]);

/** directionOf returns where the lines of a language begin, by the script that it is usually written in. */
export const directionOf = (tag) => (fromRight.has(new Intl.Locale(tag).maximize().script) ? "rtl" : "ltr");

/** fillIn puts the texts of the browser's language where data-text and data-label ask for them. */
export function fillIn() {
  document.documentElement.lang = t("language");
  document.documentElement.dir = directionOf(t("language"));
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.title = t(element.dataset.label);
    element.setAttribute("aria-label", t(element.dataset.label));
  }
}

export const byId = (id) => document.getElementById(id);

/** make makes an element: properties, then children, which are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { label, ...rest } = properties;
  Object.assign(element, rest);
  if (label) element.setAttribute("aria-label", label);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** icon draws a symbol of icons/symbols.svg. It says nothing that the text beside it does not. */
export function icon(name, className = "") {
  const picture = document.createElementNS(svg, "svg");
  picture.setAttribute("class", `icon ${className}`);
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(svg, "use");
  use.setAttribute("href", `icons/symbols.svg#${name}`);
  picture.append(use);
  return picture;
}

/** texts are a first and a second line. */
export function texts(first, second, secondClass = "") {
  return make("span", { className: "texts" },
    make("span", { className: "line", textContent: first, title: first }),
    second ? make("span", { className: `second ${secondClass}`, textContent: second }) : null);
}

/** replace puts children in place of what an element holds, and shows it only if there are any. */
export function replace(element, children) {
  element.replaceChildren(...children);
  element.hidden = children.length === 0;
}

const drawn = new WeakMap();

/**
 * redraw is replace for what comes again and again: the children are made only if data differs from what
 * was drawn last. A button that is replaced under a finger loses the click, and the focus.
 */
export function redraw(element, data, children) {
  const text = JSON.stringify(data);
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  replace(element, children());
}

/** arrows lets the arrow keys, Home and End move among the buttons of a list. */
export function arrows(list) {
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button.row:not(:disabled)")];
    const at = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(next, buttons.length - 1))].focus();
  });
}

const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** ago tells a time in words, such as "5 minutes ago". */
export function ago(time) {
  const seconds = (Date.parse(time) - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(t("language"), { numeric: "auto" });
  const [unit, size] = units.find(([, size]) => -seconds >= size) ?? ["second", Infinity];
  return words.format(Math.round(seconds / size) || 0, unit);
}
