package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// networkRepeats is how often a step is repeated at once after a network failure,
// as in Mozilla's component.
const networkRepeats = 3

// machine is the public state machine of an account. Its table is in
// machine_table.go.
type machine struct {
	// mu guards the fields below; it is not held while a step is done.
	mu    sync.Mutex
	state State
	// moves counts the changes of state that came from outside of an event: by a
	// push message or a direct call. An event that finds one when it ends does not
	// overwrite it.
	moves int
	// device is the configuration of the first event.
	device DeviceConfig
	// busy holds an element while an event is being worked on; made on first use.
	busy chan struct{}
}

// State is the public state. It is Uninitialized until an EventInitialize was
// processed, whatever is saved.
//
// No request; fxa-client get_state; docs/protocol/accounts-client.md §10.
func (a *Account) State() State {
	m := &a.machine
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Kind == "" {
		return State{Kind: Uninitialized}
	}
	return m.state
}

// ProcessEvent runs one transition and returns the state it led to, together with
// what went wrong on the way, if anything did. The state is valid in either case.
//
// An event that does not fit the state is ErrInvalidTransition and changes
// nothing. Events are processed one after the other; waiting for the turn ends
// with ctx, and one whose ctx has ended already does nothing. An EventInitialize
// does what needs no server even then, since no other event fits before it.
//
// A step that fails for want of a network is repeated up to three times at once.
// One that fails with ErrAuthentication is repeated once if the server says that
// the sign-in is alive. Only if it says that it is not, or nothing is left to ask
// with, does a signed-in account move to AuthIssues, and its tokens and keys are
// dropped. Everything else leaves it Connected, with [State].Degraded set.
//
// POST /v1/introspect and the requests of the methods that the event leads to; fxa-client
// process_event; docs/protocol/accounts-client.md §10.
func (a *Account) ProcessEvent(ctx context.Context, e Event) (State, error) {
	if e == nil {
		return a.State(), ErrInvalidTransition
	}
	m := &a.machine
	leave, err := m.enter(ctx, e)
	if err != nil {
		return a.State(), err
	}
	defer leave()
	m.mu.Lock()
	if m.state.Kind == "" {
		m.state.Kind = Uninitialized
	}
	before, moves := m.state, m.moves
	if init, ok := e.(EventInitialize); ok && before.Kind == Uninitialized {
		m.device = init.Device
	}
	device := m.device
	m.mu.Unlock()

	r := runner{ops: &accountSteps{account: a, device: device}}
	after, cause := r.run(looking(ctx), before, e)
	a.tell(func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.moves == moves {
			m.state = after
		}
		after = m.state
		return !errors.Is(cause, ErrInvalidTransition)
	})
	return after, cause
}

// enter waits for the turn of an event. An EventInitialize whose turn is there has it although ctx has ended: no
// other event fits before it has been processed, and what it begins with is on this side.
func (m *machine) enter(ctx context.Context, e Event) (leave func(), err error) {
	if _, first := e.(EventInitialize); !first && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	busy := m.turn()
	leave = func() { <-busy }
	select {
	case busy <- struct{}{}:
		return leave, nil
	default:
	}
	select {
	case busy <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (m *machine) turn() chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy == nil {
		m.busy = make(chan struct{}, 1)
	}
	return m.busy
}

// moveTo follows a change of the sign-in that no event asked for. Before the first
// event there is nothing to follow: it will look at what is saved.
func (m *machine) moveTo(kind StateKind) (moved bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Kind == "" || m.state.Kind == Uninitialized || m.state.Kind == kind {
		return false
	}
	m.state = State{Kind: kind}
	m.moves++
	return true
}

// steps is what the runner can do. The account does it for real; tests replay.
type steps interface {
	// stored is the saved view of being signed in.
	stored() AuthState
	// do carries out one step of the transition that e began. It returns the address
	// of the sign-in page, when the step makes one.
	do(ctx context.Context, s step, e Event) (url string, err error)
	// introspect asks whether the refresh token is active.
	introspect(ctx context.Context) (active bool, err error)
	// forgetAccessTokens drops cached access tokens before a step is repeated.
	forgetAccessTokens(ctx context.Context) error
	// wipe drops the credentials on arrival at AuthIssues.
	wipe(ctx context.Context) error
}

// runner works through one transition.
type runner struct {
	ops steps
	// watch is told about each step and its outcome; nil outside of tests.
	watch func(s step, o outcome, url string)
	url   string
}

// maxSteps bounds a transition; the longest in the table has four steps.
const maxSteps = 20

// run returns the state that e leads to and the error of the step that decided it.
func (r *runner) run(ctx context.Context, s State, e Event) (State, error) {
	t, ok := start(s, e.kind())
	if !ok {
		return s, fmt.Errorf("%s in state %s: %w", e.kind(), s.Kind, ErrInvalidTransition)
	}
	var cause error
	for range maxSteps {
		if t.step == stepNone {
			return r.arrive(ctx, s, t, cause)
		}
		did := t.step
		var how outcome
		how, cause = r.attempt(ctx, did, e)
		if t, ok = follow(s, did, how); !ok {
			return s, fmt.Errorf("no way on from %s with %s: %w", did, how, ErrInternal)
		}
	}
	return s, fmt.Errorf("a transition does not end: %w", ErrInternal)
}

// arrive settles the new state, wiping first where the table says so. If the wipe
// cannot be saved nothing has happened and the state stays.
func (r *runner) arrive(ctx context.Context, s State, t target, cause error) (State, error) {
	next := settle(s, t, r.url, cause)
	if t.wipe && next.Kind == AuthIssues {
		if err := r.ops.wipe(ctx); err != nil {
			return s, errors.Join(cause, err)
		}
	}
	return next, cause
}

// attempt does a step with its repetitions and sorts the result.
func (r *runner) attempt(ctx context.Context, s step, e Event) (outcome, error) {
	how, err := r.once(ctx, s, e)
	if r.watch != nil {
		r.watch(s, how, r.url)
	}
	return how, err
}

func (r *runner) once(ctx context.Context, s step, e Event) (outcome, error) {
	switch s {
	case stepStored:
		return storedOutcome(r.ops.stored()), nil
	case stepCheck:
		active, err := r.introspect(ctx)
		switch {
		case err == nil && active:
			return done, nil
		case err == nil:
			return dead, nil
		default:
			return outcomeOf(err), err
		}
	}
	err := r.repeated(ctx, s, e)
	if err == nil || !errors.Is(err, ErrAuthentication) || errors.Is(err, ErrNoScopedKey) {
		return outcomeOf(err), err
	}
	active, failed := r.introspect(ctx)
	switch {
	case errors.Is(failed, ErrNoRefreshToken), failed == nil && !active:
		return dead, err
	case failed != nil:
		return outcomeOf(failed), err
	}
	if failed := r.ops.forgetAccessTokens(ctx); failed != nil {
		return outcomeOf(failed), errors.Join(err, failed)
	}
	err = r.repeated(ctx, s, e)
	if errors.Is(err, ErrAuthentication) {
		// The server said that the sign-in is alive, so that this is a refusal by
		// one route and nobody is signed out for it.
		return failedOther, err
	}
	return outcomeOf(err), err
}

// repeated does a step, and again at once while the network fails.
func (r *runner) repeated(ctx context.Context, s step, e Event) error {
	var err error
	for range 1 + networkRepeats {
		var url string
		url, err = r.ops.do(ctx, s, e)
		if err == nil {
			r.url = url
			return nil
		}
		if !errors.Is(err, ErrNetwork) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// introspect asks for the state of the token, again at once while the network
// fails.
func (r *runner) introspect(ctx context.Context) (active bool, err error) {
	for range 1 + networkRepeats {
		active, err = r.ops.introspect(ctx)
		if err == nil || !errors.Is(err, ErrNetwork) || ctx.Err() != nil {
			return active, err
		}
	}
	return false, err
}

func storedOutcome(s AuthState) outcome {
	switch s {
	case AuthStateConnected:
		return storedConnected
	case AuthStateAuthIssues:
		return storedAuthIssues
	default:
		return storedDisconnected
	}
}

// outcomeOf decides whether a failure says anything about the sign-in. A token that is
// not there at all cannot come back; no other failure is fatal here.
func outcomeOf(err error) outcome {
	var wait *BackoffError
	var save *SaveError
	switch {
	case err == nil:
		return done
	case errors.Is(err, ErrNoRefreshToken):
		return dead
	case errors.Is(err, ErrWrongAuthFlow), errors.Is(err, errForeignCode):
		// The answer to another page: the one that is open may still be answered.
		return later
	case errors.Is(err, ErrNetwork), errors.Is(err, ErrUnavailable), errors.Is(err, ErrCircuitOpen),
		errors.As(err, &wait), errors.As(err, &save),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return later
	default:
		return failedOther
	}
}

// accountSteps does the steps on an account.
type accountSteps struct {
	account *Account
	device  DeviceConfig
}

func (o *accountSteps) stored() AuthState { return o.account.AuthState() }

func (o *accountSteps) introspect(ctx context.Context) (bool, error) {
	info, err := o.account.CheckAuthorization(ctx)
	return info.Active, err
}

func (o *accountSteps) forgetAccessTokens(ctx context.Context) error {
	return o.account.ClearAccessTokens(ctx)
}

func (o *accountSteps) wipe(ctx context.Context) error { return o.account.authIssuesOfSignIn(ctx) }

func (o *accountSteps) do(ctx context.Context, s step, e Event) (url string, err error) {
	a, d := o.account, o.device
	switch s {
	case stepEnsure:
		_, err = a.EnsureCapabilities(ctx, d.Capabilities)
	case stepRegister:
		_, err = a.InitializeDevice(ctx, d.Name, d.Type, d.Capabilities)
	case stepBeginOAuth, stepBeginPair:
		url, err = o.begin(ctx, e)
	case stepComplete:
		complete, ok := e.(EventCompleteOAuth)
		if !ok {
			return "", errStep
		}
		err = a.CompleteOAuthFlow(ctx, complete.Code, complete.State)
	case stepCancel:
		err = a.CancelOAuthFlows(ctx)
	case stepDisconnect:
		err = a.Disconnect(ctx)
	case stepProfile:
		_, err = a.Profile(ctx, Fresh())
	case stepNewPassword:
		change, ok := e.(EventPasswordChange)
		if !ok {
			return "", errStep
		}
		err = a.HandleWebPasswordChange(ctx, change.JSON)
	default:
		return "", errStep
	}
	return url, err
}

// errStep says that the table asks for a step that the event cannot have.
var errStep = fmt.Errorf("step does not fit the event: %w", ErrInternal)

// begin starts a sign-in, after dropping the ones under way.
func (o *accountSteps) begin(ctx context.Context, e Event) (string, error) {
	a := o.account
	if err := a.CancelOAuthFlows(ctx); err != nil {
		return "", err
	}
	switch e := e.(type) {
	case EventBeginOAuth:
		return a.BeginOAuthFlow(ctx, e.Scopes, e.Entrypoint, append([]FlowOption{WithService(e.Service)}, e.Options...)...)
	case EventBeginPairing:
		return a.BeginPairingFlow(ctx, e.PairingURL, e.Scopes, e.Entrypoint, WithService(e.Service))
	default:
		return "", errStep
	}
}
