// Sends one message with the npm package web-push.
// Arguments: endpoint, p256dh, auth, payload, content encoding. Prints the status of the answer.
const webpush = require("web-push");

const [endpoint, p256dh, auth, payload, contentEncoding] = process.argv.slice(2);
const vapid = webpush.generateVAPIDKeys();
const details = webpush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, payload, {
  TTL: 60,
  contentEncoding,
  vapidDetails: { subject: "mailto:sender@example.org", ...vapid },
});
// web-push itself speaks https only; the in-process service is plain http on loopback.
const request = require("http").request(details.endpoint, { method: details.method, headers: details.headers }, (answer) => {
  answer.resume();
  answer.on("end", () => console.log(answer.statusCode));
});
request.on("error", (error) => { console.error(error.message); process.exit(1); });
request.end(details.body);
