package localapi

import "time"

// Code is the kind of a refusal, one per decision a face can make.
type Code string

// The codes. The command line turns them into its exit codes.
const (
	CodeUsage        Code = "usage"          // the call itself is wrong: not a link, no device named, …
	CodeNotSignedIn  Code = "not_signed_in"  // sign in first
	CodeLocked       Code = "locked"         // unlock the store first
	CodeNoDevice     Code = "no_such_device" // unknown device, or one that cannot do this
	CodeNotFound     Code = "not_found"      // no such entry
	CodeOffline      Code = "offline"        // the server could not be reached
	CodeBackoff      Code = "backoff"        // the server asked us to wait until Error.Until
	CodeSignIn       Code = "sign_in_failed" // the sign-in could not be completed
	CodeUnsupported  Code = "unsupported"    // not offered by this server, or to this application
	CodeConflict     Code = "conflict"       // not possible in the present state
	CodeAsk          Code = "ask"            // the person has to allow this caller first
	CodeNotAllowed   Code = "not_allowed"    // the person does not allow it, or nobody may
	CodeNotOptedIn   Code = "not_opted_in"   // the person did not choose this for the caller
	CodeRateLimited  Code = "rate_limited"   // too many calls of one caller; again at Error.Until
	CodeTooMany      Code = "too_many"       // more at once than a caller may
	CodeInternal     Code = "internal"       // our fault
	CodeNotReachable Code = "agent_not_reachable"
)

// Error is a refusal by the agent: one sentence for a person, one hint about what to do next.
// Neither holds a secret, an e-mail address or the query of a URL.
type Error struct {
	Code    Code      `json:"code"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	// Said is how a face says both in its own language.
	Said Said `json:"said,omitzero"`

	quit   bool // see HasQuit
	status int  // of HTTP, where it is not that of the code
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Message }
