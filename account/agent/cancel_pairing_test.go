package agent_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// quietRelay is a network on which, from a moment on, nothing of the pairing's other side arrives.
type quietRelay struct {
	next  http.RoundTripper
	quiet atomic.Bool
}

func (q *quietRelay) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := q.next.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols || !strings.HasPrefix(r.URL.Path, "/v1/ws") {
		return response, err
	}
	response.Body = &quietStream{ReadWriteCloser: response.Body.(io.ReadWriteCloser), quiet: &q.quiet, closed: make(chan struct{})}
	return response, nil
}

type quietStream struct {
	io.ReadWriteCloser
	quiet  *atomic.Bool
	once   sync.Once
	closed chan struct{}
}

func (s *quietStream) Read(p []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(p)
	if s.quiet.Load() {
		<-s.closed
		return 0, io.ErrClosedPipe
	}
	return n, err
}

func (s *quietStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadWriteCloser.Close()
}

// joined brings two installations to the point where both people are asked.
func joined(t *testing.T, w *world, relay *quietRelay) (desk, lap *station) {
	t.Helper()
	onRelay := func(p *agent.Params) {
		w.inBubble(p)
		relay.next, p.PushTransport = p.Transport, p.Transport
		p.Transport = relay
	}
	desk, lap = w.station("Desk", onRelay).run().signIn(), w.station("Laptop", onRelay).run()
	if err := desk.face.ShowPairing(t.Context()); err != nil {
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
	desk.pairingState(localapi.PairAsked)
	lap.pairingState(localapi.PairConfirming)
	return desk, lap
}

// Who cancels sees that at once, although the goodbye to a peer that has gone silent takes its time;
// what comes next waits for it and is not disturbed by it.
func TestCancelPairingIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"the one that shows", "the one that reads"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				var relay quietRelay
				desk, lap := joined(t, w, &relay)
				who := desk
				if side == "the one that reads" {
					who = lap
				}
				relay.quiet.Store(true)
				cancelled := make(chan error, 1)
				go func() { cancelled <- who.face.CancelPairing(t.Context()) }()
				rest(100 * time.Millisecond)
				snap := who.snapshot()
				if snap.Pairing != nil || snap.Account.State == localapi.SigningIn {
					t.Errorf("a moment later: %s", describe(snap))
				}
				select {
				case err := <-cancelled:
					t.Errorf("the goodbye was not waited for: %v", err)
				default:
				}
				relay.quiet.Store(false) // for what is begun from now on
				if who == lap {
					lap.signIn()
				} else if err := desk.face.ShowPairing(t.Context()); err != nil {
					t.Error(err)
				}
				if err := <-cancelled; err != nil {
					t.Error(err)
				}
				rest(time.Minute)
				if snap := who.snapshot(); snap.Account.State != localapi.SignedIn {
					t.Errorf("a minute later: %s", describe(snap))
				}
			})
		})
	}
}

// A pairing that has signed in is not given up because the profile could not be fetched at first.
func TestPairingAsksForTheProfileAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failures int
		want     localapi.PairingState
		state    localapi.AccountState
	}{
		"twice":   {2, localapi.PairDone, localapi.SignedIn},
		"forever": {-1, localapi.PairFailed, localapi.SignedOut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := joined(t, w, &quietRelay{})
				if err := desk.face.ConfirmPairing(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				w.svc.Faults.Next("GET /v1/profile", http.StatusInternalServerError, accounttest.Times(c.failures))
				if err := lap.face.ConfirmPairing(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
				if got := lap.pairingState(localapi.PairDone, localapi.PairFailed); got.State != c.want {
					t.Errorf("the laptop ends with %+v", got)
				}
				rest(time.Minute)
				if snap := lap.snapshot(); snap.Account.State != c.state {
					t.Errorf("afterwards: %+v", snap.Account)
				}
				if n := len(w.acct.Devices()); (n == 2) != (c.state == localapi.SignedIn) {
					t.Errorf("the account has %d devices", n)
				}
			})
		})
	}
}
