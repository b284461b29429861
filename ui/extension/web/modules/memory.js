// What is remembered: choices for good (storage.local), the rest until the browser ends
// (storage.session). Both backgrounds are stopped and woken at the browser's pleasure, so nothing
// that has to last is kept in a variable.

import { api } from "./browser.js";

const lasting = {
  hold: true, // sends of the popup wait five seconds and can be undone
  received: false, // received tabs are counted on the button and listed in the popup
  devices: [], // as they were last heard, for the menus
  finishing: "", // the one origin whose permission was asked for a sign-in, as a match pattern
};
const passing = {
  batches: [], // the last things sent, newest first: {ids, title, count, to}
  sending: [], // sends from a menu or by the keyboard that are under way: {id, title}
  failure: "", // why the last send from a menu or by the keyboard failed
  unread: 0, // received tabs not read
  asked: 0, // extensions that wait for the person's answer
  calls: {}, // when other extensions called, by their ids
};

const kept = (area, defaults) => {
  const get = async (key) => (await area.get({ [key]: defaults[key] }))[key];
  const set = (key, value) => area.set({ [key]: value });
  return {
    get,
    set,
    /** change sets what edit makes of the present value. Popup and background may do so at once: one waits for the other. */
    change: (key, edit) => navigator.locks.request(key, async () => set(key, edit(await get(key)))),
  };
};

export const choices = kept(api.storage.local, lasting);
export const session = kept(api.storage.session, passing);
