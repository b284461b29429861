// Verifies tokens with the npm package jose, as a careful receiver would. Reads JSON from standard input:
// the address of the key set, issuer, client id, and tokens by name. Prints by name: true or false.
import { createRemoteJWKSet, jwtVerify, decodeProtectedHeader } from "jose";

let text = "";
for await (const part of process.stdin) text += part;
const { jwks, issuer, client, tokens } = JSON.parse(text);
const keys = createRemoteJWKSet(new URL(jwks));
const verdicts = {};
for (const [name, token] of Object.entries(tokens)) {
  try {
    const options = { algorithms: ["RS256"], issuer: [issuer, issuer + "/"], audience: client, requiredClaims: ["sub", "jti", "iat", "events"] };
    const { payload } = await jwtVerify(token, keys, options);
    const age = Date.now() / 1000 - payload.iat;
    const type = (decodeProtectedHeader(token).typ ?? "").toLowerCase();
    const events = payload.events;
    verdicts[name] = age < 900 && age > -300 && !type.endsWith("at+jwt") && !!payload.sub && typeof payload.sub === "string" &&
      typeof events === "object" && !Array.isArray(events) && Object.keys(events).length > 0;
  } catch {
    verdicts[name] = false;
  }
}
console.log(JSON.stringify(verdicts));
