// Package mailbox keeps what a [events.Receiver] took until the installations of the
// people concerned have fetched it. A desktop program has no address that webhooks could
// reach: whoever owns its OAuth client runs the receiver with a mailbox behind it, and
// each installation asks there for its own events.
//
//	box, err := mailbox.Open(mailbox.Params{Path: file, Issuer: issuer, ClientID: id})
//	receiver, err := events.New(events.Params{Issuer: issuer, ClientID: id, Sink: box})
//	mux.Handle("/events", receiver)
//	mux.Handle("/v1/events", box)
//	go box.Run(ctx)
//
// # What is kept
//
// A kind of event, its times and, for subscriptions, the capability: no e-mail address, no
// name, and not even the uid. Records lie under a hash of it, which cannot be turned back,
// because a uid is 128 random bits. So the file is a plain one, for its owner's eyes only
// (0600): sealing it under a key that lies beside it would protect nothing, and there is
// nobody at a server's start to type a passphrase.
//
// Of events that are superseded by a later one of their kind only that one stays: they are
// hints, and installations ask the accounts server what is true. Everything goes after 30
// days. A deletion takes all earlier records of its person away and stands alone, also
// those 30 days, so that nothing delivered late is kept. Installations seldom get to read
// it: their tokens die with the account, and the 401 is what sends them to ask the accounts
// server.
//
// # Asking
//
//	GET /v1/events?after=17
//	Authorization: Bearer <access token with the scope profile:uid>
//
//	{"events":[{"index":23,"event":"password-change","time":"…","changed":"…"}],"newest":42}
//
// The token is checked by introspection at the accounts server (RFC 7662) and must belong to
// the same client; what that said is believed for a minute. newest is the last index of the
// whole box: one that lies below what an installation has seen tells it that the box began
// anew. Answers to what is wrong: 400 for the index, 401 for the token, 403 for its client or
// scope, 429 for too many of those, 503 while the accounts server cannot be asked.
//
// docs/protocol/relying-party.md §5.
package mailbox
