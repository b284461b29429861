package localapi

import "time"

// Decision is what a person decided about a caller.
type Decision string

// The decisions.
const (
	CallerNew       Decision = "new"       // it has not called yet
	CallerAsked     Decision = "asked"     // it called, and waits for the person's answer
	CallerAllowed   Decision = "allowed"   //
	CallerDenied    Decision = "denied"    // or allowed once, and revoked
	CallerForgotten Decision = "forgotten" // for ChangeCaller: asked anew at its next call
)

// Caller is a browser extension that sends through the agent. Its id is the browser's family, a colon and
// the extension's id there: "firefox:send@tabferry.github.io". The id says who asks and does not prove it:
// any program of the person's can say it, and could use the socket itself.
type Caller struct {
	ID string `json:"id"`
	// Name is what it calls itself, which is not proof of anything; often empty.
	Name string `json:"name,omitempty"`
	// Via is the caller through which it asks; empty for one that starts the host itself.
	Via string `json:"via,omitempty"`
	// Own says that it is the extension that belongs to this program.
	Own      bool     `json:"own,omitempty"`
	Decision Decision `json:"decision"`
	// Inbox and SignIn are what the person opted in to: showing received tabs in the browser, and
	// handing over the last address of a sign-in.
	Inbox  bool `json:"inbox,omitempty"`
	SignIn bool `json:"signIn,omitempty"`
	// First is when it called first, LastSent when it last sent something.
	First    time.Time `json:"first,omitzero"`
	LastSent time.Time `json:"lastSent,omitzero"`
	// Links counts the links that it sent, each once, to however many devices.
	Links int `json:"links"`
	// LastHost is the host of the last link, ready to be shown; empty for a private one.
	LastHost string `json:"lastHost,omitempty"`
}

// Purpose is what a caller calls for.
type Purpose string

// The purposes. Callers other than our own may have the first three.
const (
	PurposeLook    Purpose = "look"    // may I call? Nobody is asked
	PurposeDevices Purpose = "devices" // the list of devices
	PurposeSend    Purpose = "send"
	PurposeOwn     Purpose = "own"    // what our own extension does besides
	PurposeInbox   Purpose = "inbox"  // received tabs, with the person's opt-in
	PurposeSignIn  Purpose = "signin" // the sign-in under way, with the person's opt-in
)

// AdmitRequest asks whether a caller may do something, and counts the call.
type AdmitRequest struct {
	ID      string  `json:"id"`
	Name    string  `json:"name,omitempty"`
	Via     string  `json:"via,omitempty"`
	Purpose Purpose `json:"purpose"`
	// Links is how many are to be sent.
	Links int `json:"links,omitempty"`
}

func (r AdmitRequest) check() error {
	switch r.Purpose {
	case PurposeLook, PurposeDevices, PurposeSend, PurposeOwn, PurposeInbox, PurposeSignIn:
	default:
		return usage("purpose is look, devices, send, own, inbox or signin")
	}
	if r.Links < 0 {
		return usage("links must not be below 0")
	}
	return nil
}

// CallerChange is what a person decides about a caller. Members that are empty or nil leave things as
// they are.
type CallerChange struct {
	ID       string   `json:"id"`
	Decision Decision `json:"decision,omitempty"`
	Inbox    *bool    `json:"inbox,omitempty"`
	SignIn   *bool    `json:"signIn,omitempty"`
}

func (c CallerChange) check() error {
	if c.Decision == "" && c.Inbox == nil && c.SignIn == nil {
		return usage("the call has none of decision, inbox and signIn")
	}
	return nil
}

// The bounds of callers, for each id.
const (
	// MaxLinks and MaxLinksOwn are how many links one call may send.
	MaxLinks    = 20
	MaxLinksOwn = 100
	// CallsPerMinute and CallsPerMinuteOwn are how often it may call.
	CallsPerMinute    = 30
	CallsPerMinuteOwn = 300
)
