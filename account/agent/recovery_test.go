package agent_test

import (
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// recovery is how long it may take until tabs move again once a fault has ended.
const recovery = 10 * time.Second

// One fault of any kind, of a poll or of a send, holds a tab up for ten seconds at most.
func TestRecovery(t *testing.T) {
	t.Parallel()
	with := func(options ...accounttest.FaultOption) []accounttest.FaultOption { return options }
	body := func(text string) []accounttest.FaultOption {
		return with(accounttest.RawBody("application/json", text))
	}
	for name, c := range map[string]struct {
		status  int
		options []accounttest.FaultOption
	}{
		"an error":        {http.StatusInternalServerError, nil},
		"a proxy's error": {http.StatusBadGateway, with(accounttest.HTML())},
		"a hotel's page":  {http.StatusOK, with(accounttest.RawBody("text/html", "<html>hotel</html>"))},
		"a redirect":      {http.StatusFound, with(accounttest.HTML())},
		"a lost reply":    {0, with(accounttest.LoseReply())},
		"a reset":         {0, with(accounttest.DropConnection())},
		"null":            {http.StatusOK, body("null")},
		"half an answer":  {http.StatusOK, body(`{"index":1,"last":tr`)},
		"ten megabytes":   {http.StatusOK, body(`"` + strings.Repeat("x", 10<<20) + `"`)},
		"a hung request":  {0, with(accounttest.Delay(time.Hour))},
	} {
		for _, route := range []string{invoke, commands} {
			t.Run(name+" of "+route, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
					to := desk.alertable("Laptop")
					rest(time.Hour)
					w.svc.Faults.Next(route, c.status, c.options...)
					sent := desk.send(to, "https://example.com/", "")
					rest(recovery)
					got, err := desk.face.Sent(t.Context(), sent.ID)
					n := lap.snapshot().Inbox.Total
					if err != nil || got.State != localapi.SendAlerted || n != 1 && !(n == 2 && got.MayBeTwice) {
						t.Errorf("ten seconds later %d tabs; %+v, %v", n, got, err)
					}
				})
			})
		}
	}
}

// Who signs out while the server wants silence is signed out there as soon as that has ended.
func TestSignOutWithinBackoff(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour)
		w.svc.Faults.Next(commands, http.StatusTooManyRequests, accounttest.RetryAfter(100))
		if err := desk.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(time.Second)
		if err := desk.face.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		rest(98 * time.Second)
		if w.liveTokens() == 0 {
			t.Error("asked within the silence")
		}
		rest(14 * time.Second) // up to a tenth is spread
		if n := w.liveTokens(); n != 0 {
			t.Errorf("%d tokens live after it", n)
		}
	})
}

// Whoever is killed while the server wants silence keeps it after the restart too, however short it is and whether
// the server named a time or not; nor does a person's command break it.
func TestKilledWithinSilence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts []accounttest.FaultOption
		wait time.Duration
	}{
		"half a minute":  {[]accounttest.FaultOption{accounttest.RetryAfter(30)}, 30 * time.Second},
		"without a time": {nil, 30 * time.Second},
		"six hours":      {[]accounttest.FaultOption{accounttest.RetryAfter(6 * 3600)}, 6 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbleWith(t, []accounttest.Option{accounttest.SeparateBases()}, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				to := w.station("Laptop", w.inBubble).run().signIn()
				device := desk.alertable("Laptop")
				to.end()
				rest(time.Hour)
				w.svc.Faults.Next(commands, http.StatusTooManyRequests, c.opts...)
				if err := desk.face.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				rest(time.Second)
				began := time.Now()
				kept, err := os.ReadFile(desk.storeFile())
				if err != nil {
					t.Fatal(err)
				}
				desk.end()
				if err := os.WriteFile(desk.storeFile(), kept, 0o600); err != nil {
					t.Fatal(err)
				}
				w.svc.ForgetRequests()
				desk.run().await("the restart", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedIn })
				desk.send(device, "https://example.com/", "")
				pause := (c.wait - time.Since(began) - 2*time.Second) / 5
				for range 5 {
					if err := desk.face.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
					if err := desk.face.RenameDevice(t.Context(), "Other"); code(err) != localapi.CodeBackoff {
						t.Errorf("a command of a person: %v", err)
					}
					rest(pause)
				}
				for _, r := range w.svc.Requests() {
					if _, path, _ := strings.Cut(r.Route, " "); strings.HasPrefix(path, "/v1/account/") || strings.HasPrefix(path, "/v1/oauth/") {
						t.Errorf("asked for %s %v before the end", r.Route, c.wait-r.Time.Sub(began))
					}
				}
				if s := desk.snapshot().Connection; s.BackoffUntil.IsZero() || s.Problem == "" {
					t.Errorf("the wait is not shown: %+v", s)
				}
				rest(c.wait/10 + 5*time.Second)
				if s := desk.snapshot().Connection; !s.BackoffUntil.IsZero() || s.Problem != "" || w.count(commands, invoke) < 2 {
					t.Errorf("after the wait: %+v, %d requests", s, w.count(commands, invoke))
				}
			})
		})
	}
}

// What the server has switched off, or blocked, does not become a stream of questions, and nothing else suffers.
func TestFeatureOffAndBlocked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		opts   []accounttest.FaultOption
		most   int // polls in ten hours
	}{
		"off":     {http.StatusForbidden, []accounttest.FaultOption{accounttest.Errno(202), accounttest.RetryAfter(30)}, 11},
		"blocked": {http.StatusBadRequest, []accounttest.FaultOption{accounttest.Errno(125)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				rest(time.Hour)
				w.svc.ForgetRequests()
				w.svc.Faults.Next(commands, c.status, append(c.opts, accounttest.Times(-1))...)
				if err := desk.face.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				rest(10 * time.Hour)
				if n := w.count(commands); n < 1 || n > c.most {
					t.Errorf("%d polls in ten hours", n)
				}
				if s := desk.snapshot(); s.Account.State != localapi.SignedIn || !s.Connection.BackoffUntil.IsZero() {
					t.Errorf("the rest suffers: %s", describe(s))
				}
				w.svc.Faults.Clear()
				asked := w.count(commands)
				if err := desk.face.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				rest(61 * time.Minute)
				if w.count(commands) == asked {
					t.Error("not asked for again after a person did")
				}
			})
		})
	}
}

// setClock is the bubble's time; its wall part can be set.
type setClock struct {
	from time.Time
	set  atomic.Int64
}

func (c *setClock) Now() time.Time           { return time.Now().Add(time.Duration(c.set.Load())) }
func (c *setClock) Monotonic() time.Duration { return time.Since(c.from) }

// A clock that is set changes no wait, and all that faces show of waits is right again seconds later.
func TestClockSetWithinSilence(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				clock := &setClock{from: time.Now()}
				desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Clock = clock }).run().signIn()
				w.station("Laptop", w.inBubble).run().signIn()
				to := desk.alertable("Laptop")
				rest(time.Hour)
				w.svc.Faults.Next(invoke, http.StatusServiceUnavailable, accounttest.RetryAfter(600))
				w.svc.Push().RefuseUpgrades(http.StatusServiceUnavailable, "600", -1)
				w.svc.Push().Cut()
				sent := desk.send(to, "https://example.com/", "")
				rest(time.Second)
				w.svc.ForgetRequests()
				clock.set.Store(int64(jump))
				rest(10 * time.Second)
				left := func(at time.Time) time.Duration { return at.Sub(clock.Now()) }
				s := desk.snapshot()
				for what, at := range map[string]time.Time{
					"the server's wait": s.Connection.BackoffUntil, "the tab": s.Outbox.Recent[0].NextTry, "push": s.Connection.Push.NextRetry,
				} {
					if l := left(at); l < 585*time.Second || l > 660*time.Second {
						t.Errorf("%s is shown to wait for %v", what, l)
					}
				}
				if e, err := desk.face.Sent(t.Context(), sent.ID); err != nil || left(e.NextTry) > 660*time.Second {
					t.Errorf("the entry by itself waits for %v, %v", left(e.NextTry), err)
				}
				if err := desk.face.Retry(t.Context(), sent.ID); err != nil {
					t.Error(err)
				}
				rest(575 * time.Second)
				if n := w.count(invoke, commands); n != 0 {
					t.Errorf("%d requests within the wait", n)
				}
				w.svc.Push().RefuseUpgrades(0, "", 0)
				rest(90 * time.Second)
				if got := desk.awaitSent(sent.ID, localapi.SendAlerted); got.MayBeTwice {
					t.Errorf("sent as %+v", got)
				}
				if s := desk.snapshot().Connection; !s.BackoffUntil.IsZero() || s.Problem != "" || !s.Push.Connected {
					t.Errorf("after the wait: %+v", s)
				}
			})
		})
	}
}
