package agent_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// revocations are the routes that end credentials.
var revocations = []string{"POST /v1/account/device/destroy", "POST /v1/oauth/destroy", "POST /v1/session/destroy"}

// Whatever the weather is when somebody signs out, no token of that sign-in lives on once the server can be
// told: at the end of the wait it asked for and not much later, over restarts and kills, and also when the
// next person is signed in by then.
func TestNoTokenOutlivesASignOut(t *testing.T) {
	t.Parallel()
	refuse := func(status int, options ...accounttest.FaultOption) func(*world, *station) {
		return func(w *world, _ *station) {
			for _, route := range revocations {
				w.svc.Faults.Next(route, status, options...)
			}
		}
	}
	// One answer is enough to silence everything that goes to the same service.
	wait := func(status, seconds int) func(*world, *station) {
		return func(w *world, _ *station) {
			w.svc.Faults.Next(revocations[0], status, accounttest.RetryAfter(seconds))
		}
	}
	away := func(n int) accounttest.FaultOption { return accounttest.Times(n) }
	for name, c := range map[string]struct {
		before, after func(w *world, s *station) // the sign-out
		within        time.Duration
		others        bool // somebody else signs in meanwhile
	}{
		"a fine day":                  {within: time.Second},
		"a short wait":                {before: wait(http.StatusTooManyRequests, 20), within: 24 * time.Second},
		"a long wait":                 {before: wait(http.StatusServiceUnavailable, 3600), within: 70 * time.Minute},
		"a wait, and a restart in it": {before: wait(http.StatusTooManyRequests, 300), after: func(_ *world, s *station) { rest(time.Minute); s.again() }, within: 6 * time.Minute},
		"a server that fails":         {before: refuse(http.StatusInternalServerError, away(3)), within: 2 * time.Minute},
		"lost answers":                {before: refuse(0, accounttest.LoseReply(), away(2)), within: time.Minute},
		"a broken line":               {before: refuse(0, accounttest.DropConnection(), away(2)), within: time.Minute},
		"the next person at once": {
			before: refuse(http.StatusInternalServerError, away(2)), within: 2 * time.Minute, others: true,
		},
		"the next person within a wait": {
			before: wait(http.StatusTooManyRequests, 40), within: 50 * time.Second, others: true,
			after: func(*world, *station) { rest(40 * time.Second) }, // nobody can sign in before that
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				rest(time.Hour)
				mine := map[string]bool{}
				for _, token := range w.svc.LiveTokens() {
					mine[token.ID] = true
				}
				living := func() (n int) {
					for _, token := range w.svc.LiveTokens() {
						if mine[token.ID] {
							n++
						}
					}
					return n
				}
				if len(mine) < 3 {
					t.Fatalf("%d tokens", len(mine))
				}
				if c.before != nil {
					c.before(w, desk)
				}
				start := time.Now()
				desk.signOut()
				if c.after != nil {
					c.after(w, desk)
				}
				if c.others {
					desk.as(w.svc.NewAccount("other@example.net", "a password of theirs"))
				}
				for living() > 0 && time.Since(start) < 24*time.Hour {
					rest(time.Second)
				}
				if took := time.Since(start); took > c.within {
					t.Errorf("tokens lived for %v", took)
				}
				if c.others {
					if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
						t.Errorf("the other: %s", describe(snap))
					}
				} else if n := w.liveTokens(); n != 0 || len(w.acct.Devices()) != 0 {
					t.Errorf("%d tokens, devices %+v", n, w.acct.Devices())
				}
			})
		})
	}
}
