package pushservice

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

func TestHelloAndRegister(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		if sub := p.conn.Subprotocol(); sub != "" {
			t.Errorf("subprotocol %q chosen, the server chooses none", sub)
		}
		first := p.greet("")
		if len(first) != 32 {
			w.t.Fatalf("uaid %q", first)
		}
		p.drop()

		p = w.dial()
		second := p.greet(first)
		if second == first {
			t.Error("a uaid without a channel was stored")
		}
		one, two := p.register(testChannel), p.register(testChannel)
		if one == two || !strings.HasPrefix(one, "http://"+memnet.Host+"/wpush/v1/") {
			t.Errorf("endpoints %q and %q", one, two)
		}
		p.drop()

		p = w.dial()
		if third := p.greet(second); third != second {
			t.Error("a uaid with a channel was not kept")
		}
		for _, endpoint := range []string{one, two} {
			if got := w.post(endpoint, "60", "", "x"); got != 201 {
				t.Errorf("endpoint answers %d, both must work", got)
			}
		}
		p.send(`{"messageType":"unregister","channelID":%q,"code":200}`, testChannel)
		frames := p.take()
		if m := frames[len(frames)-1]; m["messageType"] != "unregister" || m["status"] != 200.0 {
			t.Errorf("unregister reply %v", m)
		}
		if got := w.post(one, "60", "", "x"); got != 410 {
			t.Errorf("endpoint of an ended channel answers %d, want 410", got)
		}
		p.drop()

		w.offset = uaidLife + time.Hour
		p = w.dial()
		if again := p.greet(second); again == second {
			t.Error("uaid lives longer than 60 days")
		}
		p.drop()
	})
}

func TestClosesWith(t *testing.T) {
	greeted := func(f func(p *peer)) func(p *peer) {
		return func(p *peer) { p.greet(""); f(p) }
	}
	sends := func(text string) func(p *peer) { return func(p *peer) { p.send("%s", text) } }
	for name, c := range map[string]struct {
		do     func(p *peer)
		code   websocket.StatusCode
		reason string
		after  time.Duration
	}{
		"no hello":            {func(*peer) {}, 1011, "HandshakeTimeout", 5 * time.Second},
		"frame ping at first": {func(p *peer) { go func() { _ = p.conn.Ping(p.t.Context()) }() }, 1003, "UnsupportedMessage", 0},
		"empty ping at first": {sends(`{}`), 1011, "SM", 0},
		"register at first":   {sends(`{"messageType":"register"}`), 1011, "SM", 0},
		"not json":            {greeted(sends(`{"messageType`)), 1011, "Json", 0},
		"unknown type":        {greeted(sends(`{"messageType":"dance"}`)), 1011, "Json", 0},
		"second hello":        {greeted(sends(`{"messageType":"hello"}`)), 1011, "SM", 0},
		"upper-case channel":  {greeted(sends(`{"messageType":"register","channelID":"` + strings.ToUpper(testChannel) + `"}`)), 1011, "SM", 0},
		"binary frame": {greeted(func(p *peer) {
			if err := p.conn.Write(p.t.Context(), websocket.MessageBinary, []byte(`{}`)); err != nil {
				p.t.Error(err)
			}
		}), 1003, "UnsupportedMessage", 0},
		"pings too close": {greeted(func(p *peer) {
			p.send(`{}`)
			time.Sleep(44 * time.Second)
			p.send(`{"messageType":"ping"}`)
		}), 1011, "SM", 0},
		"lost pong": {greeted(func(p *peer) { p.mute.Store(true) }), 1011, "PongTimeout", 304 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				p := w.dial()
				c.do(p)
				start := time.Now()
				var closed websocket.CloseError
				err := <-p.closed
				if websocket.CloseStatus(err) != c.code || !errors.As(err, &closed) || closed.Reason != c.reason {
					t.Errorf("closed with %v, want %d %s", err, c.code, c.reason)
				}
				if took := time.Since(start); took < c.after || took > c.after+time.Second {
					t.Errorf("closed after %v, want %v", took, c.after)
				}
			})
		})
	}
}

func TestAnswersPingsEvery45Seconds(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		for range 3 {
			p.send(`{}`)
			if m := p.one(); len(m) != 0 {
				t.Errorf("answer to a ping: %v", m)
			}
			time.Sleep(45 * time.Second)
		}
		time.Sleep(time.Hour) // answered server pings keep the connection
		if w.ctl.Connections() != 1 {
			t.Error("a healthy connection was closed")
		}
		p.drop()
	})
}

func TestBacklogWaitsForEveryAck(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		p.drop()
		for i := range 25 {
			if got := w.post(endpoint, "86400", "", fmt.Sprint(i)); got != 201 {
				w.t.Fatalf("endpoint answers %d", got)
			}
		}
		p = w.dial()
		p.greet(uaid)
		batch := p.take()
		if got := texts(batch); got != "0 1 2 3 4 5 6 7 8 9" {
			w.t.Fatalf("first batch %q", got)
		}
		p.ack(batch[1:]...)
		time.Sleep(time.Hour)
		if more := p.take(); len(more) != 0 {
			w.t.Fatalf("%d messages came although one is unacknowledged", len(more))
		}
		w.post(endpoint, "86400", "", "live")
		live := p.one()
		p.ack(batch[0])
		if more := p.take(); len(more) != 0 {
			w.t.Fatalf("%d messages came although a live one is unacknowledged", len(more))
		}
		p.ack(live)
		if got := texts(p.take()); got != "10 11 12 13 14 15 16 17 18 19" {
			w.t.Fatalf("second batch %q", got)
		}
		p.drop()
		if got := w.ctl.Stored(); got != 15 {
			t.Errorf("%d messages stored, want 15", got)
		}
	})
}

func TestRedeliversWithTheSameVersion(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		w.post(endpoint, "60", "", "keep")
		w.post(endpoint, "0", "", "now or never")
		seen := p.take()
		if texts(seen) != "keep now or never" {
			w.t.Fatalf("live messages %q", texts(seen))
		}
		p.drop()
		p = w.dial()
		p.greet(uaid)
		again := p.one()
		if text(again) != "keep" || again["version"] != seen[0]["version"] {
			t.Errorf("redelivered %v, want %v", again, seen[0])
		}
		p.ack(again)
		p.drop()
		p = w.dial()
		p.greet(uaid)
		if more := p.take(); len(more) != 0 {
			t.Errorf("acknowledged message came again: %v", more)
		}
		p.drop()
	})
}

func TestStorage(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		p.drop()
		w.post(endpoint, "0", "", "gone")
		w.post(endpoint, "60", "", "expires")
		w.post(endpoint, "7200", "", "stays")
		w.post(endpoint, "7200", "t", "replaced")
		w.post(endpoint, "7200", "t", "newest")
		w.post(endpoint, "99999999", "", "capped")
		w.offset = time.Hour
		p = w.dial()
		p.greet(uaid)
		topics := p.take()
		if got := texts(topics); got != "newest" {
			t.Errorf("topic batch %q", got)
		}
		p.ack(topics...)
		rest := p.take()
		if got := texts(rest); got != "stays capped" {
			t.Errorf("rest %q", got)
		}
		p.drop()
		w.offset = 31 * 24 * time.Hour
		p = w.dial()
		p.greet(uaid)
		if more := p.take(); len(more) != 0 {
			t.Errorf("messages live longer than 30 days: %q", texts(more))
		}
		p.drop()
	})
}

func TestForgetsWhoHasTooMuchWaiting(t *testing.T) {
	for _, c := range []struct {
		stored int
		kept   bool
	}{{150, true}, {151, false}} {
		inWorld(t, func(w *world) {
			p := w.dial()
			uaid := p.greet("")
			endpoint := p.register(testChannel)
			p.drop()
			for range c.stored {
				w.post(endpoint, "3600", "", "x")
			}
			p = w.dial()
			p.greet(uaid)
			got := 0
			for {
				batch := p.take()
				if len(batch) == 0 {
					break
				}
				got += len(batch)
				p.ack(batch...)
			}
			if kept := w.ctl.Connections() == 1; kept != c.kept || got != 150 {
				t.Errorf("%d stored: %d came, connection kept: %v", c.stored, got, kept)
			}
			if !c.kept {
				err := <-p.closed
				if websocket.CloseStatus(err) != 1000 {
					t.Errorf("closed with %v, want 1000", err)
				}
				if known := w.ctl.UserAgents(); len(known) != 0 {
					t.Errorf("uaids %v are still known", known)
				}
			}
			p.drop()
		})
	}
}

func TestNewerConnectionWins(t *testing.T) {
	inWorld(t, func(w *world) {
		old := w.dial()
		uaid := old.greet("")
		endpoint := old.register(testChannel)
		w.post(endpoint, "60", "", "unacknowledged")
		newer := w.dial()
		newer.greet(uaid)
		err := <-old.closed
		if websocket.CloseStatus(err) != 1011 {
			t.Errorf("older connection closed with %v, want 1011", err)
		}
		if m := newer.one(); text(m) != "unacknowledged" {
			t.Errorf("newer connection got %v", m)
		}
		w.post(endpoint, "60", "", "live")
		if m := newer.one(); text(m) != "live" {
			t.Errorf("newer connection got %v", m)
		}
		newer.drop()
	})
}

func TestBroadcasts(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.SetBroadcast("remote-settings/monitor_changes", "2")
		p := w.dial()
		p.send(`{"messageType":"hello","broadcasts":{"remote-settings/monitor_changes":"1","none":"0"}}`)
		m := p.one()
		want := map[string]any{
			"remote-settings/monitor_changes": "2",
			"errors":                          map[string]any{"none": "Broadcast not found"},
		}
		if got := m["broadcasts"]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("broadcasts %v, want %v", got, want)
		}
		w.ctl.SetBroadcast("remote-settings/monitor_changes", "3")
		if m := p.one(); m["messageType"] != "broadcast" {
			t.Errorf("got %v", m)
		}
		p.drop()
	})
}

func TestRefusedUpgrades(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.RefuseUpgrades(503, "77", 1)
		_, resp, err := websocket.Dial(w.t.Context(), "ws://"+memnet.Host+SocketPath, &websocket.DialOptions{HTTPClient: w.client})
		if err == nil || resp == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "77" {
			t.Errorf("refused upgrade: %v, %v", resp, err)
		}
		p := w.dial()
		p.greet("")
		if got := len(w.ctl.Upgrades()); got != 2 {
			t.Errorf("%d upgrades counted, want 2", got)
		}
		p.drop()
	})
}

func TestFaultsOnOpenConnections(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		w.ctl.Hang()
		p.send(`{}`)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("a hung connection answers %v", frames)
		}
		if err := p.conn.Ping(w.t.Context()); err != nil {
			t.Errorf("a hung connection must answer WebSocket pings: %v", err)
		}
		w.ctl.Silence()
		p.send(`{}`)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("a silent connection answers %v", frames)
		}
		w.ctl.Cut()
		if err := <-p.closed; websocket.CloseStatus(err) != -1 {
			t.Errorf("cut connection closed with %v", err)
		}
		p = w.dial()
		p.greet("")
		w.ctl.Close(4774, "")
		if err := <-p.closed; websocket.CloseStatus(err) != 4774 {
			t.Errorf("closed with %v, want 4774", err)
		}
	})
}
