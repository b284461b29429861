package account

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// CheckerStateKind names an internal step of Mozilla's original state machine.
type CheckerStateKind string

// The internal steps. CheckerComplete and CheckerCancel end a transition.
const (
	CheckerGetAuthState             CheckerStateKind = "GetAuthState"
	CheckerBeginOAuthFlow           CheckerStateKind = "BeginOAuthFlow"
	CheckerBeginPairingFlow         CheckerStateKind = "BeginPairingFlow"
	CheckerCompleteOAuthFlow        CheckerStateKind = "CompleteOAuthFlow"
	CheckerInitializeDevice         CheckerStateKind = "InitializeDevice"
	CheckerEnsureDeviceCapabilities CheckerStateKind = "EnsureDeviceCapabilities"
	CheckerCheckAuthorizationStatus CheckerStateKind = "CheckAuthorizationStatus"
	CheckerDisconnect               CheckerStateKind = "Disconnect"
	CheckerGetProfile               CheckerStateKind = "GetProfile"
	CheckerComplete                 CheckerStateKind = "Complete"
	CheckerCancel                   CheckerStateKind = "Cancel"
)

// CheckerState is an internal step with the values it works on. Only the fields
// its kind has are looked at.
type CheckerState struct {
	Kind       CheckerStateKind
	Scopes     []string // BeginOAuthFlow, BeginPairingFlow
	Entrypoint string   // BeginOAuthFlow, BeginPairingFlow
	PairingURL string   // BeginPairingFlow
	Code       string   // CompleteOAuthFlow
	OAuthState string   // CompleteOAuthFlow
	NewState   State    // Complete
}

func (s CheckerState) terminal() bool {
	return s.Kind == CheckerComplete || s.Kind == CheckerCancel
}

// equal compares with all values that belong to the kind.
func (s CheckerState) equal(other CheckerState) bool {
	return s.Kind == other.Kind && slices.Equal(s.Scopes, other.Scopes) &&
		s.Entrypoint == other.Entrypoint && s.PairingURL == other.PairingURL &&
		s.Code == other.Code && s.OAuthState == other.OAuthState &&
		samePublicState(s.NewState, other.NewState)
}

// samePublicState compares what the original machine knows of a state.
func samePublicState(a, b State) bool { return a.Kind == b.Kind && a.OAuthURL == b.OAuthURL }

// CheckerEventKind names the result of an internal step.
type CheckerEventKind string

// The results.
const (
	CheckerGetAuthStateSuccess             CheckerEventKind = "GetAuthStateSuccess"
	CheckerBeginOAuthFlowSuccess           CheckerEventKind = "BeginOAuthFlowSuccess"
	CheckerBeginPairingFlowSuccess         CheckerEventKind = "BeginPairingFlowSuccess"
	CheckerCompleteOAuthFlowSuccess        CheckerEventKind = "CompleteOAuthFlowSuccess"
	CheckerInitializeDeviceSuccess         CheckerEventKind = "InitializeDeviceSuccess"
	CheckerEnsureDeviceCapabilitiesSuccess CheckerEventKind = "EnsureDeviceCapabilitiesSuccess"
	CheckerCheckAuthorizationStatusSuccess CheckerEventKind = "CheckAuthorizationStatusSuccess"
	CheckerDisconnectSuccess               CheckerEventKind = "DisconnectSuccess"
	CheckerGetProfileSuccess               CheckerEventKind = "GetProfileSuccess"
	CheckerCallError                       CheckerEventKind = "CallError"
	CheckerEnsureCapabilitiesAuthError     CheckerEventKind = "EnsureCapabilitiesAuthError"
)

// CheckerEvent is the result of an internal step.
type CheckerEvent struct {
	Kind      CheckerEventKind
	AuthState AuthState // GetAuthStateSuccess
	OAuthURL  string    // BeginOAuthFlowSuccess, BeginPairingFlowSuccess
	Active    bool      // CheckAuthorizationStatusSuccess
}

// ErrCheckerMismatch is what the errors of a [StateChecker] wrap.
var ErrCheckerMismatch = errors.New("the state machines disagree")

// StateChecker watches a state machine from outside and reports the first time
// that it does something Mozilla's original machine of 2024 would not have done.
// It never touches an account. An application that replaces its own machine by
// that of this package can run both for a while and compare.
//
// After the first mismatch, which is returned and reported once, every later
// call returns nil.
type StateChecker struct {
	mu       sync.Mutex
	report   func(error)
	public   State
	internal CheckerState
	reported bool
}

// NewStateChecker makes a checker for a machine that has had no event yet. The
// report function may be nil; it is called without a lock held.
func NewStateChecker(report func(error)) *StateChecker {
	return &StateChecker{
		report:   report,
		public:   State{Kind: Uninitialized},
		internal: CheckerState{Kind: CheckerCancel},
	}
}

// PublicEvent says that an application sent an event, before any step is done.
func (c *StateChecker) PublicEvent(e Event) error {
	return c.run(func() error {
		if !c.internal.terminal() {
			return mismatch("event %s while %s is under way", eventName(e), c.internal.Kind)
		}
		next, ok := checkerStart(c.public, e)
		if !ok {
			return mismatch("event %s is not valid in %s", eventName(e), c.public.Kind)
		}
		c.enter(next)
		return nil
	})
}

// InternalEvent says how the current internal step ended.
func (c *StateChecker) InternalEvent(e CheckerEvent) error {
	return c.run(func() error {
		next, ok := checkerNext(c.public.Kind, c.internal.Kind, e)
		if !ok {
			return mismatch("%s does not follow %s in %s", e.Kind, c.internal.Kind, c.public.Kind)
		}
		c.enter(next)
		return nil
	})
}

// CheckPublic compares the public state of the watched machine, which must be
// between two events.
func (c *StateChecker) CheckPublic(s State) error {
	return c.run(func() error {
		if !c.internal.terminal() {
			return mismatch("%s is still under way", c.internal.Kind)
		}
		if !samePublicState(c.public, s) {
			return mismatch("public state is %s, expected %s", s.Kind, c.public.Kind)
		}
		return nil
	})
}

// CheckInternal compares the step the watched machine is about to do.
func (c *StateChecker) CheckInternal(s CheckerState) error {
	return c.run(func() error {
		if !c.internal.equal(s) {
			return mismatch("internal step is %s, expected %s or other values of it", s.Kind, c.internal.Kind)
		}
		return nil
	})
}

// enter moves on; a completed transition changes the public state.
func (c *StateChecker) enter(next CheckerState) {
	c.internal = next
	if next.Kind == CheckerComplete {
		c.public = next.NewState
	}
}

// run does one check unless there has been a mismatch already.
func (c *StateChecker) run(check func() error) error {
	c.mu.Lock()
	if c.reported {
		c.mu.Unlock()
		return nil
	}
	err := check()
	c.reported = err != nil
	c.mu.Unlock()
	if err != nil && c.report != nil {
		c.report(err)
	}
	return err
}

// mismatch builds an error from kinds only: arguments of events are secret.
func mismatch(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCheckerMismatch, fmt.Sprintf(format, args...))
}

func eventName(e Event) string {
	if e == nil {
		return "none"
	}
	return string(e.kind())
}
