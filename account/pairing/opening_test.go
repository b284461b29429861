package pairing

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// dialGivesUp is when the network gives up a connection attempt.
const dialGivesUp = 2 * time.Minute

// deadRelay is one that no connection reaches.
func deadRelay() Relay {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		select { // net/http lets a connection attempt outlive its request
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(dialGivesUp):
			return nil, errTest
		}
	}
	return Relay{URL: "wss://relay.example.com/base/path", HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// muteRelay is one that takes connections and says nothing.
func muteRelay() Relay {
	dial := func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go func() {
			buffer := make([]byte, 1024)
			for {
				if _, err := there.Read(buffer); err != nil {
					return
				}
			}
		}()
		return here, nil
	}
	return Relay{URL: "ws://127.0.0.1:1", HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// opened starts an end on a relay that leads nowhere.
func opened(t *testing.T, relay Relay, acct *account, supplicant bool) (run *party) {
	t.Helper()
	p := &party{t: t, account: acct, done: make(chan error, 1)}
	if supplicant {
		s, err := NewSupplicant(SupplicantParams{
			Address: production + "/pair#channel_id=" + goodID + "&channel_key=" + goodKey,
			Server:  production, Relay: relay, Redeemer: acct, Changed: p.changed,
		})
		if err != nil {
			t.Fatal(err)
		}
		p.supp, p.flow = s, s.flow
		p.run(s.Run)
		return p
	}
	a, err := NewAuthority(AuthorityParams{Server: production, Relay: relay, Granter: acct, Changed: p.changed})
	if err != nil {
		t.Fatal(err)
	}
	p.auth, p.flow = a, a.flow
	p.run(a.Run)
	return p
}

func TestNothingAtTheRelay(t *testing.T) {
	for name, relay := range map[string]func() Relay{"dead": deadRelay, "mute": muteRelay} {
		for _, supplicant := range []bool{false, true} {
			side := map[bool]string{false: "authority", true: "supplicant"}[supplicant]
			t.Run(name+"/"+side+"/gives up", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					p := opened(t, relay(), newAccount(), supplicant)
					p.ends(ErrRelayUnreachable)
					if d := p.endAt.Sub(began); d != openTime && d != joinTime {
						t.Errorf("after %v", d)
					}
					p.cancel()
					checkNoSecrets(t, p, p.flow.Status().Err)
					time.Sleep(dialGivesUp)
				})
			})
			t.Run(name+"/"+side+"/cancelled", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := opened(t, relay(), newAccount(), supplicant)
					time.Sleep(time.Second)
					synctest.Wait()
					p.flow.Cancel()
					p.endsSoon(ErrCancelled)
					if supplicant && p.account.abandoned != 1 {
						t.Errorf("abandoned %d times", p.account.abandoned)
					}
					time.Sleep(dialGivesUp)
				})
			})
		}
	}
}

// TestEndOfContext: the end of Run's context is a cancellation, wherever it comes.
func TestEndOfContext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth, supp := w.pair()
		auth.cancel()
		auth.endsSoon(ErrCancelled)
		supp.endsSoon(ErrPeerCancelled)
	})
}

// TestConfirmGivesUp: a confirmation obeys its own context while a two-step code is being checked.
func TestConfirmGivesUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acct := &slowTwoStep{account: newAccount()}
		relay, wr := w.relayFor("")
		p := w.newParty(wr, acct.account)
		a, err := NewAuthority(AuthorityParams{Server: w.svc.URL(), Relay: relay, Granter: acct, TwoStep: acct, Metadata: named, Changed: p.changed})
		if err != nil {
			t.Fatal(err)
		}
		p.auth, p.flow = a, a.flow
		p.run(a.Run)
		w.supplicant(newAccount(), p.address())
		p.is(Asked)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Confirm(ctx, "123456"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		// While one is being checked, another is not taken.
		if err := a.Confirm(t.Context(), "123456"); !errors.Is(err, ErrNotNow) {
			t.Errorf("%v", err)
		}
		time.Sleep(twoStepTime)
		if st := p.flow.Status(); !errors.Is(st.Err, ErrTwoStepUnchecked) || st.ConfirmedHere {
			t.Errorf("%+v", st)
		}
		// A check that is under way does not outlive the pairing.
		ended := make(chan error)
		go func() { ended <- a.Confirm(context.WithoutCancel(ctx), "123456") }()
		synctest.Wait()
		a.Cancel()
		if err := <-ended; !errors.Is(err, ErrEnded) {
			t.Errorf("%v", err)
		}
		p.endsSoon(ErrCancelled)
	})
}

// slowTwoStep checks codes until nobody waits any more.
type slowTwoStep struct{ *account }

func (s *slowTwoStep) Required(context.Context) (bool, error) { return true, nil }

func (s *slowTwoStep) Verify(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestRelayWantsSilence: what the relay asked for in answer to a handshake is kept, in full, for whoever pairs next;
// a short wish is waited for while the code is renewed.
func TestRelayWantsSilence(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		retryAfter string
		wait       time.Duration
	}{
		"seconds":         {http.StatusServiceUnavailable, "7200", 2 * time.Hour},
		"no time":         {http.StatusTooManyRequests, "", 30 * time.Second},
		"milliseconds":    {http.StatusTooManyRequests, "120000", 2 * time.Minute},
		"another refusal": {http.StatusBadGateway, "7200", 0},
		"a date":          {http.StatusServiceUnavailable, "date", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dials := 0
				silence := new(Silence)
				relay := Relay{URL: "wss://relay.example.com", Silence: silence, HTTPClient: &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
					dials++
					value := c.retryAfter
					if value == "date" {
						value = time.Now().Add(c.wait).UTC().Format(http.TimeFormat)
					}
					return &http.Response{
						StatusCode: c.status, Header: http.Header{"Retry-After": {value}}, Body: http.NoBody, Request: r,
						Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
					}, nil
				})}}
				run := func() error {
					a, err := NewAuthority(AuthorityParams{Server: "https://accounts.firefox.com", Relay: relay, Granter: newAccount()})
					if err != nil {
						t.Fatal(err)
					}
					return a.Run(t.Context())
				}
				began := time.Now()
				err := run()
				var busy *BusyError
				if !errors.Is(err, ErrRelayUnreachable) || errors.As(err, &busy) != (c.wait > 0) {
					t.Fatalf("ended with %v", err)
				}
				if c.wait == 0 {
					return
				}
				if left := busy.Until.Sub(began); left < c.wait-time.Second || left > c.wait+time.Second {
					t.Errorf("asked to wait %v, want %v", left, c.wait)
				}
				time.Sleep(c.wait - 2*time.Second)
				if err := run(); !errors.As(err, &busy) || dials != 1 {
					t.Errorf("within the wait: %v, dialled %d times", err, dials)
				}
				time.Sleep(3 * time.Second)
				if err := run(); !errors.As(err, &busy) || dials != 2 {
					t.Errorf("after it: %v, dialled %d times", err, dials)
				}
				if left := time.Until(busy.Until); c.retryAfter == "" && left != time.Minute {
					t.Errorf("the second wait of our own is %v", left)
				}
			})
		})
	}
}

// tripper is a transport of one function.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
