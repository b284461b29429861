//go:build peers

package peers

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// seenIn is how soon a person who looks sees what nobody tells of.
const seenIn = 5 * time.Second

// later is a clock that a test moves on.
type later struct {
	kit.Clock
	by atomic.Int64
}

func (l *later) Now() time.Time           { return l.Clock.Now().Add(time.Duration(l.by.Load())) }
func (l *later) Monotonic() time.Duration { return l.Clock.Monotonic() + time.Duration(l.by.Load()) }

// TestPeerFirefoxIsLookedAt: what a real Firefox does and nobody tells of is seen as soon as a face looks at a
// list that is old by then. That it is seen without that too is a test in virtual time, of the agent.
func TestPeerFirefoxIsLookedAt(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	a := s.NewAccount("looks@example.org", "secret words")
	b := newBrowser(t, s, a)
	clock := &later{Clock: kit.System()}
	f := newFerry(t, s, a, "Tabferry here", func(p *agent.Params) { p.Clock = clock })
	f.signIn()
	b.signIn("Firefox there")
	f.untilDevice("Firefox there")
	here := b.untilDevice("Tabferry here")

	// looked has a face look six minutes later, and waits until the agent shows what it is to.
	looked := func(t *testing.T, what string, fits func(localapi.Snapshot) bool) {
		t.Helper()
		clock.by.Add(int64(localapi.FreshFor + time.Minute))
		s.ForgetRequests()
		begun := time.Now()
		if err := f.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.in(t).untilState(what, fits)
		took := time.Since(begun)
		t.Logf("%s after %v, with %d requests", what, took.Round(time.Millisecond), len(s.Requests()))
		if took > seenIn {
			t.Errorf("%s only after %v", what, took)
		}
	}
	lists := func(name string) func(localapi.Snapshot) bool {
		return func(n localapi.Snapshot) bool {
			return slices.ContainsFunc(n.Devices.Items, func(d localapi.Device) bool { return d.Name == name })
		}
	}

	t.Run("renamed", func(t *testing.T) {
		b.in(t).rename("Firefox renamed")
		looked(t, "aware of the new name", lists("Firefox renamed"))
	})

	t.Run("renamed, and a tab is sent to the new name", func(t *testing.T) {
		b.in(t).rename("Firefox of another name")
		begun := time.Now()
		_, err := f.Send(t.Context(), localapi.SendRequest{
			Links: []localapi.Link{{URL: page(s, "named")}}, To: &localapi.Choice{Names: []string{"Firefox of"}},
		})
		if took := time.Since(begun); err != nil || took > seenIn {
			t.Fatalf("%v after %v", err, took)
		}
		b.in(t).untilOpen(page(s, "named"))
	})

	t.Run("the endpoint is dead", func(t *testing.T) {
		old := endpoint(a, here.ID)
		s.Push().EndSubscription(old)
		b.in(t).send(here.ID, "https://example.org/late", "Late")
		if got := endpoint(a, here.ID); got != "" {
			t.Fatalf("the server still alerts Tabferry at %s", got)
		}
		looked(t, "holding the tab, with a new endpoint", func(n localapi.Snapshot) bool {
			now := endpoint(a, here.ID)
			return n.Inbox.Total == 1 && now != "" && now != old && !n.Connection.Push.Expired
		})
		b.in(t).send(here.ID, "https://example.org/soon", "Soon")
		f.in(t).untilReceived(2)
	})

	t.Run("signed out", func(t *testing.T) {
		b.in(t).signOut()
		until(t, "the server has heard it", func() (bool, string) {
			known := slices.ContainsFunc(a.Devices(), func(d accounttest.Device) bool { return d.Name == "Firefox of another name" })
			return !known, "it lists Firefox"
		})
		looked(t, "without the device", func(n localapi.Snapshot) bool { return !lists("Firefox of another name")(n) })
	})

	t.Run("a new device", func(t *testing.T) {
		b.in(t).signIn("Firefox anew")
		looked(t, "aware of the new device", func(n localapi.Snapshot) bool {
			return slices.ContainsFunc(n.Devices.Items, func(d localapi.Device) bool { return d.Name == "Firefox anew" && d.CanReceiveTabs })
		})
	})
}
