package account

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// The tests in this file run the state machine on a fake of the account, in every
// state with every event and every way its steps can end.

var (
	allKinds = []StateKind{Uninitialized, Disconnected, Authenticating, Connected, AuthIssues}
	origins  = []StateKind{Disconnected, Connected, AuthIssues}
	// allEvents has one of each.
	allEvents = []Event{
		EventInitialize{},
		EventBeginOAuth{},
		EventBeginPairing{},
		EventCompleteOAuth{},
		EventCancelOAuth{},
		EventCheckAuthorization{},
		EventDisconnect{},
		EventCallGetProfile{},
		EventPasswordChange{},
	}
)

const fakeURL = "https://accounts.example/page"

// scripted is an account whose steps end as told.
type scripted struct {
	saved AuthState
	// fails holds the error of a step; nil is success.
	fails map[step]error
	// active and checkFails are the answer to introspection.
	active     bool
	checkFails error
	wipeFails  error

	ran    []step
	checks int
	forgot int
	wiped  int
}

func (s *scripted) stored() AuthState { return s.saved }

func (s *scripted) do(_ context.Context, did step, _ Event) (string, error) {
	s.ran = append(s.ran, did)
	if err := s.fails[did]; err != nil {
		return "", err
	}
	if did == stepBeginOAuth || did == stepBeginPair {
		return fakeURL, nil
	}
	return "", nil
}

func (s *scripted) introspect(context.Context) (bool, error) {
	s.checks++
	return s.active, s.checkFails
}

func (s *scripted) forgetAccessTokens(context.Context) error { s.forgot++; return nil }

func (s *scripted) wipe(context.Context) error {
	if s.wipeFails != nil {
		return s.wipeFails
	}
	s.wiped++
	return nil
}

// places lists every state that differs for the table.
func places() []State {
	var all []State
	for _, k := range allKinds {
		if k != Authenticating {
			all = append(all, State{Kind: k})
			continue
		}
		for _, from := range origins {
			all = append(all, State{Kind: k, OAuthURL: "https://accounts.example/before", From: from})
		}
	}
	return append(all, State{Kind: Connected, Degraded: true, Cause: ErrUnavailable, pending: stepRegister})
}

// trouble is a way in which a step can end, by the class that matters.
var trouble = map[string]struct {
	err        error
	active     bool
	checkFails error
	// fatal says that it may end a sign-in.
	fatal bool
}{
	"success":                   {nil, true, nil, false},
	"network":                   {ErrNetwork, true, ErrNetwork, false},
	"asked to wait":             {&BackoffError{}, true, &BackoffError{}, false},
	"server broken":             {ErrUnavailable, true, ErrUnavailable, false},
	"cannot save":               {&SaveError{Err: errors.New("disk")}, true, nil, false},
	"cancelled":                 {context.Canceled, true, context.Canceled, false},
	"forbidden":                 {ErrForbidden, true, nil, false},
	"devices unavailable":       {ErrDevicesUnavailable, true, nil, false},
	"no scoped key":             {ErrNoScopedKey, true, nil, false},
	"refused, token alive":      {ErrAuthentication, true, nil, false},
	"refused, cannot ask":       {ErrAuthentication, false, ErrNetwork, false},
	"refused, asked too often":  {ErrAuthentication, false, ErrCircuitOpen, false},
	"refused, token dead":       {ErrAuthentication, false, nil, true},
	"no token left to ask with": {ErrNoRefreshToken, false, ErrNoRefreshToken, true},
	"other":                     {ErrOther, true, nil, false},
}

// TestEveryPairOfStateAndEvent runs all of them and holds the results against the
// promises of ProcessEvent.
func TestEveryPairOfStateAndEvent(t *testing.T) {
	valid := map[StateKind]map[eventKind]bool{
		Uninitialized:  {onInitialize: true},
		Disconnected:   {onBeginOAuth: true, onBeginPairing: true, onDisconnect: true, onCheck: true},
		Authenticating: {onCompleteOAuth: true, onCancelOAuth: true, onBeginOAuth: true, onBeginPairing: true, onDisconnect: true, onCheck: true, onPasswordChange: true},
		Connected:      {onDisconnect: true, onCheck: true, onGetProfile: true, onBeginOAuth: true, onPasswordChange: true},
		AuthIssues:     {onBeginOAuth: true, onBeginPairing: true, onDisconnect: true, onCheck: true, onPasswordChange: true},
	}
	runs := 0
	for _, before := range places() {
		for _, e := range allEvents {
			for _, saved := range []AuthState{AuthStateDisconnected, AuthStateConnected, AuthStateAuthIssues} {
				for name, how := range trouble {
					runs++
					s := &scripted{saved: saved, active: how.active, checkFails: how.checkFails, fails: failingAll(how.err)}
					r := runner{ops: s}
					after, err := r.run(t.Context(), before, e)
					where := fmt.Sprintf("%v, %s, stored %v, %s -> %v", before, e.kind(), saved, name, after)
					if !valid[before.Kind][e.kind()] {
						if !errors.Is(err, ErrInvalidTransition) || after != before || len(s.ran)+s.checks+s.wiped != 0 {
							t.Errorf("%s: an invalid pair did something (%v)", where, err)
						}
						continue
					}
					if errors.Is(err, ErrInvalidTransition) || errors.Is(err, ErrInternal) {
						t.Errorf("%s: %v", where, err)
					}
					checkPromises(t, where, before, after, s, how.fatal, how.err)
				}
			}
		}
	}
	if runs < 1000 {
		t.Errorf("only %d runs", runs)
	}
}

func failingAll(err error) map[step]error {
	all := map[step]error{}
	for _, s := range []step{stepEnsure, stepBeginOAuth, stepBeginPair, stepComplete, stepRegister, stepProfile, stepNewPassword} {
		all[s] = err
	}
	if sv := new(SaveError); errors.As(err, &sv) {
		all[stepDisconnect], all[stepCancel] = err, err
	}
	return all
}

// checkPromises holds for every valid run.
func checkPromises(t *testing.T, where string, before, after State, s *scripted, fatal bool, failure error) {
	t.Helper()
	known := false
	for _, k := range allKinds {
		known = known || after.Kind == k
	}
	switch {
	case !known:
		t.Errorf("%s: no such state", where)
	case after.Kind == Authenticating && after.OAuthURL == "":
		t.Errorf("%s: no page to open", where)
	case after.Kind != Authenticating && (after.OAuthURL != "" || after.From != ""):
		t.Errorf("%s: a page where none is open", where)
	case after.Degraded != (after.Cause != nil):
		t.Errorf("%s: degraded without cause or the other way round", where)
	case after.Degraded && after.Kind != Connected:
		t.Errorf("%s: degraded but not connected", where)
	}
	fromSignIn := before.Kind == Authenticating && before.From == AuthIssues
	if s.wiped > 0 && !fatal && !fromSignIn {
		t.Errorf("%s: wiped although nobody said that the sign-in is dead", where)
	}
	if s.wiped > 0 && after.Kind != AuthIssues {
		t.Errorf("%s: wiped on the way to another state", where)
	}
	if before.Kind == Connected && after.Kind == AuthIssues && (!fatal || s.wiped != 1) {
		t.Errorf("%s: a signed-in account was signed out", where)
	}
	harmless := errors.Is(failure, ErrNetwork) || errors.Is(failure, ErrUnavailable)
	if harmless && s.wiped > 0 && len(s.ran) > 0 && s.ran[0] != stepCancel {
		t.Errorf("%s: wiped because of mere trouble", where)
	}
	if s.forgot > 0 && !s.active {
		t.Errorf("%s: access tokens were dropped for a dead sign-in", where)
	}
}

// TestTransitions states the table once more, by what it does.
func TestTransitions(t *testing.T) {
	dead := scripted{saved: AuthStateConnected, fails: failingAll(ErrAuthentication)}
	away := scripted{saved: AuthStateConnected, fails: failingAll(ErrNetwork), checkFails: ErrNetwork}
	refused := scripted{saved: AuthStateConnected, fails: failingAll(ErrDevicesUnavailable), active: true}
	fine := scripted{saved: AuthStateConnected, active: true}
	inactive := scripted{saved: AuthStateConnected}
	halfway := scripted{fails: map[step]error{stepRegister: ErrUnavailable}, active: true}
	otherAccount := scripted{fails: map[step]error{stepComplete: ErrOtherAccount}, active: true}
	oldPage := scripted{fails: map[step]error{stepComplete: ErrWrongAuthFlow}, active: true}
	authenticating := func(from StateKind) State {
		return State{Kind: Authenticating, OAuthURL: fakeURL, From: from}
	}
	connected := State{Kind: Connected}
	limping := State{Kind: Connected, Degraded: true, Cause: ErrUnavailable, pending: stepRegister}
	for _, c := range []struct {
		name   string
		script scripted
		before State
		event  Event
		want   string
		wiped  bool
	}{
		{"start signed out", scripted{}, State{Kind: Uninitialized}, EventInitialize{}, "disconnected", false},
		{"start after the end", scripted{saved: AuthStateAuthIssues}, State{Kind: Uninitialized}, EventInitialize{}, "auth issues", false},
		{"start signed in", fine, State{Kind: Uninitialized}, EventInitialize{}, "connected", false},
		{"start without network", away, State{Kind: Uninitialized}, EventInitialize{}, "connected (degraded)", false},
		{"start with a dead token", dead, State{Kind: Uninitialized}, EventInitialize{}, "auth issues", true},
		{"start refused devices", refused, State{Kind: Uninitialized}, EventInitialize{}, "connected (degraded)", false},

		{"begin", fine, State{Kind: Disconnected}, EventBeginOAuth{}, "authenticating (from disconnected)", false},
		{"begin without network", away, State{Kind: Disconnected}, EventBeginOAuth{}, "disconnected", false},
		{"pair", fine, State{Kind: Disconnected}, EventBeginPairing{}, "authenticating (from disconnected)", false},
		{"pair after the end", fine, State{Kind: AuthIssues}, EventBeginPairing{}, "authenticating (from auth issues)", false},
		{"begin over a sign-in", fine, connected, EventBeginOAuth{}, "authenticating (from connected)", false},
		{"begin anew", fine, authenticating(Connected), EventBeginPairing{}, "authenticating (from connected)", false},
		{"begin anew fails", scripted{fails: failingAll(ErrOther), active: true}, authenticating(AuthIssues), EventBeginOAuth{}, "auth issues", true},
		{"begin anew without network", away, authenticating(AuthIssues), EventBeginOAuth{}, "auth issues", false},

		{"complete", fine, authenticating(Disconnected), EventCompleteOAuth{}, "connected", false},
		{"complete over a sign-in", fine, authenticating(Connected), EventCompleteOAuth{}, "connected", false},
		{"complete without network", away, authenticating(AuthIssues), EventCompleteOAuth{}, "authenticating (from auth issues)", false},
		{"complete another account", otherAccount, authenticating(Connected), EventCompleteOAuth{}, "connected", false},
		{"complete another account after the end", otherAccount, authenticating(AuthIssues), EventCompleteOAuth{}, "auth issues", true},
		{"complete an older page", oldPage, authenticating(Disconnected), EventCompleteOAuth{}, "authenticating (from disconnected)", false},
		{"complete, registration fails", halfway, authenticating(Disconnected), EventCompleteOAuth{}, "connected (degraded)", false},
		{"cancel", fine, authenticating(Disconnected), EventCancelOAuth{}, "disconnected", false},
		{"cancel over a sign-in", fine, authenticating(Connected), EventCancelOAuth{}, "connected", false},
		{"cancel after the end", fine, authenticating(AuthIssues), EventCancelOAuth{}, "auth issues", true},
		{"sign out on the page", fine, authenticating(Connected), EventDisconnect{}, "disconnected", false},

		{"check", fine, connected, EventCheckAuthorization{}, "connected", false},
		{"check, dead", inactive, connected, EventCheckAuthorization{}, "auth issues", true},
		{"check without network", away, connected, EventCheckAuthorization{}, "connected (degraded)", false},
		{"profile after trouble", fine, State{Kind: Connected, Degraded: true, Cause: ErrNetwork}, EventCallGetProfile{}, "connected", false},
		{"profile, something pending", fine, limping, EventCallGetProfile{}, "connected (degraded)", false},
		{"check makes up", fine, limping, EventCheckAuthorization{}, "connected", false},
		{"check cannot make up", scripted{fails: failingAll(ErrUnavailable), active: true}, limping, EventCheckAuthorization{}, "connected (degraded)", false},
		{"check while degraded, no network", away, limping, EventCheckAuthorization{}, "connected (degraded)", false},
		{"check after the end", inactive, State{Kind: AuthIssues}, EventCheckAuthorization{}, "auth issues", false},
		{"profile", fine, connected, EventCallGetProfile{}, "connected", false},
		{"profile without network", away, connected, EventCallGetProfile{}, "connected (degraded)", false},
		{"profile, dead", dead, connected, EventCallGetProfile{}, "auth issues", true},
		{"password change", fine, connected, EventPasswordChange{}, "connected", false},
		{"password change, dead", dead, connected, EventPasswordChange{}, "auth issues", true},
		{"password change after the end", fine, State{Kind: AuthIssues}, EventPasswordChange{}, "connected", false},
		{"sign out", fine, connected, EventDisconnect{}, "disconnected", false},
		{"sign out after the end", fine, State{Kind: AuthIssues}, EventDisconnect{}, "disconnected", false},
		{"sign out twice", fine, State{Kind: Disconnected}, EventDisconnect{}, "disconnected", false},
		{"sign out cannot be saved", scripted{fails: failingAll(&SaveError{Err: ErrOther})}, connected, EventDisconnect{}, "connected", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.script
			r := runner{ops: &s}
			after, _ := r.run(t.Context(), c.before, c.event)
			if after.String() != c.want || (s.wiped > 0) != c.wiped {
				t.Errorf("led to %v (wiped %d), want %s", after, s.wiped, c.want)
			}
		})
	}
}

// TestPendingRegistration: a registration that failed is made up for by the next
// check, and only then is the account well.
func TestPendingRegistration(t *testing.T) {
	s := &scripted{active: true, fails: map[step]error{stepRegister: ErrUnavailable}}
	r := runner{ops: s}
	state, err := r.run(t.Context(), State{Kind: Authenticating, From: Disconnected, OAuthURL: fakeURL}, EventCompleteOAuth{})
	if !state.Degraded || !errors.Is(err, ErrUnavailable) || !errors.Is(state.Cause, ErrUnavailable) {
		t.Fatalf("%v, %v", state, err)
	}
	// Something else that fails in between does not make it forgotten.
	s.fails = map[step]error{stepProfile: ErrNetwork}
	if state, _ = r.run(t.Context(), state, EventCallGetProfile{}); !state.Degraded {
		t.Fatalf("%v", state)
	}
	s.fails, s.ran = nil, nil
	state, err = r.run(t.Context(), state, EventCheckAuthorization{})
	if err != nil || state != (State{Kind: Connected}) || len(s.ran) != 1 || s.ran[0] != stepRegister {
		t.Errorf("%v, %v, ran %v", state, err, s.ran)
	}
}

// TestRepetitions counts what the runner does before it gives up.
func TestRepetitions(t *testing.T) {
	for _, c := range []struct {
		name           string
		script         scripted
		runs, checks   int
		wantDegraded   bool
		forgotten      int
		wantAuthIssues bool
	}{
		{"success", scripted{active: true}, 1, 0, false, 0, false},
		{"network", scripted{fails: failingAll(ErrNetwork)}, 4, 0, true, 0, false},
		{"asked to wait", scripted{fails: failingAll(&BackoffError{})}, 1, 0, true, 0, false},
		{"broken", scripted{fails: failingAll(ErrUnavailable)}, 1, 0, true, 0, false},
		{"refused, alive", scripted{fails: failingAll(ErrAuthentication), active: true}, 2, 1, true, 1, false},
		{"refused, dead", scripted{fails: failingAll(ErrAuthentication)}, 1, 1, false, 0, true},
		{"refused, cannot ask", scripted{fails: failingAll(ErrAuthentication), checkFails: ErrNetwork}, 1, 4, true, 0, false},
		{"refused, asked too often", scripted{fails: failingAll(ErrAuthentication), checkFails: ErrCircuitOpen}, 1, 1, true, 0, false},
		{"key missing", scripted{fails: failingAll(ErrNoScopedKey)}, 1, 0, true, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.script
			r := runner{ops: &s}
			after, _ := r.run(t.Context(), State{Kind: Connected}, EventCallGetProfile{})
			if len(s.ran) != c.runs || s.checks != c.checks || s.forgot != c.forgotten {
				t.Errorf("%d runs, %d checks, %d times forgotten", len(s.ran), s.checks, s.forgot)
			}
			if after.Degraded != c.wantDegraded || (after.Kind == AuthIssues) != c.wantAuthIssues {
				t.Errorf("led to %v", after)
			}
		})
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	s := &scripted{fails: failingAll(ErrNetwork)}
	r := runner{ops: s}
	if _, err := r.run(cancelled, State{Kind: Connected}, EventCallGetProfile{}); len(s.ran) != 1 || err == nil {
		t.Errorf("%d runs after the end of the context", len(s.ran))
	}
}

func TestWipeThatCannotBeSaved(t *testing.T) {
	save := &SaveError{Err: errors.New("disk")}
	s := &scripted{wipeFails: save}
	r := runner{ops: s}
	before := State{Kind: Connected}
	after, err := r.run(t.Context(), before, EventCheckAuthorization{})
	if after != before || !errors.Is(err, save) {
		t.Errorf("%v, %v", after, err)
	}
}

// TestTableIsWhole: every step that an event can start has an arrow for every
// outcome it can have, and no arrow of the table is dead.
func TestTableIsWhole(t *testing.T) {
	used := map[arrowKey]bool{}
	var visit func(s State, t target, depth int)
	outcomes := func(s step) []outcome {
		switch s {
		case stepStored:
			return []outcome{storedDisconnected, storedConnected, storedAuthIssues}
		case stepCancel:
			return []outcome{done, later, failedOther}
		default:
			return []outcome{done, dead, later, failedOther}
		}
	}
	visit = func(s State, next target, depth int) {
		if next.step == stepNone || depth > maxSteps {
			if depth > maxSteps {
				t.Errorf("%v: no end", s)
			}
			return
		}
		for _, how := range outcomes(next.step) {
			after, ok := follow(s, next.step, how)
			if !ok {
				t.Errorf("%v: no way on from %s with %s", s, next.step, how)
				continue
			}
			used[arrowKey{s.Kind, next.step, how}] = true
			visit(s, after, depth+1)
		}
	}
	for _, s := range append(places(), State{Kind: Connected, Degraded: true, pending: stepEnsure}) {
		for _, e := range allEvents {
			if next, ok := start(s, e.kind()); ok {
				visit(s, next, 0)
			}
		}
	}
	for key := range arrows() {
		if !used[key] {
			t.Errorf("an arrow leads from where nothing comes: %v", key)
		}
	}
}
