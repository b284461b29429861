package account

import "sync"

// The tables of Mozilla's original state machine, as data.

// checkerStartKey is a public state and the event an application sends in it.
type checkerStartKey struct {
	public StateKind
	event  eventKind
}

// checkerStarts says with which internal step an event begins. CheckerComplete
// with a state means that there is nothing to do.
var checkerStarts = sync.OnceValue(func() map[checkerStartKey]checkerTarget {
	return map[checkerStartKey]checkerTarget{
		{Uninitialized, onInitialize}:     goOn(CheckerGetAuthState),
		{Disconnected, onBeginOAuth}:      goOn(CheckerBeginOAuthFlow),
		{Disconnected, onBeginPairing}:    goOn(CheckerBeginPairingFlow),
		{Authenticating, onCompleteOAuth}: goOn(CheckerCompleteOAuthFlow),
		{Authenticating, onCancelOAuth}:   complete(Disconnected),
		{Connected, onDisconnect}:         goOn(CheckerDisconnect),
		{Connected, onCheck}:              goOn(CheckerCheckAuthorizationStatus),
		{Connected, onGetProfile}:         goOn(CheckerGetProfile),
		{AuthIssues, onBeginOAuth}:        goOn(CheckerBeginOAuthFlow),
		{AuthIssues, onDisconnect}:        complete(Disconnected),
	}
})

// checkerInput is an internal event together with the value that decides where
// it leads.
type checkerInput struct {
	kind  CheckerEventKind
	value string
}

// input takes the deciding value out of an event.
func (e CheckerEvent) input() checkerInput {
	switch e.Kind {
	case CheckerGetAuthStateSuccess:
		return checkerInput{e.Kind, e.AuthState.String()}
	case CheckerCheckAuthorizationStatusSuccess:
		if e.Active {
			return checkerInput{e.Kind, checkerActive}
		}
		return checkerInput{e.Kind, checkerInactive}
	default:
		return checkerInput{kind: e.Kind}
	}
}

const (
	checkerActive   = "active"
	checkerInactive = "inactive"
)

// checkerTarget is where an arrow leads: to a step, or to the end with a new
// public state.
type checkerTarget struct {
	step   CheckerStateKind
	public StateKind
}

func goOn(s CheckerStateKind) checkerTarget { return checkerTarget{step: s} }

func complete(s StateKind) checkerTarget {
	return checkerTarget{step: CheckerComplete, public: s}
}

type checkerArrowKey struct {
	public StateKind
	step   CheckerStateKind
	input  checkerInput
}

// stored and checked spell the inputs that carry a value.
func stored(s AuthState) checkerInput {
	return CheckerEvent{Kind: CheckerGetAuthStateSuccess, AuthState: s}.input()
}

func checked(active bool) checkerInput {
	return CheckerEvent{Kind: CheckerCheckAuthorizationStatusSuccess, Active: active}.input()
}

func plain(kind CheckerEventKind) checkerInput { return checkerInput{kind: kind} }

// checkerArrows says where each result of each internal step leads, in each of
// the machines, which are named after the public state they begin in.
var checkerArrows = sync.OnceValue(func() map[checkerArrowKey]checkerTarget {
	return map[checkerArrowKey]checkerTarget{
		{Uninitialized, CheckerGetAuthState, stored(AuthStateDisconnected)}: complete(Disconnected),
		{Uninitialized, CheckerGetAuthState, stored(AuthStateAuthIssues)}:   goOn(CheckerEnsureDeviceCapabilities),
		{Uninitialized, CheckerGetAuthState, stored(AuthStateConnected)}:    goOn(CheckerEnsureDeviceCapabilities),

		{Uninitialized, CheckerEnsureDeviceCapabilities, plain(CheckerEnsureDeviceCapabilitiesSuccess)}: complete(Connected),
		{Uninitialized, CheckerEnsureDeviceCapabilities, plain(CheckerCallError)}:                       complete(Disconnected),
		{Uninitialized, CheckerEnsureDeviceCapabilities, plain(CheckerEnsureCapabilitiesAuthError)}:     goOn(CheckerCheckAuthorizationStatus),
		{Uninitialized, CheckerCheckAuthorizationStatus, checked(true)}:                                 complete(Connected),
		{Uninitialized, CheckerCheckAuthorizationStatus, checked(false)}:                                complete(AuthIssues),
		{Uninitialized, CheckerCheckAuthorizationStatus, plain(CheckerCallError)}:                       complete(AuthIssues),

		{Disconnected, CheckerBeginOAuthFlow, plain(CheckerBeginOAuthFlowSuccess)}:     complete(Authenticating),
		{Disconnected, CheckerBeginOAuthFlow, plain(CheckerCallError)}:                 goOn(CheckerCancel),
		{Disconnected, CheckerBeginPairingFlow, plain(CheckerBeginPairingFlowSuccess)}: complete(Authenticating),
		{Disconnected, CheckerBeginPairingFlow, plain(CheckerCallError)}:               goOn(CheckerCancel),

		{Authenticating, CheckerCompleteOAuthFlow, plain(CheckerCompleteOAuthFlowSuccess)}: goOn(CheckerInitializeDevice),
		{Authenticating, CheckerCompleteOAuthFlow, plain(CheckerCallError)}:                complete(Disconnected),
		{Authenticating, CheckerInitializeDevice, plain(CheckerInitializeDeviceSuccess)}:   complete(Connected),
		{Authenticating, CheckerInitializeDevice, plain(CheckerCallError)}:                 complete(Disconnected),

		{Connected, CheckerDisconnect, plain(CheckerDisconnectSuccess)}:       complete(Disconnected),
		{Connected, CheckerDisconnect, plain(CheckerCallError)}:               complete(Disconnected),
		{Connected, CheckerCheckAuthorizationStatus, checked(true)}:           complete(Connected),
		{Connected, CheckerCheckAuthorizationStatus, checked(false)}:          complete(AuthIssues),
		{Connected, CheckerCheckAuthorizationStatus, plain(CheckerCallError)}: complete(AuthIssues),
		{Connected, CheckerGetProfile, plain(CheckerGetProfileSuccess)}:       complete(Connected),
		{Connected, CheckerGetProfile, plain(CheckerCallError)}:               complete(AuthIssues),

		{AuthIssues, CheckerBeginOAuthFlow, plain(CheckerBeginOAuthFlowSuccess)}: complete(Authenticating),
		{AuthIssues, CheckerBeginOAuthFlow, plain(CheckerCallError)}:             goOn(CheckerCancel),
	}
})

// checkerStart answers what an event begins in a public state.
func checkerStart(public State, e Event) (CheckerState, bool) {
	if e == nil {
		return CheckerState{}, false
	}
	t, ok := checkerStarts()[checkerStartKey{public.Kind, e.kind()}]
	if !ok {
		return CheckerState{}, false
	}
	next := CheckerState{Kind: t.step, NewState: State{Kind: t.public}}
	switch e := e.(type) {
	case EventBeginOAuth:
		next.Scopes, next.Entrypoint = e.Scopes, e.Entrypoint
	case EventBeginPairing:
		next.Scopes, next.Entrypoint, next.PairingURL = e.Scopes, e.Entrypoint, e.PairingURL
	case EventCompleteOAuth:
		next.Code, next.OAuthState = e.Code, e.State
	}
	return next, true
}

// checkerNext answers where a result leads.
func checkerNext(public StateKind, step CheckerStateKind, e CheckerEvent) (CheckerState, bool) {
	t, ok := checkerArrows()[checkerArrowKey{public, step, e.input()}]
	if !ok {
		return CheckerState{}, false
	}
	next := CheckerState{Kind: t.step}
	if t.step == CheckerComplete {
		next.NewState.Kind = t.public
		if t.public == Authenticating {
			next.NewState.OAuthURL = e.OAuthURL
		}
	}
	return next, true
}
