package agent_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Right after a sign-in nobody knows yet whose account it is: it is asked for before a code is shown, so that
// who reads the code sees it, and without an answer no code is shown.
func TestPairingNamesTheAccount(t *testing.T) {
	t.Parallel()
	const profile = "GET /v1/profile"
	for name, c := range map[string]struct {
		status int
		wait   time.Duration
		want   localapi.Code
	}{
		"the profile comes":         {http.StatusInternalServerError, 0, ""},
		"the server is busy":        {http.StatusServiceUnavailable, 0, localapi.CodeBackoff},
		"the server does not speak": {0, time.Hour, localapi.CodeOffline},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := w.station("Desk", w.inBubble).run(), w.station("Laptop", w.inBubble).run()
				times := accounttest.Times(1) // the roster's own
				if c.want != "" {
					times = accounttest.Times(-1)
				}
				w.svc.Faults.Next(profile, c.status, accounttest.Delay(c.wait), times)
				page, err := desk.face.BeginSignIn(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				redirect, err := w.svc.Approve(page.URL, w.acct)
				if err != nil {
					t.Fatal(err)
				}
				if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
					t.Fatal(err)
				}
				rest(time.Second)
				if s := desk.snapshot(); s.Account.Email != "" {
					t.Fatalf("the profile is known: %s", describe(s))
				}
				begun := time.Now()
				err = desk.face.ShowPairing(t.Context())
				if c.want != "" {
					if code(err) != c.want || time.Since(begun) > time.Minute || desk.snapshot().Pairing != nil {
						t.Errorf("%v after %v, %+v", err, time.Since(begun), desk.snapshot().Pairing)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				desk.pairingState(localapi.PairShowing)
				address, err := desk.face.PairingCode(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := lap.face.JoinPairing(t.Context(), address); err != nil {
					t.Fatal(err)
				}
				if p := lap.pairingState(localapi.PairConfirming); p.Peer == nil || p.Peer.Email != "someone@example.com" {
					t.Errorf("the other side sees %+v", p.Peer)
				}
			})
		})
	}
}

// stingy is the way to a server that issues no session.
type stingy struct{ next http.RoundTripper }

func (s stingy) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if err != nil || r.URL.Path != "/v1/oauth/token" {
		return response, err
	}
	var answer map[string]any
	if err := errors.Join(json.NewDecoder(response.Body).Decode(&answer), response.Body.Close()); err != nil {
		return nil, err
	}
	delete(answer, "session_token")
	text, err := json.Marshal(answer)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	response.Header.Del("Content-Length")
	return response, err
}

// Where the server issues no session nobody is sent in a circle.
func TestPairingWithoutASession(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.PushTransport, p.Transport = p.Transport, stingy{p.Transport} }).run()
		page, err := desk.face.BeginSignIn(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := w.svc.Approve(page.URL, w.acct)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		err = desk.face.ShowPairing(t.Context())
		e, ok := err.(*localapi.Error)
		if !ok || e.Code != localapi.CodeUnsupported || e.Hint == "" || strings.Contains(e.Hint, "sign out") || e.Said.Key != "pair.no_session" {
			t.Errorf("%#v", err)
		}
		if s := desk.snapshot(); strings.Contains(s.Clients.Problem, "sign out") || s.Account.HasSession {
			t.Errorf("%+v", s.Clients)
		}
	})
}

// A device that was let in and says nothing any more is told of within a minute, on either side, and no longer
// once it speaks; a yes after the end is answered with why it ended.
func TestSilenceOfTheOtherDevice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := joined(t, w, &quietRelay{})
		for _, s := range []*station{desk, lap} {
			if p := s.snapshot().Pairing; p.Silent || !p.Scanned && p.Authority {
				t.Errorf("before a yes: %+v", p)
			}
		}
		if err := desk.face.ConfirmPairing(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		rest(44 * time.Second)
		if desk.snapshot().Pairing.Silent {
			t.Error("told too soon")
		}
		rest(2 * time.Second)
		if p := desk.snapshot().Pairing; !p.Silent || p.ProblemSaid.Key != "pair.silent" || p.State.Ended() {
			t.Errorf("after 46 s: %+v", p)
		}
		if p := lap.snapshot().Pairing; p.Silent || p.Problem != "" {
			t.Errorf("the one that is waited for: %+v", p)
		}
		if err := lap.face.ConfirmPairing(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		rest(10 * time.Second)
		for _, s := range []*station{desk, lap} {
			if p := s.snapshot().Pairing; p == nil || p.State != localapi.PairDone || p.Silent || p.Problem != "" {
				t.Errorf("in the end: %+v", p)
			}
		}
	})
	bubble(t, func(t *testing.T, w *world) {
		var relay quietRelay
		desk, lap := joined(t, w, &relay)
		if err := lap.face.ConfirmPairing(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		relay.quiet.Store(true) // the authority has gone, and nothing tells
		rest(46 * time.Second)
		if p := lap.snapshot().Pairing; !p.Silent || p.State != localapi.PairWaiting {
			t.Errorf("the one that reads, after 46 s: %+v", p)
		}
		if err := lap.face.CancelPairing(t.Context()); err != nil {
			t.Error(err)
		}
		rest(time.Hour)
		if p := desk.snapshot().Pairing; p == nil || p.Silent || p.State != localapi.PairTimedOut {
			t.Errorf("the one that shows, in the end: %+v", p)
		}
		if err := desk.face.ConfirmPairing(t.Context(), ""); code(err) != localapi.CodeConflict || !strings.HasPrefix(err.Error(), "Time ran out.") {
			t.Errorf("a yes after the end: %v", err)
		}
	})
}
