// Package localapi is the door between the agent and its faces: window, tray, command line,
// notifications. It holds plain JSON types, the client that faces use and what the agent needs to
// serve them: HTTP and JSON over a socket that only the user can open, and plain calls for faces that
// live in the agent's own process.
//
// A face keeps one thing, the newest [Snapshot], and gets it from [Client.Watch]. What a person
// does becomes a call; its effect comes back as the next snapshot. There is no other way.
//
//	c := localapi.Dial(socketPath) // or localapi.Local(agent, logger)
//	for update, err := range c.Watch(ctx, localapi.FaceWindow) {
//		…
//	}
//
// The types are the faces' own and stay stable while the account client below them moves.
// A refusal is an [*Error] with a [Code], a sentence and a hint.
//
// # Adding a call
//
// A call is written in three places of this package, and the compiler and the tests ask for whatever
// is forgotten:
//
//  1. agent.go: its method of [Agent]. The agent and localapitest must then have it.
//  2. calls.go: its row (the route and what it asks the agent) and the row's name in routes. A body
//     of several fields, or of one that is no type elsewhere, is a struct in requests.go, with a
//     check method if it has limits. Both transports and the server work from the row.
//  3. client.go: its method of [Client], which is what faces call: one line.
//
// The tables in server_test.go and wire_test.go want a line each; they pin what the call asks, through
// every door, and what it looks like on the socket. A new field of a snapshot or of the settings
// needs nothing here but itself in types.go. docs/api.md is made of all of these: the test that compares
// them writes it anew with -update.
package localapi
