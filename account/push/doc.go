// Package push is a Web Push user agent for desktop programs: it holds one
// WebSocket to Mozilla's push service (autopush), keeps subscriptions alive over
// years of restarts, suspends and network changes, and hands each message over
// decrypted and once.
//
//	client, err := push.New(push.Params{
//		Store:  store,                                  // one small blob, written atomically
//		Handle: func(ctx context.Context, m push.Message) { … },
//		Changed: func(ctx context.Context, name string, s push.Subscription) { … },
//	})
//	go client.Run(ctx)                                  // until ctx ends
//	sub, err := client.Subscribe(ctx, "account")        // give sub to the sender
//
// # What it promises
//
//   - A subscription survives restarts. [Client.Subscribe] gives the stored one
//     or makes it. When the service forgets this user agent, every subscription
//     is made anew by itself and told through Params.Changed.
//   - Every notification is acknowledged, also bad, unknown and repeated ones:
//     the service sends no more than ten stored messages ahead.
//   - A message is recorded on disk before it is handed over, so a repetition is
//     recognized across restarts (the last 500 of each subscription). A crash
//     between the two loses the message: push is a hint, and its receiver should
//     ask its server once at every start. What Params.Hint takes may be told again
//     after a crash, and in exchange waits for no disk.
//   - Handlers run one at a time, in order, off the connection: a slow handler
//     delays no pong and no acknowledgement.
//   - A dead connection is noticed within 90 seconds; reconnecting backs off from
//     5 seconds to 30 minutes, never in step with other clients.
//   - With no subscription there is no connection and no identity. While idle two
//     goroutines sleep and one timer runs.
//
// Push does not replace asking: while [Client.Health] does not say connected, or
// the sender says that an endpoint is dead, poll. A sender's word that an
// endpoint is dead is answered with [Client.Renew].
//
// The package follows autopush's WebSocket protocol (docs/protocol/push.md),
// RFC 8030 and RFC 8291. Only one process may use one stored identity at a time: the
// service closes the older of two connections, so hold a single-instance lock before Run.
package push
