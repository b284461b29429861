// Package events receives what Mozilla accounts tell relying parties about the people
// who signed in to them: Security Event Tokens (RFC 8417), pushed to a registered
// address. A [Receiver] is a plain [net/http.Handler] that knows nothing else of this
// module:
//
//	r, err := events.New(events.Params{
//		Issuer: "https://accounts.firefox.com", ClientID: "…", Sink: mySink,
//	})
//	http.Handle("/events", r)
//
// A token that passes all checks becomes one [Notice] for each event in it that is
// known, and goes to the [Sink], whose Store must be durable: the answer 200 ends the
// delivery, anything else has it repeated for up to seven days. Notices come at least
// once and in any order. So a sink stores, works later, and orders by the times in the
// events, or asks the server what is true.
//
// # What is checked, in this order
//
//  1. The method is POST; else 405.
//  2. There is one Authorization header, with a bearer token of three parts and at most
//     16 KiB; else 401. Addresses whose tokens were refused too often get 429 for a while.
//  3. The header says RS256, names a key, and claims to be no other kind of token (an
//     access token has the same issuer, audience and key); else 401.
//  4. The issuer publishes that key; else 401, and 503 if that cannot be found out.
//  5. The signature; else 401.
//  6. Issuer, audience, subject, id, age and events; else 401.
//  7. A token that was stored before is answered with 200 and not stored again.
//  8. Members that an event cannot do without have their type; else 400.
//  9. The sink stores; else 503.
//  10. 200.
//
// Keys are kept as long as the issuer says, five minutes otherwise, and for 30 minutes
// more while they cannot be fetched; an unknown one has them fetched at most once a
// minute. Nothing that is kept of strangers grows: addresses and token ids have bounds.
//
// Answers hold nothing of the token. Log lines hold the event's name, the token's id and
// eight hexadecimal digits of the subject's hash, and before the signature is checked
// nothing at all that came in.
//
// docs/protocol/relying-party.md §2 and §3.
package events
