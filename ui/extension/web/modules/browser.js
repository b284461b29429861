// The browser's own interface under one name, and its texts.

export const api = globalThis.browser?.runtime ? globalThis.browser : globalThis.chrome;

/** t returns the text of a key in the browser's language; $1, $2, … in it become the parts. */
export function t(key, ...parts) {
  return api.i18n.getMessage(key, parts.map(String));
}
