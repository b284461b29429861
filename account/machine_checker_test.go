package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

var allCheckerEvents = []CheckerEvent{
	{Kind: CheckerGetAuthStateSuccess, AuthState: AuthStateDisconnected},
	{Kind: CheckerGetAuthStateSuccess, AuthState: AuthStateConnected},
	{Kind: CheckerGetAuthStateSuccess, AuthState: AuthStateAuthIssues},
	{Kind: CheckerBeginOAuthFlowSuccess, OAuthURL: fakeURL},
	{Kind: CheckerBeginPairingFlowSuccess, OAuthURL: fakeURL},
	{Kind: CheckerCompleteOAuthFlowSuccess},
	{Kind: CheckerInitializeDeviceSuccess},
	{Kind: CheckerEnsureDeviceCapabilitiesSuccess},
	{Kind: CheckerCheckAuthorizationStatusSuccess, Active: true},
	{Kind: CheckerCheckAuthorizationStatusSuccess},
	{Kind: CheckerDisconnectSuccess},
	{Kind: CheckerGetProfileSuccess},
	{Kind: CheckerCallError},
	{Kind: CheckerEnsureCapabilitiesAuthError},
}

// originalMachine is the original machine once more, written down as whole runs:
// public state, event, then step and result in turn, then the new public state or
// "cancel". It is the yardstick for the tables of the checker.
const originalMachine = `
uninitialized; initialize; GetAuthState Disconnected; disconnected
uninitialized; initialize; GetAuthState AuthIssues; EnsureDeviceCapabilities ok; connected
uninitialized; initialize; GetAuthState Connected; EnsureDeviceCapabilities ok; connected
uninitialized; initialize; GetAuthState Connected; EnsureDeviceCapabilities error; disconnected
uninitialized; initialize; GetAuthState Connected; EnsureDeviceCapabilities auth error; CheckAuthorizationStatus active; connected
uninitialized; initialize; GetAuthState Connected; EnsureDeviceCapabilities auth error; CheckAuthorizationStatus inactive; auth issues
uninitialized; initialize; GetAuthState Connected; EnsureDeviceCapabilities auth error; CheckAuthorizationStatus error; auth issues
disconnected; begin oauth; BeginOAuthFlow ok; authenticating
disconnected; begin oauth; BeginOAuthFlow error; cancel
disconnected; begin pairing; BeginPairingFlow ok; authenticating
disconnected; begin pairing; BeginPairingFlow error; cancel
authenticating; complete oauth; CompleteOAuthFlow ok; InitializeDevice ok; connected
authenticating; complete oauth; CompleteOAuthFlow ok; InitializeDevice error; disconnected
authenticating; complete oauth; CompleteOAuthFlow error; disconnected
authenticating; cancel oauth; disconnected
connected; disconnect; Disconnect ok; disconnected
connected; disconnect; Disconnect error; disconnected
connected; check authorization; CheckAuthorizationStatus active; connected
connected; check authorization; CheckAuthorizationStatus inactive; auth issues
connected; check authorization; CheckAuthorizationStatus error; auth issues
connected; get profile; GetProfile ok; connected
connected; get profile; GetProfile error; auth issues
auth issues; begin oauth; BeginOAuthFlow ok; authenticating
auth issues; begin oauth; BeginOAuthFlow error; cancel
auth issues; disconnect; disconnected
`

// resultOf reads a result of the yardstick.
func resultOf(t *testing.T, step CheckerStateKind, word string) CheckerEvent {
	t.Helper()
	switch word {
	case "error":
		return CheckerEvent{Kind: CheckerCallError}
	case "auth error":
		return CheckerEvent{Kind: CheckerEnsureCapabilitiesAuthError}
	case "active", "inactive":
		return CheckerEvent{Kind: CheckerCheckAuthorizationStatusSuccess, Active: word == "active"}
	case "ok":
		e := CheckerEvent{Kind: CheckerEventKind(string(step) + "Success")}
		if strings.HasPrefix(string(step), "Begin") {
			e.OAuthURL = fakeURL
		}
		return e
	}
	for _, s := range []AuthState{AuthStateDisconnected, AuthStateConnected, AuthStateAuthIssues} {
		if s.String() == word {
			return CheckerEvent{Kind: CheckerGetAuthStateSuccess, AuthState: s}
		}
	}
	t.Fatalf("no such result: %s %s", step, word)
	return CheckerEvent{}
}

// inPublic makes a checker that has arrived at a public state.
func inPublic(t *testing.T, kind StateKind) *StateChecker {
	t.Helper()
	c := NewStateChecker(nil)
	play := func(e Event, results ...CheckerEvent) {
		if err := c.PublicEvent(e); err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			if err := c.InternalEvent(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if kind == Uninitialized {
		return c
	}
	stored := CheckerEvent{Kind: CheckerGetAuthStateSuccess, AuthState: AuthStateConnected}
	switch kind {
	case Connected:
		play(EventInitialize{}, stored, CheckerEvent{Kind: CheckerEnsureDeviceCapabilitiesSuccess})
	case AuthIssues:
		play(EventInitialize{}, stored, CheckerEvent{Kind: CheckerEnsureCapabilitiesAuthError},
			CheckerEvent{Kind: CheckerCheckAuthorizationStatusSuccess})
	default:
		play(EventInitialize{}, CheckerEvent{Kind: CheckerGetAuthStateSuccess, AuthState: AuthStateDisconnected})
		if kind == Authenticating {
			play(EventBeginOAuth{}, CheckerEvent{Kind: CheckerBeginOAuthFlowSuccess, OAuthURL: "https://accounts.example/first"})
		}
	}
	if c.public.Kind != kind {
		t.Fatalf("arrived at %v, want %s", c.public, kind)
	}
	return c
}

func eventOf(t *testing.T, kind eventKind) Event {
	t.Helper()
	for _, e := range allEvents {
		if e.kind() == kind {
			return e
		}
	}
	t.Fatalf("no event %s", kind)
	return nil
}

// TestCheckerFollowsTheOriginal plays every run of the yardstick, and with every
// step tries every result that is not in it.
func TestCheckerFollowsTheOriginal(t *testing.T) {
	allowed := map[string]bool{}  // "public; step; result"
	starting := map[string]bool{} // "public; event"
	for line := range strings.Lines(strings.TrimSpace(originalMachine) + "\n") {
		parts := strings.Split(strings.TrimSpace(line), "; ")
		public, event, steps, end := StateKind(parts[0]), eventKind(parts[1]), parts[2:len(parts)-1], parts[len(parts)-1]
		starting[fmt.Sprint(public, "; ", event)] = true
		c := inPublic(t, public)
		before := c.public
		if err := c.PublicEvent(eventOf(t, event)); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		for _, s := range steps {
			name, word, _ := strings.Cut(s, " ")
			if err := c.CheckInternal(CheckerState{Kind: CheckerStateKind(name)}); err != nil {
				t.Errorf("%s: before %s: %v", line, s, err)
			}
			result := resultOf(t, CheckerStateKind(name), word)
			allowed[fmt.Sprint(public, "; ", name, "; ", result.input())] = true
			if err := c.InternalEvent(result); err != nil {
				t.Errorf("%s: after %s: %v", line, s, err)
			}
		}
		want := State{Kind: StateKind(end)}
		switch {
		case end == "cancel":
			want = before
		case want.Kind == Authenticating:
			want.OAuthURL = fakeURL
		}
		if err := c.CheckPublic(want); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, public := range allKinds {
		for _, e := range allEvents {
			err := inPublic(t, public).PublicEvent(e)
			if want := starting[fmt.Sprint(public, "; ", e.kind())]; (err == nil) != want {
				t.Errorf("%s in %s: %v", e.kind(), public, err)
			}
		}
		for _, step := range []CheckerStateKind{
			CheckerGetAuthState, CheckerBeginOAuthFlow, CheckerBeginPairingFlow, CheckerCompleteOAuthFlow, CheckerInitializeDevice,
			CheckerEnsureDeviceCapabilities, CheckerCheckAuthorizationStatus, CheckerDisconnect, CheckerGetProfile, CheckerComplete, CheckerCancel,
		} {
			for _, result := range allCheckerEvents {
				c := inPublic(t, public)
				c.internal = CheckerState{Kind: step}
				err := c.InternalEvent(result)
				want := allowed[fmt.Sprint(public, "; ", step, "; ", result.input())]
				if (err == nil) != want {
					t.Errorf("%s after %s in %s: %v, want allowed %v", result.Kind, step, public, err, want)
				}
			}
		}
	}
}

func TestCheckerReportsOnce(t *testing.T) {
	var reports []error
	c := NewStateChecker(func(err error) { reports = append(reports, err) })
	if err := c.CheckPublic(State{Kind: Connected}); !errors.Is(err, ErrCheckerMismatch) {
		t.Errorf("mismatch: %v", err)
	}
	for _, err := range []error{
		c.CheckPublic(State{Kind: Connected}), c.PublicEvent(EventDisconnect{}), c.PublicEvent(nil),
		c.InternalEvent(CheckerEvent{Kind: CheckerCallError}), c.CheckInternal(CheckerState{Kind: CheckerGetProfile}),
	} {
		if err != nil {
			t.Errorf("reported again: %v", err)
		}
	}
	if len(reports) != 1 {
		t.Errorf("%d reports", len(reports))
	}
	if err := NewStateChecker(nil).PublicEvent(nil); !errors.Is(err, ErrCheckerMismatch) {
		t.Errorf("no event: %v", err)
	}
}

// TestCheckerComparesValues: arguments and addresses count, and none of them is in
// a report.
func TestCheckerComparesValues(t *testing.T) {
	begin := EventBeginPairing{PairingURL: "https://secret.example/#key", Scopes: []string{"a", "b"}, Entrypoint: "menu"}
	right := CheckerState{Kind: CheckerBeginPairingFlow, PairingURL: begin.PairingURL, Scopes: []string{"a", "b"}, Entrypoint: "menu"}
	for name, change := range map[string]func(*CheckerState){
		"right":      nil,
		"scopes":     func(s *CheckerState) { s.Scopes = []string{"b", "a"} },
		"entrypoint": func(s *CheckerState) { s.Entrypoint = "tray" },
		"address":    func(s *CheckerState) { s.PairingURL = "https://other.example/" },
		"kind":       func(s *CheckerState) { s.Kind = CheckerBeginOAuthFlow },
	} {
		c := inPublic(t, Disconnected)
		if err := c.PublicEvent(begin); err != nil {
			t.Fatal(err)
		}
		got := right
		if change != nil {
			change(&got)
		}
		err := c.CheckInternal(got)
		if (err == nil) != (change == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "example") {
			t.Errorf("%s: the report holds an argument: %v", name, err)
		}
	}
	c := inPublic(t, Authenticating)
	if err := c.PublicEvent(EventCompleteOAuth{Code: "c", State: "s"}); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckInternal(CheckerState{Kind: CheckerCompleteOAuthFlow, Code: "c", OAuthState: "s"}); err != nil {
		t.Error(err)
	}
	if err := c.CheckPublic(State{Kind: Authenticating}); err == nil {
		t.Error("a step under way was taken for the end")
	}
	c = inPublic(t, Authenticating)
	if err := c.CheckPublic(State{Kind: Authenticating, OAuthURL: "https://accounts.example/other"}); err == nil {
		t.Error("another page was taken for ours")
	}
}

// translated says what a step of our machine is called in the original's, and what
// a result is. Where the two machines part on purpose ok is false.
func translated(s step, how outcome, url string) (state CheckerStateKind, event CheckerEvent, ok bool) {
	successes := map[step]CheckerEventKind{
		stepBeginOAuth: CheckerBeginOAuthFlowSuccess, stepBeginPair: CheckerBeginPairingFlowSuccess,
		stepComplete: CheckerCompleteOAuthFlowSuccess, stepRegister: CheckerInitializeDeviceSuccess,
		stepEnsure: CheckerEnsureDeviceCapabilitiesSuccess, stepDisconnect: CheckerDisconnectSuccess,
		stepProfile: CheckerGetProfileSuccess,
	}
	switch {
	case s == stepStored:
		saved := map[outcome]AuthState{storedDisconnected: AuthStateDisconnected, storedConnected: AuthStateConnected}
		auth, same := saved[how]
		return CheckerGetAuthState, CheckerEvent{Kind: CheckerGetAuthStateSuccess, AuthState: auth}, same
	case s == stepCheck:
		return CheckerCheckAuthorizationStatus,
			CheckerEvent{Kind: CheckerCheckAuthorizationStatusSuccess, Active: how == done}, how == done || how == dead
	case how == done && successes[s] != "":
		kind := successes[s]
		e := CheckerEvent{Kind: kind}
		if s == stepBeginOAuth || s == stepBeginPair {
			e.OAuthURL = url
		}
		return CheckerStateKind(strings.TrimSuffix(string(kind), "Success")), e, true
	case how != done && (s == stepBeginOAuth || s == stepBeginPair):
		return CheckerStateKind(strings.TrimSuffix(string(successes[s]), "Success")), CheckerEvent{Kind: CheckerCallError}, true
	case how == dead && s == stepProfile:
		return CheckerGetProfile, CheckerEvent{Kind: CheckerCallError}, true
	case how == failedOther && s == stepComplete:
		return CheckerCompleteOAuthFlow, CheckerEvent{Kind: CheckerCallError}, true
	}
	return "", CheckerEvent{}, false
}

// TestCheckerWatchesOurMachine runs our machine and the checker side by side through
// whole lives, as far as the two are meant to agree.
func TestCheckerWatchesOurMachine(t *testing.T) {
	fine := func() *scripted { return &scripted{active: true} }
	failing := func(s step, err error) *scripted {
		return &scripted{active: true, fails: map[step]error{s: err}}
	}
	connected := fine()
	connected.saved = AuthStateConnected
	type act struct {
		event  Event
		script *scripted
	}
	begin := act{EventBeginOAuth{Scopes: []string{"profile"}, Entrypoint: "x"}, fine()}
	complete := act{EventCompleteOAuth{Code: "c", State: "s"}, fine()}
	for name, life := range map[string][]act{
		"a whole life": {
			{EventInitialize{}, fine()},
			begin, complete,
			{EventCheckAuthorization{}, fine()},
			{EventCallGetProfile{}, fine()},
			{EventDisconnect{}, fine()},
			begin,
			{EventCancelOAuth{}, fine()},
			{EventBeginPairing{PairingURL: "p"}, fine()},
			complete,
		},
		"signed in at the start": {{EventInitialize{}, connected}, {EventDisconnect{}, fine()}},
		"the server ends it": {
			{EventInitialize{}, connected}, {EventCheckAuthorization{}, &scripted{}}, begin, complete,
		},
		"ended, then signed out": {
			{EventInitialize{}, connected}, {EventCallGetProfile{}, &scripted{fails: failingAll(ErrAuthentication)}}, {EventDisconnect{}, fine()},
		},
		"no page": {{EventInitialize{}, fine()}, {EventBeginOAuth{}, failing(stepBeginOAuth, ErrOther)}, begin},
		"bad code": {
			{EventInitialize{}, fine()}, begin, {EventCompleteOAuth{}, failing(stepComplete, ErrSignInExpired)}, begin,
		},
	} {
		t.Run(name, func(t *testing.T) {
			checker := NewStateChecker(nil)
			state := State{Kind: Uninitialized}
			for i, a := range life {
				if err := checker.PublicEvent(a.event); err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
				r := runner{ops: a.script, watch: func(s step, how outcome, url string) {
					if s == stepCancel || state.Kind == AuthIssues && s == stepDisconnect {
						return // done without a step in the original
					}
					kind, result, ok := translated(s, how, url)
					if !ok {
						t.Fatalf("event %d: the machines part at %s, %s", i, s, how)
					}
					if kind != checker.internal.Kind {
						t.Errorf("event %d: our step is %s, the original's %s", i, kind, checker.internal.Kind)
					}
					if err := checker.InternalEvent(result); err != nil {
						t.Errorf("event %d: %v", i, err)
					}
				}}
				state, _ = r.run(t.Context(), state, a.event)
				if err := checker.CheckPublic(state); err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
			}
		})
	}
}
