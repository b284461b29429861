package account

import "sync"

// The transition table of the state machine: pure data and one pure function
// for each of its two questions, what an event starts and where the result of a
// step leads. The runner in machine.go does the steps.
//
// It follows Mozilla's newest table with these deviations. Nothing but the
// server's word that the refresh token is dead leads to AuthIssues and wipes
// credentials; trouble of any other kind leaves a signed-in account Connected
// and degraded. A sign-in whose completion fails for want of an answer stays
// open, because the code is still good; so does one that is answered with the
// state of an older page. Cancelling drops the sign-in's secrets.
// Pairing may begin from AuthIssues too.

// step is one piece of work of a transition.
type step string

const (
	stepNone        step = ""
	stepStored      step = "read the stored state"
	stepEnsure      step = "ensure capabilities"
	stepBeginOAuth  step = "begin oauth"
	stepBeginPair   step = "begin pairing"
	stepComplete    step = "complete oauth"
	stepRegister    step = "initialize device"
	stepCancel      step = "cancel oauth"
	stepCheck       step = "check authorization"
	stepDisconnect  step = "disconnect"
	stepProfile     step = "get profile"
	stepNewPassword step = "change password"
)

// outcome is how a step ended.
type outcome string

const (
	// done: the step succeeded; for stepCheck, the token is active.
	done outcome = "done"
	// Three outcomes of stepStored.
	storedDisconnected outcome = "stored disconnected"
	storedConnected    outcome = "stored connected"
	storedAuthIssues   outcome = "stored auth issues"
	// dead: the server says that the refresh token is not active, or there is
	// none.
	dead outcome = "dead"
	// later: no answer, or one that asks to wait; nothing is known to be wrong.
	later outcome = "later"
	// failedOther: every other failure.
	failedOther outcome = "failed"
)

// target is where an arrow of the table leads: to another step or to a state.
type target struct {
	step step
	to   place
	// degraded marks the state, pending names the step to make up for.
	degraded bool
	pending  step
	// wipe drops the credentials on arrival at AuthIssues.
	wipe bool
}

// place is a state in the table: a kind, or a word for one that depends on where
// the transition began.
type place string

const (
	// stay keeps the state as it is, flags included.
	stay place = "stay"
	// originPlace returns to the state in which the sign-in began.
	originPlace place = "origin"
)

// at leads to a settled, healthy state.
func at(k StateKind) target { return target{to: place(k)} }

// run leads to a further step.
func run(s step) target { return target{step: s} }

// limp stays signed in; pending is made up for later.
func limp(pending step) target {
	return target{to: place(Connected), degraded: true, pending: pending}
}

// unchanged leaves everything as it is.
func unchanged() target { return target{to: stay} }

// signedOut is the arrival at AuthIssues that wipes.
func signedOut() target { return target{to: place(AuthIssues), wipe: true} }

// back returns to where the sign-in began; arriving at AuthIssues wipes again
// what the sign-in page may have delivered meanwhile.
func back() target { return target{to: originPlace, wipe: true} }

// backUntouched is back after mere trouble, which never wipes.
func backUntouched() target { return target{to: originPlace} }

type startKey struct {
	from  StateKind
	event eventKind
}

// starts lists every valid pair of state and event. A pair that is not in it is
// ErrInvalidTransition.
var starts = sync.OnceValue(func() map[startKey]target {
	return map[startKey]target{
		{Uninitialized, onInitialize}: run(stepStored),

		{Disconnected, onBeginOAuth}:   run(stepBeginOAuth),
		{Disconnected, onBeginPairing}: run(stepBeginPair),
		{Disconnected, onDisconnect}:   unchanged(),
		{Disconnected, onCheck}:        unchanged(),

		{Authenticating, onCompleteOAuth}:  run(stepComplete),
		{Authenticating, onCancelOAuth}:    run(stepCancel),
		{Authenticating, onBeginOAuth}:     run(stepBeginOAuth),
		{Authenticating, onBeginPairing}:   run(stepBeginPair),
		{Authenticating, onDisconnect}:     run(stepDisconnect),
		{Authenticating, onCheck}:          unchanged(),
		{Authenticating, onPasswordChange}: unchanged(),

		{Connected, onDisconnect}:     run(stepDisconnect),
		{Connected, onCheck}:          run(stepCheck),
		{Connected, onGetProfile}:     run(stepProfile),
		{Connected, onBeginOAuth}:     run(stepBeginOAuth),
		{Connected, onPasswordChange}: run(stepNewPassword),

		{AuthIssues, onBeginOAuth}:     run(stepBeginOAuth),
		{AuthIssues, onBeginPairing}:   run(stepBeginPair),
		{AuthIssues, onDisconnect}:     run(stepDisconnect),
		{AuthIssues, onCheck}:          run(stepCheck),
		{AuthIssues, onPasswordChange}: run(stepNewPassword),
	}
})

type arrowKey struct {
	from    StateKind
	step    step
	outcome outcome
}

// arrows says where each outcome of each step leads, by the kind of state the
// transition began in.
var arrows = sync.OnceValue(func() map[arrowKey]target {
	return map[arrowKey]target{
		{Uninitialized, stepStored, storedDisconnected}: at(Disconnected),
		{Uninitialized, stepStored, storedAuthIssues}:   at(AuthIssues),
		{Uninitialized, stepStored, storedConnected}:    run(stepEnsure),
		{Uninitialized, stepEnsure, done}:               at(Connected),
		{Uninitialized, stepEnsure, dead}:               signedOut(),
		{Uninitialized, stepEnsure, later}:              limp(stepEnsure),
		{Uninitialized, stepEnsure, failedOther}:        limp(stepEnsure),

		{Disconnected, stepBeginOAuth, done}:        at(Authenticating),
		{Disconnected, stepBeginOAuth, dead}:        unchanged(),
		{Disconnected, stepBeginOAuth, later}:       unchanged(),
		{Disconnected, stepBeginOAuth, failedOther}: unchanged(),
		{Disconnected, stepBeginPair, done}:         at(Authenticating),
		{Disconnected, stepBeginPair, dead}:         unchanged(),
		{Disconnected, stepBeginPair, later}:        unchanged(),
		{Disconnected, stepBeginPair, failedOther}:  unchanged(),

		{Authenticating, stepComplete, done}:          run(stepRegister),
		{Authenticating, stepComplete, later}:         unchanged(),
		{Authenticating, stepComplete, dead}:          back(),
		{Authenticating, stepComplete, failedOther}:   back(),
		{Authenticating, stepRegister, done}:          at(Connected),
		{Authenticating, stepRegister, dead}:          signedOut(),
		{Authenticating, stepRegister, later}:         limp(stepRegister),
		{Authenticating, stepRegister, failedOther}:   limp(stepRegister),
		{Authenticating, stepEnsure, done}:            at(Connected),
		{Authenticating, stepEnsure, dead}:            signedOut(),
		{Authenticating, stepEnsure, later}:           limp(stepEnsure),
		{Authenticating, stepEnsure, failedOther}:     limp(stepEnsure),
		{Authenticating, stepCancel, done}:            back(),
		{Authenticating, stepCancel, later}:           unchanged(),
		{Authenticating, stepCancel, failedOther}:     unchanged(),
		{Authenticating, stepBeginOAuth, done}:        at(Authenticating),
		{Authenticating, stepBeginOAuth, dead}:        back(),
		{Authenticating, stepBeginOAuth, later}:       backUntouched(),
		{Authenticating, stepBeginOAuth, failedOther}: back(),
		{Authenticating, stepBeginPair, done}:         at(Authenticating),
		{Authenticating, stepBeginPair, dead}:         back(),
		{Authenticating, stepBeginPair, later}:        backUntouched(),
		{Authenticating, stepBeginPair, failedOther}:  back(),
		{Authenticating, stepDisconnect, done}:        at(Disconnected),
		{Authenticating, stepDisconnect, dead}:        unchanged(),
		{Authenticating, stepDisconnect, later}:       unchanged(),
		{Authenticating, stepDisconnect, failedOther}: unchanged(),

		{Connected, stepDisconnect, done}:         at(Disconnected),
		{Connected, stepDisconnect, dead}:         unchanged(),
		{Connected, stepDisconnect, later}:        unchanged(),
		{Connected, stepDisconnect, failedOther}:  unchanged(),
		{Connected, stepCheck, done}:              at(Connected),
		{Connected, stepCheck, dead}:              signedOut(),
		{Connected, stepCheck, later}:             limp(stepNone),
		{Connected, stepCheck, failedOther}:       limp(stepNone),
		{Connected, stepRegister, done}:           at(Connected),
		{Connected, stepRegister, dead}:           signedOut(),
		{Connected, stepRegister, later}:          limp(stepRegister),
		{Connected, stepRegister, failedOther}:    limp(stepRegister),
		{Connected, stepEnsure, done}:             at(Connected),
		{Connected, stepEnsure, dead}:             signedOut(),
		{Connected, stepEnsure, later}:            limp(stepEnsure),
		{Connected, stepEnsure, failedOther}:      limp(stepEnsure),
		{Connected, stepProfile, done}:            unchanged(),
		{Connected, stepProfile, dead}:            signedOut(),
		{Connected, stepProfile, later}:           limp(stepNone),
		{Connected, stepProfile, failedOther}:     limp(stepNone),
		{Connected, stepBeginOAuth, done}:         at(Authenticating),
		{Connected, stepBeginOAuth, dead}:         unchanged(),
		{Connected, stepBeginOAuth, later}:        unchanged(),
		{Connected, stepBeginOAuth, failedOther}:  unchanged(),
		{Connected, stepNewPassword, done}:        at(Connected),
		{Connected, stepNewPassword, dead}:        signedOut(),
		{Connected, stepNewPassword, later}:       limp(stepNone),
		{Connected, stepNewPassword, failedOther}: limp(stepNone),

		{AuthIssues, stepBeginOAuth, done}:         at(Authenticating),
		{AuthIssues, stepBeginOAuth, dead}:         unchanged(),
		{AuthIssues, stepBeginOAuth, later}:        unchanged(),
		{AuthIssues, stepBeginOAuth, failedOther}:  unchanged(),
		{AuthIssues, stepBeginPair, done}:          at(Authenticating),
		{AuthIssues, stepBeginPair, dead}:          unchanged(),
		{AuthIssues, stepBeginPair, later}:         unchanged(),
		{AuthIssues, stepBeginPair, failedOther}:   unchanged(),
		{AuthIssues, stepDisconnect, done}:         at(Disconnected),
		{AuthIssues, stepDisconnect, dead}:         unchanged(),
		{AuthIssues, stepDisconnect, later}:        unchanged(),
		{AuthIssues, stepDisconnect, failedOther}:  unchanged(),
		{AuthIssues, stepCheck, done}:              at(Connected),
		{AuthIssues, stepCheck, dead}:              unchanged(),
		{AuthIssues, stepCheck, later}:             unchanged(),
		{AuthIssues, stepCheck, failedOther}:       unchanged(),
		{AuthIssues, stepNewPassword, done}:        at(Connected),
		{AuthIssues, stepNewPassword, dead}:        unchanged(),
		{AuthIssues, stepNewPassword, later}:       unchanged(),
		{AuthIssues, stepNewPassword, failedOther}: unchanged(),
	}
})

// start says what an event begins; ok is false for an invalid pair.
func start(s State, e eventKind) (t target, ok bool) {
	t, ok = starts()[startKey{s.Kind, e}]
	return t, ok
}

// follow says where the outcome of a step leads. s is the state in which the
// transition began. Some things depend on more than its kind: a sign-in over an
// existing one keeps its device, so that only its capabilities are looked at; a
// check that went well makes up for what is pending; and when nothing is, any
// success makes the account well again.
func follow(s State, did step, how outcome) (t target, ok bool) {
	t, ok = arrows()[arrowKey{s.Kind, did, how}]
	if how != done {
		return t, ok
	}
	switch {
	case s.Kind == Authenticating && did == stepComplete && s.From == Connected:
		return run(stepEnsure), ok
	case s.Kind == Connected && did == stepCheck && s.pending != stepNone:
		return run(s.pending), ok
	case s.Kind == Connected && did == stepProfile && s.pending == stepNone:
		return at(Connected), ok
	}
	return t, ok
}

// settle builds the state a target without a step leads to. url is the sign-in
// page's address when the target is Authenticating, cause what went wrong.
func settle(s State, t target, url string, cause error) State {
	switch t.to {
	case stay:
		return s
	case originPlace:
		return State{Kind: s.From}
	case place(Authenticating):
		from := s.Kind
		if s.Kind == Authenticating {
			from = s.From
		}
		return State{Kind: Authenticating, OAuthURL: url, From: from}
	}
	next := State{Kind: StateKind(t.to), Degraded: t.degraded, pending: t.pending}
	if t.degraded {
		next.Cause = cause
		if next.pending == stepNone && s.Kind == Connected {
			next.pending = s.pending
		}
	}
	return next
}
