package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/account"
)

// The matrix runs every method that asks the network against everything that can go
// wrong with a request. What a service answers when all is well is recorded once for
// each method; then it is played back to an account restored from the same state,
// with one route spoilt.

// probe is a method under test.
type probe struct {
	// prepare brings the account, on a real service, into the state to start from.
	prepare func(w *matrixWorld)
	// arm is what must happen before the request that is looked at, in memory; it
	// may ask for discovery only, and may be nil.
	arm func(ctx context.Context, w *matrixWorld, a *account.Account) error
	do  func(ctx context.Context, w *matrixWorld, a *account.Account) error
	// local says that the method asks for discovery and nothing else.
	local bool
	// spares reports whether a failure of a route with this class may pass without an
	// error: what is only done as well as can be.
	spares func(route string, class error) bool
	// class corrects what error is expected for a refusal, where a method knows more
	// than the numbers say; nil is no error, and the second result false is no
	// correction.
	class func(route string, r refusal) (error, bool)
	// keeps lists members of the state that a failing call may change.
	keeps []string
	// device says that the method uses device routes.
	device bool
}

// matrixWorld is a service with an account in a known state, and what belongs to it.
type matrixWorld struct {
	*scene
	a       *account.Account
	peer    *account.Account
	peerID  string
	session string // another session of the owner
	code    string
	base    []byte
	tape    *tape
}

// tape holds what a service answered, by route.
type tape struct {
	mu      sync.Mutex
	answers map[string][]recording
}

type recording struct {
	status int
	header http.Header
	body   []byte
}

func (r recording) response(to *http.Request) *http.Response {
	return &http.Response{
		StatusCode: r.status, Header: r.header.Clone(), Body: io.NopCloser(bytes.NewReader(r.body)),
		ContentLength: int64(len(r.body)), Request: to, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
}

func routeOf(r *http.Request) string { return r.Method + " " + r.URL.Path }

func discoveryRoute(route string) bool { return strings.Contains(route, "/.well-known/") }

// recorder passes requests on and keeps the answers.
type recorder struct {
	below http.RoundTripper
	tape  *tape
}

func (c recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.below.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	kept := recording{response.StatusCode, response.Header, body}
	c.tape.mu.Lock()
	c.tape.answers[routeOf(r)] = append(c.tape.answers[routeOf(r)], kept)
	c.tape.mu.Unlock()
	return kept.response(r), nil
}

// player answers from a tape; a spoilt route gets something else.
type player struct {
	tape  *tape
	route string // "" spoils nothing
	spoil func(r *http.Request, good recording) (*http.Response, error)

	mu     sync.Mutex
	played map[string]int
	asked  int
	spoilt int
	told   []error
}

// hear is the outcome hook of the account that is played to.
func (p *player) hear(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, err)
}

// checkTold asserts what the account tells of a call that ended with err: every
// request, and a refused token once, exactly when the call failed with it.
func (p *player) checkTold(t *testing.T, what string, err error) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var remote *account.RemoteError
	refused, told := errors.As(err, &remote) && errors.Is(remote, account.ErrAuthentication) && remote.Space != "content", 0
	if strings.Contains(t.Name(), "/ProcessEvent") {
		refused = false // looked into already
	}
	for _, e := range p.told {
		if errors.Is(e, account.ErrAuthentication) {
			told++
		}
	}
	silent := strings.HasSuffix(t.Name(), "/MetricsFlow") // what becomes of statistics is told to nobody
	if refused != (told == 1) || told > 1 || (p.asked > 0 && len(p.told) == 0) != (silent && p.asked > 0) {
		t.Errorf("%s: %d requests, %v was told of %v", what, p.asked, p.told, err)
	}
}

func (p *player) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	route := routeOf(r)
	p.mu.Lock()
	list := p.tape.answers[route]
	n := p.played[route]
	if p.played == nil {
		p.played = make(map[string]int)
	}
	p.played[route]++
	p.asked++
	spoil := route == p.route
	if spoil {
		p.spoilt++
	}
	p.mu.Unlock()
	good := recording{status: 200, header: http.Header{"Content-Type": {"application/json"}}, body: []byte(`{}`)}
	switch {
	case len(list) > 0:
		good = list[min(n, len(list)-1)]
	case route == introspectRoute:
		good.body = []byte(`{"active":true}`)
	}
	if spoil {
		return p.spoil(r, good)
	}
	return good.response(r), nil
}

// newMatrixWorld prepares a service for a probe and records the probe on it.
func newMatrixWorld(t *testing.T, p probe) *matrixWorld {
	t.Helper()
	w := &matrixWorld{scene: lab(t)}
	w.peer = w.account()
	w.signIn(w.peer)
	w.register(w.peer)
	w.a = w.account()
	w.signIn(w.a)
	w.register(w.a)
	var err error
	w.peerID, err = w.peer.CurrentDeviceID()
	ok(t, "the peer's id", err)
	id, err := w.a.CurrentDeviceID()
	ok(t, "the own id", err)
	_, err = w.peer.SendTab(t.Context(), id, "A title", "https://example.com/received")
	ok(t, "the peer's tab", err)
	w.session = w.owner.NewSession()
	if p.prepare != nil {
		p.prepare(w)
	}
	w.base, err = w.a.Snapshot()
	ok(t, "Snapshot", err)
	w.tape = &tape{answers: make(map[string][]recording)}
	transport := w.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	a := w.again(t, recorder{transport, w.tape}, nil)
	err = w.run(t.Context(), p, a)
	if _, corrected := p.correction("", refusal{}); err != nil && !corrected {
		t.Fatalf("the recording failed: %v", err)
	}
	return w
}

func (p probe) correction(route string, r refusal) (error, bool) {
	if p.class == nil {
		return nil, false
	}
	return p.class(route, r)
}

// again is the account as it was, with randomness that repeats itself.
func (w *matrixWorld) again(t *testing.T, transport http.RoundTripper, saver account.Saver) *account.Account {
	t.Helper()
	opts := []account.Option{
		account.WithTransport(transport), account.WithClock(w.clock), account.WithRandom(rand.NewChaCha8([32]byte{7})),
		account.WithCommandFetch(), account.WithMetricsGate(allowed),
	}
	if saver != nil {
		opts = append(opts, account.WithSaver(saver))
	}
	if pl, is := transport.(*player); is {
		opts = append(opts, account.WithOutcome(pl.hear))
	}
	a, err := account.Restore(w.base, opts...)
	ok(t, "Restore", err)
	return a
}

func (w *matrixWorld) run(ctx context.Context, p probe, a *account.Account) error {
	if p.arm != nil {
		if err := p.arm(ctx, w, a); err != nil {
			return fmt.Errorf("arming: %w", err)
		}
	}
	return p.do(ctx, w, a)
}

// routes are the API routes of the recording, or those of discovery.
func (w *matrixWorld) routes(discovery bool) []string {
	var list []string
	for route := range maps.Keys(w.tape.answers) {
		if discoveryRoute(route) == discovery {
			list = append(list, route)
		}
	}
	slices.Sort(list)
	return list
}

// trial is one call of a probe with a route spoilt.
type trial struct {
	*player
	a      *account.Account
	before []byte // the state when the call began
	err    error
}

// spoil runs the probe with one route spoilt.
func (w *matrixWorld) spoil(t *testing.T, p probe, route string, how func(*http.Request, recording) (*http.Response, error)) trial {
	t.Helper()
	pl := &player{tape: w.tape, route: route, spoil: how}
	a, before := w.armed(t, p, pl, nil)
	pl.told, pl.asked = nil, 0
	err := p.do(t.Context(), w, a)
	pl.checkTold(t, route, err)
	return trial{pl, a, before, err}
}

// armed is the account ready for the call of a probe, and its state.
func (w *matrixWorld) armed(t *testing.T, p probe, pl *player, saver account.Saver) (*account.Account, []byte) {
	t.Helper()
	a := w.again(t, pl, saver)
	if p.arm != nil {
		ok(t, "arming", p.arm(t.Context(), w, a))
	}
	before, err := a.Snapshot()
	ok(t, "Snapshot", err)
	return a, before
}

// secrets are the texts that no error may hold.
func (w *matrixWorld) secrets(t *testing.T) []string {
	t.Helper()
	var state map[string]any
	ok(t, "the state", json.Unmarshal(w.base, &state))
	list := []string{bodySecret, email, w.owner.UID(), w.session, w.code}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				if text, is := inner.(string); is && slices.Contains([]string{"token", "k", "kid", "session_token", "etag"}, name) {
					list = append(list, text)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(state)
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// bodySecret stands in every body of a refusal.
const bodySecret = "what-only-the-server-may-say"

// classes of which every error has exactly one.
var classes = map[string]error{
	"ErrAuthentication": account.ErrAuthentication, "ErrForbidden": account.ErrForbidden, "ErrNetwork": account.ErrNetwork,
	"ErrNoAuthFlow": account.ErrNoAuthFlow, "ErrWrongAuthFlow": account.ErrWrongAuthFlow, "ErrOriginMismatch": account.ErrOriginMismatch,
	"ErrSyncKeyMissing": account.ErrSyncKeyMissing, "ErrInternal": account.ErrInternal, "ErrOther": account.ErrOther,
}

// checkError asserts what holds for every error of the package.
func checkError(t *testing.T, what string, err error, secrets []string) {
	t.Helper()
	var of []string
	for name, class := range classes {
		if errors.Is(err, class) {
			of = append(of, name)
		}
	}
	if len(of) != 1 || of[0] == "ErrInternal" {
		t.Errorf("%s: %v is of the classes %v", what, err, of)
	}
	for _, secret := range secrets {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("%s: the error holds a secret: %v", what, err)
		}
	}
	if strings.Contains(err.Error(), "?") || strings.Contains(err.Error(), "http://") {
		t.Errorf("%s: the error holds an address: %v", what, err)
	}
}

// sameState asserts that a failed call left the state alone.
func sameState(t *testing.T, what string, a *account.Account, was []byte, keeps []string) {
	t.Helper()
	text, err := a.Snapshot()
	ok(t, "Snapshot", err)
	if bytes.Equal(text, was) {
		return
	}
	var before, after map[string]json.RawMessage
	ok(t, "the state before", json.Unmarshal(was, &before))
	ok(t, "the state", json.Unmarshal(text, &after))
	for name := range union(before, after) {
		if name == "waits" || name == "waits_at" {
			continue // the server's wish outlives the call that met it
		}
		if !slices.Contains(keeps, name) && !bytes.Equal(before[name], after[name]) {
			t.Errorf("%s: the failed call changed %s", what, name)
		}
	}
}

func union[V any](a, b map[string]V) map[string]bool {
	all := make(map[string]bool)
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return all
}
