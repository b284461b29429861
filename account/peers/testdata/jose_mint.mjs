// Mints Security Event Tokens with the npm package jose, right ones and wrong ones.
// Arguments: issuer, client id, uid, time in seconds. Prints JSON: the public key set, and the tokens by
// name, each with the status that a receiver should answer.
import { SignJWT, UnsecuredJWT, generateKeyPair, exportJWK } from "jose";
import { randomUUID } from "node:crypto";

const [issuer, client, uid, seconds] = process.argv.slice(2);
const now = Number(seconds);
const event = (name) => "https://schemas.accounts.firefox.com/event/" + name;

const ours = await generateKeyPair("RS256", { extractable: true });
const next = await generateKeyPair("RS256", { extractable: true });
const foreign = await generateKeyPair("RS256", { extractable: true });
const pss = await generateKeyPair("PS256", { extractable: true });
const publish = async (key, kid) => ({ ...(await exportJWK(key.publicKey)), kid, use: "sig", alg: "RS256" });
const ec = await generateKeyPair("ES256", { extractable: true });
const keys = [
  { ...(await exportJWK(ec.publicKey)), kid: "ec", use: "sig", alg: "ES256" }, // must not spoil the others
  await publish(ours, "ours"), await publish(next, "next"),
];

const claims = (change = {}) => {
  const all = {
    iss: issuer, aud: client, sub: uid, jti: randomUUID(), iat: now + 0.123,
    events: { [event("password-change")]: { changeTime: now * 1000 } }, ...change,
  };
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
  return all;
};
const sign = (payload, { key = ours.privateKey, header = {} } = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: "ours", ...header }).sign(key);

const tokens = {};
const add = async (name, status, token) => { tokens[name] = { status, token: await token }; };
await add("as Mozilla sends it", 200, sign(claims()));
await add("with the second key", 200, sign(claims(), { key: next.privateKey, header: { kid: "next" } }));
await add("a list of audiences", 200, sign(claims({ aud: ["x", client] })));
await add("an issuer with a slash", 200, sign(claims({ iss: issuer + "/" })));
await add("typ JWT", 200, sign(claims(), { header: { typ: "JWT" } }));
await add("typ secevent+jwt", 200, sign(claims(), { header: { typ: "secevent+jwt" } }));
await add("an unknown event", 200, sign(claims({ events: { "https://schemas.example/moon": {} } })));
await add("two events", 200, sign(claims({ events: { [event("profile-change")]: {}, [event("metrics-opt-out")]: {} } })));
await add("a password change without time", 400, sign(claims({ events: { [event("password-change")]: {} } })));
await add("typ at+JWT", 401, sign(claims(), { header: { typ: "at+JWT" } }));
await add("a foreign key", 401, sign(claims(), { key: foreign.privateKey }));
await add("an unknown kid", 401, sign(claims(), { header: { kid: "other" } }));
await add("PS256", 401, sign(claims(), { key: pss.privateKey, header: { alg: "PS256" } }));
await add("HS256", 401, new SignJWT(claims()).setProtectedHeader({ alg: "HS256", kid: "ours" }).sign(new TextEncoder().encode(JSON.stringify(keys[1]))));
await add("ES256", 401, new SignJWT(claims()).setProtectedHeader({ alg: "ES256", kid: "ec" }).sign(ec.privateKey));
await add("alg none", 401, new UnsecuredJWT(claims()).encode());
await add("another audience", 401, sign(claims({ aud: "other" })));
await add("another issuer", 401, sign(claims({ iss: "https://other.example" })));
await add("an hour old", 401, sign(claims({ iat: now - 3600 })));
await add("an end that has come", 401, sign(claims({ exp: now - 1 })));
await add("an id token", 401, sign(claims({ events: undefined, exp: now + 300 })));
await add("no jti", 401, sign(claims({ jti: undefined })));
console.log(JSON.stringify({ keys, tokens }));
