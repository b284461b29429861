package push_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/push"
)

func TestWake(t *testing.T) {
	type check struct {
		reconnects int
		within     time.Duration
	}
	for _, c := range []struct {
		reason push.Reason
		want   check
	}{
		{push.Online, check{1, 3 * time.Second}},
		{push.Resumed, check{1, 3 * time.Second}},
		{push.ProxyChanged, check{1, 3 * time.Second}},
		{push.RouteChanged, check{0, 0}},
		{push.UserAsked, check{0, 0}},
	} {
		inWorld(t, func(w *world) { // while connected
			w.subscribe("account")
			for range 100 { // a flood of them is one
				w.client.Wake(c.reason)
				synctest.Wait()
			}
			time.Sleep(c.want.within)
			w.expectConnected(string(c.reason))
			if n := w.dialsSince(1); n != c.want.reconnects {
				t.Errorf("%s: %d reconnections, want %d", c.reason, n, c.want.reconnects)
			}
		})
		inWorld(t, func(w *world) { // deep in the back-off
			w.subscribe("account")
			w.ctl.RefuseUpgrades(500, "", -1)
			w.ctl.Cut()
			time.Sleep(3 * time.Hour)
			w.ctl.RefuseUpgrades(500, "", 0)
			w.client.Wake(c.reason)
			time.Sleep(3 * time.Second)
			w.expectConnected(string(c.reason))
		})
	}
}

// TestWakeStartsTheBackOffAnew: what failed in one network says nothing of the
// next.
func TestWakeStartsTheBackOffAnew(t *testing.T) {
	for _, reason := range []push.Reason{push.Online, push.Resumed, push.ProxyChanged, push.RouteChanged} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			w.ctl.RefuseUpgrades(500, "", -1)
			w.ctl.Cut()
			time.Sleep(3 * time.Hour)
			before := w.dialsSince(0)
			w.client.Wake(reason)
			time.Sleep(20 * time.Second)
			if n := w.dialsSince(before); n < 3 {
				t.Errorf("%s: %d attempts in 20 s, want 3 or more", reason, n)
			}
		})
	}
}

// TestNetworkThatFlaps: a network that flaps once a second is dialled at
// the pace of the wakes' jitter, not of the events.
func TestNetworkThatFlaps(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		w.ctl.RefuseUpgrades(500, "", -1)
		before := w.dialsSince(0)
		for range 600 {
			w.client.Wake(push.NoNetwork)
			synctest.Wait()
			w.client.Wake(push.Online)
			time.Sleep(time.Second)
		}
		if n := w.dialsSince(before); n > 300 {
			t.Errorf("%d attempts in 10 minutes of a flapping network", n)
		}
	})
}

func TestRouteChangeFindsADeadConnection(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		w.ctl.Silence()
		w.client.Wake(push.RouteChanged)
		time.Sleep(11 * time.Second)
		w.expectConnected("after the probe failed")
		if n := w.dialsSince(1); n != 1 {
			t.Errorf("%d reconnections", n)
		}
	})
}

func TestOfflineForADayThenResumed(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		time.Sleep(2 * time.Minute)
		w.client.Wake(push.NoNetwork)
		w.ctl.RefuseUpgrades(502, "", -1)
		synctest.Wait()
		if s := w.state(); s != push.Offline {
			t.Errorf("state %s", s)
		}
		before := w.dialsSince(0)
		for range 25 {
			w.post(sub, "m")
		}
		time.Sleep(24 * time.Hour)
		if n := w.dialsSince(before); n > 60 {
			t.Errorf("%d attempts while offline", n)
		}
		w.ctl.RefuseUpgrades(0, "", 0)
		w.client.Wake(push.Resumed)
		w.client.Wake(push.Online)
		time.Sleep(3 * time.Second)
		w.expectConnected("after the resume")
		if got := w.take(); strings.Count(got, "account:m") != 25 {
			t.Errorf("messages %q", got)
		}
		if h := w.client.Health(); h.Outage < 24*time.Hour || h.Outage > 25*time.Hour {
			t.Errorf("outage %v", h.Outage)
		}
	})
}

func TestClockJumps(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		for _, jump := range []time.Duration{48 * time.Hour, -96 * time.Hour, 48 * time.Hour, 365 * 24 * time.Hour} {
			w.clock.leap(jump)
			time.Sleep(time.Hour)
			w.post(sub, "x")
			if got := w.take(); got != "account:x" {
				t.Errorf("after a jump of %v: messages %q", jump, got)
			}
			w.ctl.Cut()
			time.Sleep(6 * time.Second)
			w.expectConnected("after a jump and a lost connection")
			time.Sleep(2 * time.Minute)
		}
		if n := w.dialsSince(1); n != 4 {
			t.Errorf("%d reconnections, want 4", n)
		}
	})
}

func TestHealthIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		time.Sleep(2 * time.Minute)
		w.ctl.Cut()
		time.Sleep(time.Minute)
		w.halt()
		var states []string
		for _, h := range w.health {
			states = append(states, string(h.State))
		}
		want := "idle connecting connected waiting connecting connected"
		if got := strings.Join(states, " "); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
		if last := w.health[len(w.health)-1]; last.Outage < 2*time.Second || last.LastError != "" {
			t.Errorf("last %+v", last)
		}
	})
}
