// Opens one aes128gcm body with the npm package http_ece.
// Arguments: private key, auth secret, body; all base64url. Prints the plain text.
const crypto = require("crypto");
const ece = require("http_ece");

const [priv, auth, body] = process.argv.slice(2);
const receiver = crypto.createECDH("prime256v1");
receiver.setPrivateKey(Buffer.from(priv, "base64url"));
process.stdout.write(ece.decrypt(Buffer.from(body, "base64url"), { version: "aes128gcm", privateKey: receiver, authSecret: auth }));
