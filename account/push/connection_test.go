package push_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/push"
)

// dialsSince counts the attempts to connect after the first n.
func (w *world) dialsSince(n int) int {
	synctest.Wait()
	return len(w.ctl.Upgrades()) - n
}

func (w *world) expectConnected(when string) {
	w.t.Helper()
	if s := w.state(); s != push.Connected {
		w.t.Fatalf("%s: state %s (%s)", when, s, w.client.Health().LastError)
	}
}

func TestEveryCloseCode(t *testing.T) {
	for _, c := range []struct {
		code   int
		reason string
	}{
		{1000, "SM"},
		{1000, ""},
		{1001, ""},
		{1002, ""},
		{1003, "UnsupportedMessage"},
		{1011, "SM"},
		{1011, "Json"},
		{1011, "HandshakeTimeout"},
		{1011, "PongTimeout"},
		{1011, "RegistryDisconnected"},
		{1012, ""},
		{1013, "later"},
		{3000, ""},
		{4999, ""},
	} {
		inWorld(t, func(w *world) {
			sub := w.subscribe("account")
			time.Sleep(2 * time.Minute) // healthy
			w.ctl.Close(c.code, c.reason)
			synctest.Wait()
			h := w.client.Health()
			if h.State != push.Waiting || h.CloseCode != c.code || h.Failures != 1 {
				t.Errorf("%d %s: health %+v", c.code, c.reason, h)
			}
			if wait := time.Until(h.NextAttempt); wait < 2500*time.Millisecond || wait > 5*time.Second {
				t.Errorf("%d %s: next attempt in %v", c.code, c.reason, wait)
			}
			time.Sleep(5 * time.Second)
			w.expectConnected("after the back-off")
			if again := w.subscribe("account"); again != sub {
				t.Errorf("%d %s: subscription changed", c.code, c.reason)
			}
			w.post(sub, "x")
			if got := w.take(); got != "account:x" {
				t.Errorf("%d %s: messages %q", c.code, c.reason, got)
			}
		})
	}
}

func TestGoAwayCloseCode(t *testing.T) {
	for name, c := range map[string]struct {
		event  func(w *world)
		within time.Duration
	}{
		"nothing happens":  {func(*world) {}, 30 * time.Minute},
		"route changes":    {func(w *world) { w.client.Wake(push.RouteChanged) }, 3 * time.Second},
		"online":           {func(w *world) { w.client.Wake(push.Online) }, 3 * time.Second},
		"resumed":          {func(w *world) { w.client.Wake(push.Resumed) }, 3 * time.Second},
		"somebody asks":    {func(w *world) { w.client.Wake(push.UserAsked) }, 0},
		"new subscription": {func(w *world) { w.subscribe("another") }, 0},
	} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			time.Sleep(2 * time.Minute)
			before := w.dialsSince(0)
			w.ctl.Close(4774, "")
			time.Sleep(20 * time.Minute)
			if n := w.dialsSince(before); n != 0 {
				t.Errorf("%s: %d attempts although told to go away", name, n)
			}
			start := time.Now()
			c.event(w)
			if c.within > 20*time.Minute {
				start = start.Add(-20 * time.Minute)
			}
			for w.state() != push.Connected && time.Since(start) < time.Hour {
				time.Sleep(100 * time.Millisecond)
			}
			if took := time.Since(start); took > c.within+time.Second || c.within == 30*time.Minute && took < c.within-time.Second {
				t.Errorf("%s: connected after %v, want %v", name, took, c.within)
			}
		})
	}
}

func TestDeadConnectionIsNoticedWithin90Seconds(t *testing.T) {
	for name, kill := range map[string]func(w *world){
		"everything lost": func(w *world) { w.ctl.Silence() },
		"pongs lost":      func(w *world) { w.ctl.LosePongs() },
	} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			time.Sleep(10*time.Minute + time.Second) // just after a ping of the server
			kill(w)
			start := time.Now()
			for w.client.Health().State == push.Connected && time.Since(start) < time.Hour {
				time.Sleep(time.Second)
				synctest.Wait()
			}
			if took := time.Since(start); took > 90*time.Second {
				t.Errorf("%s: noticed after %v", name, took)
			}
			time.Sleep(5 * time.Second)
			w.expectConnected(name)
		})
	}
}

// TestServiceThatAnswersPingsAlone: the connection lives, the program behind it
// does not.
func TestServiceThatAnswersPingsAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		w.ctl.Hang()
		time.Sleep(30*time.Minute + 5*time.Second)
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("reconnected %d times too early", n)
		}
		time.Sleep(11 * time.Second)
		w.expectConnected("after the unanswered message")
		if n := w.dialsSince(1); n != 1 {
			t.Errorf("%d reconnections, want 1", n)
		}
	})
}

func TestSlowHandlerDelaysNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		w.handling = func(ctx context.Context, m push.Message) {
			if string(m.Text) == "slow" {
				select {
				case <-time.After(6 * time.Hour):
				case <-ctx.Done():
				}
			}
		}
		w.post(sub, "slow")
		for range 20 {
			w.post(sub, "quick")
		}
		time.Sleep(5 * time.Hour)
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("%d reconnections while a handler is slow", n)
		}
		if codes := w.ackCodes(); codes[100] != 21 {
			t.Errorf("acknowledged %v, want 21", codes)
		}
		if got := w.take(); got != "account:slow" {
			t.Errorf("handlers overlap: %q", got)
		}
		time.Sleep(time.Hour)
		if got := w.take(); strings.Count(got, "quick") != 20 {
			t.Errorf("after the slow one: %q", got)
		}
	})
}

func TestKeepAliveOfAQuietDay(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		time.Sleep(24 * time.Hour)
		w.expectConnected("after a day")
		frames, messages := w.ctl.Pings()
		if messages < 46 || messages > 48 {
			t.Errorf("%d {} in a day, want one in 30 minutes", messages)
		}
		if most := 24 * 60 * 60 / 75; frames == 0 || frames > most {
			t.Errorf("%d WebSocket pings in a day, want at most %d", frames, most)
		}
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("%d reconnections on a quiet day", n)
		}
	})
}

func TestWeeklyReconnect(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		time.Sleep(7*24*time.Hour - 30*time.Second)
		w.post(sub, "just before")
		time.Sleep(40 * time.Second)
		w.post(sub, "just after")
		time.Sleep(40 * time.Second)
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("reconnected in the midst of traffic")
		}
		time.Sleep(time.Minute)
		if n := w.dialsSince(1); n != 1 {
			t.Errorf("%d reconnections after a week, want 1", n)
		}
		w.expectConnected("after the reconnection")
		if h := w.client.Health(); h.Outage > time.Second {
			t.Errorf("outage of %v", h.Outage)
		}
		for range 2 { // together longer than an identity lives without a greeting
			w.service.Clock.Advance(40 * 24 * time.Hour)
			time.Sleep(7*24*time.Hour + time.Minute)
		}
		w.post(sub, "after months")
		if got := w.take(); got != "account:just before account:just after account:after months" {
			t.Errorf("messages %q", got)
		}
	})
}

func TestBackOff(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		time.Sleep(time.Minute + time.Second)
		w.ctl.RefuseUpgrades(500, "", -1)
		before := w.dialsSince(0)
		last := time.Now()
		w.ctl.Cut()
		time.Sleep(24 * time.Hour)
		whole := 5 * time.Second
		for i, at := range w.ctl.Upgrades()[before:] {
			if wait := at.Sub(last); wait < whole/2 || wait > whole+time.Second {
				t.Errorf("attempt %d after %v, want %v to %v", i, wait, whole/2, whole)
			}
			last = at
			whole = min(2*whole, 30*time.Minute)
		}
		if n := w.dialsSince(before); n < 50 || n > 110 {
			t.Errorf("%d attempts in a day", n)
		}
		w.ctl.RefuseUpgrades(500, "", 0)
		time.Sleep(31 * time.Minute)
		w.expectConnected("server is back")
		time.Sleep(61 * time.Second)
		if h := w.client.Health(); h.Failures != 0 {
			t.Errorf("%d failures after a healthy minute", h.Failures)
		}
	})
}

func TestServerThatRestartsAllTheTime(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		before := w.dialsSince(0)
		for range 360 {
			w.ctl.Cut()
			time.Sleep(10 * time.Second)
		}
		n := w.dialsSince(before)
		if n > 25 {
			t.Errorf("%d attempts in an hour of restarts every 10 s", n)
		}
		t.Logf("%d attempts in an hour of restarts every 10 s", n)
		w.post(sub, "waiting")
		time.Sleep(31 * time.Minute)
		if got := w.take(); got != "account:waiting" {
			t.Errorf("messages %q", got)
		}
	})
}

func TestServerThatClosesAfterHello(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		before := w.dialsSince(0)
		start := time.Now()
		for time.Since(start) < time.Hour {
			w.ctl.Close(1011, "SM")
			time.Sleep(time.Second)
		}
		if n := w.dialsSince(before); n > 15 {
			t.Errorf("%d attempts in an hour", n)
		}
		if !w.client.Health().Conflict {
			t.Error("no conflict suspected")
		}
		time.Sleep(2 * time.Hour)
		if h := w.client.Health(); h.Conflict || h.State != push.Connected {
			t.Errorf("two hours later: %+v", h)
		}
	})
}

// TestTwoProgramsOneIdentity lets two clients fight over one identity for a day.
func TestTwoProgramsOneIdentity(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		other := newWorld(t, w.service)
		other.store.blob = []byte(w.store.text())
		other.start()
		defer func() {
			other.halt()
			other.dialer.CloseIdleConnections()
		}()
		time.Sleep(24 * time.Hour)
		if n := w.dialsSince(0); n > 250 {
			t.Errorf("%d connections in a day of two programs with one identity", n)
		}
		if a, b := w.client.Health(), other.client.Health(); !a.Conflict && !b.Conflict {
			t.Errorf("nobody suspects a conflict: %+v, %+v", a, b)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	for _, status := range []int{429, 503} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			before := w.dialsSince(0)
			w.ctl.RefuseUpgrades(status, "600", 1)
			w.ctl.Cut()
			time.Sleep(9 * time.Minute)
			w.client.Wake(push.RouteChanged)
			w.client.Wake(push.UserAsked)
			time.Sleep(50 * time.Second)
			if n := w.dialsSince(before); n != 1 {
				t.Errorf("%d: %d attempts before Retry-After is over, want 1", status, n)
			}
			time.Sleep(time.Minute + 10*time.Second) // a tenth is spread
			w.expectConnected("after Retry-After")
		})
	}
	inWorld(t, func(w *world) { // shorter than our own step: no reason to hurry
		w.subscribe("account")
		w.ctl.RefuseUpgrades(503, "1", 1)
		w.ctl.Cut()
		time.Sleep(5 * time.Second)
		if wait := time.Until(w.client.Health().NextAttempt); wait < time.Second {
			t.Errorf("next attempt in %v", wait)
		}
	})
}

// TestSilenceSurvives: what the server asked for holds in the next process too, in full and whatever was done
// to the clock; and where it names no time, we do.
func TestSilenceSurvives(t *testing.T) {
	for _, jump := range []time.Duration{-48 * time.Hour, 0} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			before := w.dialsSince(0)
			w.ctl.RefuseUpgrades(503, "7200", 1)
			w.ctl.Cut()
			time.Sleep(10 * time.Minute)
			w.clock.leap(jump)
			w.halt()
			w.start()
			w.client.Wake(push.UserAsked)
			rest := 110 * time.Minute
			if jump < 0 {
				rest = 2 * time.Hour // how much of it is over cannot be known
			}
			time.Sleep(rest - time.Minute)
			if n := w.dialsSince(before); n != 1 {
				t.Errorf("set by %v: %d attempts before Retry-After is over, want 1", jump, n)
			}
			time.Sleep(2 * time.Minute)
			w.expectConnected("after Retry-After")
		})
	}
	inWorld(t, func(w *world) {
		w.subscribe("account")
		before := w.dialsSince(0)
		w.ctl.RefuseUpgrades(429, "", -1)
		w.ctl.Cut()
		for at := time.Duration(0); at < 10*time.Minute; at += time.Second {
			w.client.Wake(push.UserAsked)
			time.Sleep(time.Second)
		}
		dials := w.ctl.Upgrades()[before:]
		least := 30 * time.Second
		for i := 1; i < len(dials); i++ {
			if wait := dials[i].Sub(dials[i-1]); wait < least || wait > least+least/10+2*time.Second {
				t.Errorf("attempt %d after %v, want %v", i, wait, least)
			}
			least *= 2
		}
		if len(dials) != 5 {
			t.Errorf("%d attempts in ten minutes", len(dials))
		}
	})
}

func TestAnswersThatAreNoWebSocket(t *testing.T) {
	for _, status := range []int{200, 204, 301, 302, 307, 401, 403, 404, 426, 500, 502} {
		inWorld(t, func(w *world) {
			w.subscribe("account")
			w.ctl.RefuseUpgrades(status, "", 1)
			w.ctl.Cut()
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if h := w.client.Health(); h.State != push.Waiting || h.Failures != 2 || !strings.Contains(h.LastError, strconv.Itoa(status)) {
				t.Errorf("%d: health %+v", status, h)
			}
			time.Sleep(10 * time.Second)
			w.expectConnected(http.StatusText(status))
		})
	}
}

func TestBadGreetings(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(w *world)
		within time.Duration
	}{
		"status 500": {func(w *world) { w.ctl.AnswerHello(500) }, 10 * time.Second},
		"no answer":  {func(w *world) { w.ctl.IgnoreHellos(1000) }, 40 * time.Second},
		"slow":       {func(w *world) { w.ctl.DelayUpgrades(time.Minute) }, 40 * time.Second},
	} {
		inWorld(t, func(w *world) {
			sub := w.subscribe("account")
			c.spoil(w)
			w.ctl.Cut()
			time.Sleep(c.within)
			synctest.Wait()
			if h := w.client.Health(); h.Failures < 2 || h.State == push.Connected {
				t.Errorf("%s: health %+v", name, h)
			}
			w.ctl.AnswerHello(0)
			w.ctl.IgnoreHellos(0)
			w.ctl.DelayUpgrades(0)
			time.Sleep(time.Hour)
			w.expectConnected(name)
			if again := w.subscribe("account"); again != sub {
				t.Errorf("%s: subscription changed", name)
			}
		})
	}
}

func TestFramesThatMeanNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		for _, text := range []string{
			``, `x`, `[]`, `"text"`, `null`, `7`, `{`, `{"messageType":7}`, `{"messageType":"unheard of"}`,
			`{"messageType":"hello","status":200,"uaid":"ffffffffffffffffffffffffffffffff"}`,
			`{"messageType":"register","channelID":"none","status":200,"pushEndpoint":"https://elsewhere.example/"}`,
			`{"messageType":"unregister"}`,
			`{"messageType":"notification"}`,
			`{"messageType":"notification","channelID":{},"version":"v"}`,
			`{"messageType":"broadcast","broadcasts":{"a":"____NOP____","errors":{"b":"Broadcast not found"}}}`,
			`{}`,
		} {
			w.ctl.Send(text)
		}
		w.ctl.SetBroadcast("remote-settings/monitor_changes", "1")
		w.post(sub, "still here")
		if got := w.take(); got != "account:still here" {
			t.Errorf("messages %q", got)
		}
		if n := w.dialsSince(1); n != 0 {
			t.Errorf("%d reconnections", n)
		}
		if h := w.client.Health(); h.Broken == 0 {
			t.Error("no broken frame counted")
		}
	})
}

func TestFrameThatIsTooLarge(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		time.Sleep(2 * time.Minute)
		w.ctl.Send(`{"messageType":"broadcast","x":"` + strings.Repeat("x", 40<<10) + `"}`)
		synctest.Wait()
		if h := w.client.Health(); h.State != push.Waiting || !strings.Contains(h.LastError, "too large") {
			t.Errorf("health %+v", h)
		}
		time.Sleep(5 * time.Second)
		w.post(sub, "x")
		if got := w.take(); got != "account:x" {
			t.Errorf("messages %q", got)
		}
	})
}
