package account

import (
	"fmt"
	"io"
)

// StateKind is where an account stands in the eyes of an application.
type StateKind string

// The kinds of state. An account is Uninitialized until its first event.
const (
	// Uninitialized: nothing but EventInitialize is accepted.
	Uninitialized StateKind = "uninitialized"
	// Disconnected: signed out.
	Disconnected StateKind = "disconnected"
	// Authenticating: a sign-in page is open; the code is awaited.
	Authenticating StateKind = "authenticating"
	// Connected: signed in and usable.
	Connected StateKind = "connected"
	// AuthIssues: the server no longer accepts the sign-in; the person must
	// sign in again. Profile and device id are kept.
	AuthIssues StateKind = "auth issues"
)

// State is the public state of an account.
type State struct {
	Kind StateKind
	// OAuthURL is the page to open; only while Authenticating. It holds secrets
	// of the sign-in: do not log it.
	OAuthURL string
	// From is the state the sign-in began in, to which cancelling returns; only
	// while Authenticating.
	From StateKind
	// Degraded says, while Connected, that the last event failed for a reason
	// that does not sign anybody out: network trouble, a busy server, or a
	// server that refuses this client a feature. Send EventCheckAuthorization
	// after a while: it also makes up for a device registration that failed.
	Degraded bool
	// Cause is why the state is degraded; nil otherwise.
	Cause error

	// pending is the step to make up for.
	pending step
}

// String names the kind, without the sign-in address.
func (s State) String() string {
	switch {
	case s.Kind == Authenticating:
		return fmt.Sprintf("%s (from %s)", s.Kind, s.From)
	case s.Degraded:
		return string(s.Kind) + " (degraded)"
	default:
		return string(s.Kind)
	}
}

// Format hides the sign-in address from every verb.
func (s State) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// Event is what an application tells the state machine; one of the Event types
// of this package.
type Event interface{ kind() eventKind }

// EventInitialize must be the first event. It decides the start state from what
// is saved. Device is used for this and later sign-ins.
type EventInitialize struct{ Device DeviceConfig }

// EventBeginOAuth starts a sign-in; the new state has its address.
type EventBeginOAuth struct {
	Scopes     []string
	Entrypoint string
	// Service is passed on to the page when not empty.
	Service string
	// Options add to the address of the page, as with [Account.BeginOAuthFlow].
	Options []FlowOption
}

// EventBeginPairing starts a sign-in with the address from another device's
// code.
type EventBeginPairing struct {
	PairingURL string
	Scopes     []string
	Entrypoint string
	Service    string
}

// EventCompleteOAuth finishes a sign-in with what the page's redirect carried.
type EventCompleteOAuth struct{ Code, State string }

// EventCancelOAuth gives up the sign-in and returns to where it began.
type EventCancelOAuth struct{}

// EventCheckAuthorization asks the server whether the sign-in is still good.
type EventCheckAuthorization struct{}

// EventDisconnect signs out.
type EventDisconnect struct{}

// EventCallGetProfile fetches the profile past all caches.
type EventCallGetProfile struct{}

// EventPasswordChange carries the page's message about a changed password.
type EventPasswordChange struct{ JSON []byte }

// eventKind is an event without its arguments; transition tables use it.
type eventKind string

const (
	onInitialize     eventKind = "initialize"
	onBeginOAuth     eventKind = "begin oauth"
	onBeginPairing   eventKind = "begin pairing"
	onCompleteOAuth  eventKind = "complete oauth"
	onCancelOAuth    eventKind = "cancel oauth"
	onCheck          eventKind = "check authorization"
	onDisconnect     eventKind = "disconnect"
	onGetProfile     eventKind = "get profile"
	onPasswordChange eventKind = "password change"
)

func (EventInitialize) kind() eventKind         { return onInitialize }
func (EventBeginOAuth) kind() eventKind         { return onBeginOAuth }
func (EventBeginPairing) kind() eventKind       { return onBeginPairing }
func (EventCompleteOAuth) kind() eventKind      { return onCompleteOAuth }
func (EventCancelOAuth) kind() eventKind        { return onCancelOAuth }
func (EventCheckAuthorization) kind() eventKind { return onCheck }
func (EventDisconnect) kind() eventKind         { return onDisconnect }
func (EventCallGetProfile) kind() eventKind     { return onGetProfile }
func (EventPasswordChange) kind() eventKind     { return onPasswordChange }
