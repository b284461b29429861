"use strict";
// A channel to the browser: it sends commands and resolves with the answers.
const accountChannel = (() => {
  const id = "account_updates";
  const patience = 15000; // milliseconds
  const waiting = new Map();
  let count = 0;
  addEventListener("WebChannelMessageToContent", (event) => {
    const detail = typeof event.detail === "string" ? JSON.parse(event.detail) : event.detail;
    if (!detail || detail.id !== id || !detail.message) return;
    const { messageId, data, error } = detail.message;
    const answer = waiting.get(messageId);
    if (!answer) return;
    waiting.delete(messageId);
    if (error) answer.reject(new Error(String(error)));
    else answer.resolve(data || {});
  });
  return (command, data) => new Promise((resolve, reject) => {
    const messageId = `m${++count}-${performance.now()}`;
    waiting.set(messageId, { resolve, reject });
    setTimeout(() => { if (waiting.delete(messageId)) reject(new Error("the browser did not answer " + command)); }, patience);
    dispatchEvent(new CustomEvent("WebChannelMessageToChrome", {
      detail: JSON.stringify({ id, message: { command, messageId, data } }),
    }));
  });
})();
