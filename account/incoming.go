package account

import "github.com/tabferry/tabferry/account/internal/keys"

// IncomingCommand is something another device asked of this one: a
// [*TabReceived], a [*TabsClosed], or an [*UnreadableCommand].
type IncomingCommand interface {
	// CommandIndex is the server's number of the message. It rises, and is the same
	// when a message is delivered again.
	CommandIndex() int64
	// CommandSender is the id of the device that sent it; empty when the server
	// did not say.
	CommandSender() string
}

// Incoming is what every received command has.
type Incoming struct {
	// Index is the server's number of the message.
	Index int64
	// SenderID is the id of the sending device, empty when the server did not say.
	SenderID string
	// Sender is the device with that id; nil when it is no longer, or not yet, in
	// the list.
	Sender *Device
	// Reason says how the command became known.
	Reason Reason
}

// CommandIndex gives Index.
func (c Incoming) CommandIndex() int64 { return c.Index }

// CommandSender gives SenderID.
func (c Incoming) CommandSender() string { return c.SenderID }

// TabReceived is a page that another device sent.
type TabReceived struct {
	Incoming
	Payload SendTabPayload
}

// TabsClosed asks to close pages.
type TabsClosed struct {
	Incoming
	Payload CloseTabsPayload
}

// UnreadableCommand is a command that could not be read: encrypted with keys that
// are no longer ours, damaged, or of a kind that is not known here.
type UnreadableCommand struct {
	Incoming
	// Command is the name of the command as sent.
	Command string
	// Err says why: ErrCrypto when it could not be decrypted, ErrUnsupported when
	// the command is not known.
	Err error
}

// commandMemory is what the process remembers about commands.
type commandMemory struct {
	// announced is the highest index that push messages announced and that has not
	// been received since; 0 when none.
	announced int64
	// lastReset is when command keys were last replaced, monotonic.
	lastReset *resetMark
}

// commandCiphers gives the keys for received commands, each read once.
type commandCiphers struct {
	state *persisted
	known map[string]keys.CommandKeys
}

func (c *commandCiphers) get(command string) (keys.CommandKeys, bool) {
	if k, ok := c.known[command]; ok {
		return k, true
	}
	k, ok := c.state.commandKeys(command)
	if ok {
		if c.known == nil {
			c.known = make(map[string]keys.CommandKeys)
		}
		c.known[command] = k
	}
	return k, ok
}
