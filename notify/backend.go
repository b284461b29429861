package notify

import "context"

// Kind is what a notification is about. A new one replaces the shown one of its kind.
type Kind string

// The kinds.
const (
	KindTabs      Kind = "tabs"
	KindCaller    Kind = "caller"     // an extension asks whether it may send
	KindDevice    Kind = "device"     // a device was connected: a security notice
	KindSignedOut Kind = "signed_out" // this device was signed out from another one, or the account is gone
	KindSignIn    Kind = "sign_in"    // sign in again
	KindSend      Kind = "send"       // what becomes of a send
	KindClose     Kind = "close"      // another device asks to close tabs
	KindProblem   Kind = "problem"    // what a click asked for did not work
)

// Action is what a person can choose on a notification.
type Action string

// The actions.
const (
	ActionDefault Action = "default" // a click on the notification itself
	ActionOpen    Action = "open"
	ActionCopy    Action = "copy"
	ActionShow    Action = "show"
	ActionLater   Action = "later"
	ActionUndo    Action = "undo"
)

// Button is an action with its label.
type Button struct {
	Action Action
	Label  string
}

// Notification is one notification to show. Its texts are plain: a backend escapes them as its
// platform needs.
type Notification struct {
	// Serial tells notifications apart in Response; it rises.
	Serial uint64
	// Slot is what the notification replaces: normally its kind.
	Slot string
	Kind Kind
	// Title holds one line, Body one or several.
	Title, Body string
	// Default is the label of a click on the notification itself.
	Default string
	Buttons []Button
	// Stays has it shown until it is answered or withdrawn, where the desktop can; else it goes by itself.
	Stays bool
}

// Response is what became of a notification: an action was chosen, or it was closed.
type Response struct {
	Serial uint64
	// Action is empty when the notification was closed without choosing.
	Action Action
}

// Backend shows notifications on one platform.
type Backend interface {
	// Show shows n, in place of the one in the same slot.
	Show(ctx context.Context, n Notification) error
	// Withdraw takes away what is shown in a slot; nothing there, or a platform that cannot, is fine.
	Withdraw(ctx context.Context, slot string) error
	// Clicks reports whether the desktop says what a person chooses.
	Clicks(ctx context.Context) bool
	// Responses returns what became of notifications; nil when that is never known.
	Responses() <-chan Response
	// Ready gets a value when what could not be shown may be shown now; nil when that is never known.
	Ready() <-chan struct{}
	// Close withdraws nothing and frees what the backend holds; Responses ends.
	Close() error
}
