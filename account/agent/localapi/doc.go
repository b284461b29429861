// Package localapi is the door between the agent and its faces: window, tray, command line,
// notifications. It holds plain JSON types, the client that faces use and what the agent needs to
// serve them: HTTP and JSON over a socket that only the user can open.
//
// A face keeps one thing, the newest [Snapshot], and gets it from [Client.Watch]. What a person
// does becomes a call; its effect comes back as the next snapshot. There is no other way.
//
//	c := localapi.Dial(socketPath)
//	for update, err := range c.Watch(ctx, localapi.FaceWindow) {
//		…
//	}
//
// The types are the faces' own and stay stable while the account client below them moves.
// A refusal is an [*Error] with a [Code], a sentence and a hint.
package localapi
