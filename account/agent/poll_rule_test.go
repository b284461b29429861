package agent_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
)

// What makes the agent look for commands, and what does not.
func TestReasonsToPoll(t *testing.T) {
	t.Parallel()
	announce := func(index int64) map[string]any {
		return map[string]any{"command": "https://identity.mozilla.com/cmd/open-uri", "index": index, "sender": "x", "url": "https://other.example/"}
	}
	outage := func(d time.Duration) func(*testing.T, *station, *wake.Manual) {
		return func(_ *testing.T, s *station, _ *wake.Manual) {
			s.svc.Push().RefuseUpgrades(http.StatusServiceUnavailable, "", -1)
			s.svc.Push().Cut()
			rest(d)
			s.svc.Push().RefuseUpgrades(0, "", 0)
			rest(5 * time.Minute)
		}
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, s *station, system *wake.Manual)
		want int
	}{
		"nothing": {func(*testing.T, *station, *wake.Manual) {}, 0},
		"a person asks": {func(t *testing.T, s *station, _ *wake.Manual) {
			if err := s.face.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		}, 1},
		"a push of something new": {func(_ *testing.T, s *station, _ *wake.Manual) {
			s.acct.SendPush("fxaccounts:command_received", announce(1<<40))
		}, 1},
		"a push of something seen": {func(_ *testing.T, s *station, _ *wake.Manual) {
			s.acct.SendPush("fxaccounts:command_received", announce(1))
		}, 0},
		"a push of something else": {func(_ *testing.T, s *station, _ *wake.Manual) { s.acct.SendPush("fxaccounts:profile_updated", nil) }, 0},
		"a push nobody knows": {func(_ *testing.T, s *station, _ *wake.Manual) {
			s.acct.SendPush("unheard:of", map[string]any{"index": 9})
		}, 0},
		"the machine slept": {func(t *testing.T, _ *station, system *wake.Manual) {
			if err := system.Send(t.Context(), wake.Resumed); err != nil {
				t.Error(err)
			}
		}, 1},
		"another route": {func(t *testing.T, _ *station, system *wake.Manual) {
			if err := system.Send(t.Context(), wake.Changed); err != nil {
				t.Error(err)
			}
		}, 0},
		"push was away for long": {outage(3 * time.Minute), 1},
		"push was away shortly":  {func(_ *testing.T, s *station, _ *wake.Manual) { s.svc.Push().Cut() }, 0},
		"a new start":            {func(_ *testing.T, s *station, _ *wake.Manual) { s.again() }, 1},
		"push has forgotten us": {func(_ *testing.T, s *station, _ *wake.Manual) {
			s.svc.Push().ForgetUserAgents()
			s.svc.Push().Cut()
		}, 2}, // the new subscription, and 30 s later that it was published
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				system := wake.NewManual()
				desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Wake = system }).run().signIn()
				lap := w.station("Laptop", w.inBubble).run().signIn()
				lap.send(lap.alertable("Desk"), "https://example.com/", "") // so that there is an index
				rest(time.Second)
				lap.end()
				rest(2 * time.Hour) // so that a quarter of an hour has long passed
				w.svc.ForgetRequests()
				c.do(t, desk, system)
				rest(time.Minute)
				if n := w.count(commands); n != c.want {
					t.Errorf("%d polls, want %d", n, c.want)
				}
				if n := desk.snapshot().Inbox.Total; n != 1 {
					t.Errorf("%d tabs", n)
				}
			})
		})
	}
}

// While push works the polls are a day apart, while the endpoint is dead and may not be renewed yet a
// quarter of an hour, both within a tenth.
func TestPollIntervals(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour)
		w.svc.ForgetRequests()
		rest(12 * 24 * time.Hour)
		gaps := map[time.Duration]bool{}
		polls := w.svc.Requests(commands)
		for i := 1; i < len(polls); i++ {
			gap := polls[i].Time.Sub(polls[i-1].Time)
			gaps[gap.Round(time.Second)] = true
			if gap < 21*time.Hour+30*time.Minute || gap > 26*time.Hour+30*time.Minute {
				t.Errorf("with push a gap of %v", gap)
			}
		}
		if len(polls) < 10 || len(polls) > 14 || len(gaps) < 3 {
			t.Errorf("%d polls with %d different gaps in twelve days", len(polls), len(gaps))
		}

		id := desk.snapshot().Account.DeviceID
		expire := func() {
			if !w.acct.ExpirePush(id) {
				t.Fatal("no such device")
			}
			if err := desk.face.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			rest(time.Minute)
		}
		expire()
		if first := w.acct.Devices()[0]; first.PushEndpointExpired {
			t.Fatal("the first dead endpoint was not renewed")
		}
		expire()
		if second := w.acct.Devices()[0]; !second.PushEndpointExpired {
			t.Fatal("two renewals within minutes")
		}
		w.svc.ForgetRequests()
		rest(50 * time.Minute)
		if n := w.count(commands); n < 3 || n > 4 {
			t.Errorf("%d polls in the fifty minutes of a dead endpoint", n)
		}
		rest(time.Hour)
		if renewed := w.acct.Devices()[0]; renewed.PushEndpointExpired {
			t.Error("the endpoint is dead for good")
		}
		w.svc.ForgetRequests()
		rest(5 * time.Hour)
		if n := w.count(commands); n != 0 {
			t.Errorf("%d polls in the hours after the renewal", n)
		}
	})
}

// What came while the machine was off is fetched page by page up to the last, in order, once.
func TestPollsUpToTheLastPage(t *testing.T) {
	t.Parallel()
	const tabs = 205
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		if err := lap.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		lap.end()
		var links []localapi.Link
		for i := range tabs {
			links = append(links, localapi.Link{URL: fmt.Sprintf("https://example.com/%03d", i)})
		}
		if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: links, Devices: []string{to.ID}}); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		w.svc.ForgetRequests()
		lap.run()
		rest(time.Second)
		if n := w.count(commands); n != 3 {
			t.Errorf("%d requests for %d tabs", n, tabs)
		}
		got := lap.inbox()
		for i, entry := range got {
			if want := fmt.Sprintf("https://example.com/%03d", tabs-1-i); entry.URL != want {
				t.Fatalf("entry %d is %s, want %s", i, entry.URL, want)
			}
		}
		if len(got) != tabs {
			t.Errorf("%d of %d tabs", len(got), tabs)
		}
	})
}

// A failure in the middle of the pages keeps those before it; the rest comes with the next poll.
func TestPageThatFails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		lap.end()
		var links []localapi.Link
		for i := range 110 {
			links = append(links, localapi.Link{URL: fmt.Sprintf("https://example.com/%03d", i)})
		}
		if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: links, Devices: []string{to.ID}}); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		pages := &failingPages{next: lap.params.Transport}
		pages.left.Store(1)
		lap.params.PushTransport, lap.params.Transport = lap.params.Transport, pages
		lap.run()
		rest(10 * time.Second)
		if n := lap.snapshot().Inbox.Total; n != 100 {
			t.Errorf("%d tabs after the first page", n)
		}
		pages.left.Store(100)
		rest(time.Minute)
		if s := lap.snapshot().Inbox; s.Total != 110 || s.Unread != 110 {
			t.Errorf("in the end %d tabs, %d unread: %+v\n%s", s.Total, s.Unread, lap.snapshot().Connection, lap.log.text())
		}
	})
}

// failingPages is a network that breaks after so many answers with commands.
type failingPages struct {
	next http.RoundTripper
	left atomic.Int32
}

func (f *failingPages) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/v1/account/device/commands" && f.left.Add(-1) < 0 {
		return nil, errLost
	}
	return f.next.RoundTrip(r)
}

// A wish to wait stops what goes to that service, pushes and all, and nothing that goes to another.
func TestBackoffIsPerService(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"too many": http.StatusTooManyRequests, "unavailable": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubbleWith(t, []accounttest.Option{accounttest.SeparateBases()}, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				rest(time.Hour)
				w.svc.Faults.Next(commands, status, accounttest.RetryAfter(300))
				w.svc.ForgetRequests()
				w.acct.SendPush("fxaccounts:command_received", map[string]any{"command": "c", "index": 1 << 40, "url": "u"})
				rest(time.Second)
				if n := w.count(commands); n != 1 {
					t.Fatalf("%d polls", n)
				}
				if until := time.Until(desk.snapshot().Connection.BackoffUntil); until < 290*time.Second || until > 301*time.Second {
					t.Errorf("the wait shown is %v", until)
				}
				w.acct.SetDisplayName("Another Name") // tells by push that the profile has changed
				w.acct.SendPush("fxaccounts:command_received", map[string]any{"command": "c", "index": 1<<40 + 1, "url": "u"})
				rest(4 * time.Minute)
				if snap := desk.snapshot(); snap.Account.Name != "Another Name" || w.count(commands) != 1 {
					t.Errorf("while one service waits: name %q, %d polls", snap.Account.Name, w.count(commands))
				}
				rest(2 * time.Minute)
				if n := w.count(commands); n < 2 || !desk.snapshot().Connection.BackoffUntil.IsZero() {
					t.Errorf("after the wait: %d polls, %+v", n, desk.snapshot().Connection)
				}
			})
		})
	}
}

// A service that counts from low numbers again, because it is another one or was restored, loses no tab
// to the index that is kept here: neither after a new sign-in nor under the same one.
func TestServerCountsAnew(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(t *testing.T, desk, lap *station){
		"after a new sign-in": func(_ *testing.T, desk, lap *station) {
			desk.acct.ChangePassword()
			rest(time.Minute)
			desk.signIn()
			lap.signIn()
		},
		"while signed in": func(_ *testing.T, desk, _ *station) { desk.svc.Clock.Advance(29 * 24 * time.Hour) }, // until the queue is empty
		"over a restart": func(_ *testing.T, desk, _ *station) {
			desk.svc.Clock.Advance(29 * 24 * time.Hour)
			desk.again()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
				w.svc.SkipIndexes(1000)
				lap.send(lap.alertable("Desk"), "https://example.com/before", "")
				rest(time.Minute)
				again(t, desk, lap)
				rest(time.Minute)
				w.svc.SkipIndexes(-1000)
				if err := lap.face.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				to := lap.alertable("Desk")
				for _, url := range []string{"https://example.com/1", "https://example.com/2"} {
					lap.send(to, url, "")
					rest(time.Minute)
				}
				if got := desk.inbox(); len(got) != 3 || got[0].URL != "https://example.com/2" || got[1].URL != "https://example.com/1" {
					t.Errorf("%d tabs: %+v", len(got), got)
				}
			})
		})
	}
}
