package account

// IncomingCommand is something another device asked of this one: a
// [*TabReceived], a [*TabsClosed], or an [*UnreadableCommand].
type IncomingCommand interface {
	// CommandIndex is the server's number of the message. It rises, and is the same
	// when a message is delivered again.
	CommandIndex() int64
}
