package pushservice

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

func TestControlLooksAtUserAgents(t *testing.T) {
	inWorld(t, func(w *world) {
		if w.ctl.Connections() != 0 || w.ctl.Connected() != nil || w.ctl.UserAgents() != nil || w.ctl.Channels("x") != nil {
			t.Error("a new service knows somebody")
		}
		one, two := w.dial(), w.dial()
		synctest.Wait()
		if w.ctl.Connections() != 2 || len(w.ctl.Connected()) != 0 {
			t.Errorf("%d connections, %v said hello", w.ctl.Connections(), w.ctl.Connected())
		}
		first, second := one.greet(""), two.greet("")
		want := []string{first, second}
		slices.Sort(want)
		if got := w.ctl.Connected(); !slices.Equal(got, want) {
			t.Errorf("connected %v, want %v", got, want)
		}
		if got := w.ctl.UserAgents(); len(got) != 0 {
			t.Errorf("user agents without a channel are stored: %v", got)
		}
		other := strings.Replace(testChannel, "6f", "7f", 1)
		one.register(other)
		one.register(testChannel)
		if got := w.ctl.UserAgents(); !slices.Equal(got, []string{first}) {
			t.Errorf("user agents %v, want %s", got, first)
		}
		if got := w.ctl.Channels(first); !slices.Equal(got, []string{testChannel, other}) {
			t.Errorf("channels %v", got)
		}
		one.send(`{"messageType":"unregister","channelID":%q,"code":201}`, other)
		one.one()
		if got := w.ctl.Unregisters(); !slices.Equal(got, []string{other + " 201"}) {
			t.Errorf("unregisters %v", got)
		}
		if got := w.ctl.Channels(first); !slices.Equal(got, []string{testChannel}) {
			t.Errorf("channels %v", got)
		}
		if w.ctl.Registers() != 2 || len(w.ctl.Upgrades()) != 2 {
			t.Errorf("%d registers, %d upgrades", w.ctl.Registers(), len(w.ctl.Upgrades()))
		}
		if got := w.ctl.LastUpgrade().Get("Sec-WebSocket-Protocol"); got != "push-notification" {
			t.Errorf("the upgrade asked for %q", got)
		}
		two.drop()
		if w.ctl.Connections() != 1 {
			t.Errorf("%d connections after one left", w.ctl.Connections())
		}
		back := w.dial()
		back.greet(first)
		if got := w.ctl.Hellos(); !slices.Equal(got, []string{"", "", first}) {
			t.Errorf("hellos %q", got)
		}
		if got := w.ctl.LastHello(); !strings.Contains(got, first) || !strings.Contains(got, `"use_webpush":true`) {
			t.Errorf("last hello %s", got)
		}
		back.drop()
	})
}

func TestControlCountsMessages(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		w.post(endpoint, "60", "", "one")
		w.post(endpoint, "60", "", "two")
		w.post(endpoint+"x", "60", "", "nobody")
		frames := p.take()
		if w.ctl.Outstanding() != 2 || w.ctl.Posts() != 3 || w.ctl.Stored() != 0 {
			t.Errorf("%d outstanding, %d posts, %d stored", w.ctl.Outstanding(), w.ctl.Posts(), w.ctl.Stored())
		}
		p.send(`{"messageType":"ack","updates":[{"channelID":%q,"version":%q,"code":101},{"channelID":"other","version":%q,"code":102}]}`,
			testChannel, frames[0]["version"], frames[1]["version"])
		p.take()
		acks := w.ctl.Acks()
		if len(acks) != 2 || acks[0] != (Ack{uaid, testChannel, frames[0]["version"].(string), 101}) || acks[1].ChannelID != "other" || acks[1].Code != 102 {
			t.Errorf("acks %+v", acks)
		}
		if w.ctl.Outstanding() != 0 {
			t.Error("matching is by version alone")
		}
		p.send(`{}`)
		p.one()
		if err := p.conn.Ping(w.t.Context()); err != nil {
			t.Error(err)
		}
		if frames, messages := w.ctl.Pings(); frames != 1 || messages != 1 {
			t.Errorf("%d frames and %d messages as pings", frames, messages)
		}
		p.drop()
		w.post(endpoint, "60", "", "later")
		if w.ctl.Stored() != 1 || w.ctl.Outstanding() != 0 {
			t.Errorf("%d stored, %d outstanding", w.ctl.Stored(), w.ctl.Outstanding())
		}
	})
}

func TestNacksAreNoAcks(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		endpoint := p.register(testChannel)
		w.post(endpoint, "60", "", "x")
		note := p.one()
		p.send(`{"messageType":"nack","version":%q,"code":301}`, note["version"])
		if frames := p.take(); len(frames) != 0 || w.ctl.Outstanding() != 1 {
			t.Errorf("a nack brought %v, %d outstanding", frames, w.ctl.Outstanding())
		}
		p.send(`{"messageType":"nack","code":302}`)
		if err := <-p.closed; websocket.CloseStatus(err) != 1011 {
			t.Errorf("a nack without version: %v", err)
		}
	})
}

func TestHelloFaults(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, status := range []int{401, 500, 503} {
			w.ctl.AnswerHello(status)
			p := w.dial()
			p.send(`{"messageType":"hello","use_webpush":true}`)
			if m := p.one(); m["status"] != float64(status) || m["messageType"] != "hello" {
				t.Errorf("hello reply %v, want %d", m, status)
			}
			p.drop()
		}
		w.ctl.AnswerHello(0)
		w.ctl.IgnoreHellos(1)
		p := w.dial()
		p.send(`{"messageType":"hello","use_webpush":true}`)
		time.Sleep(time.Minute)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("an ignored hello was answered: %v", frames)
		}
		p.drop()
		w.dial().greet("")
	})
}

func TestRegisterFaults(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		w.ctl.FailRegisters(2)
		for range 2 {
			p.send(`{"messageType":"register","channelID":%q}`, testChannel)
			if m := p.one(); m["status"] != 500.0 || m["pushEndpoint"] != "" || m["channelID"] != testChannel {
				t.Errorf("failed register: %v", m)
			}
		}
		if got := w.ctl.Channels(uaid); len(got) != 0 {
			t.Errorf("a failed register made %v", got)
		}
		w.ctl.IgnoreRegisters(1)
		p.send(`{"messageType":"register","channelID":%q}`, testChannel)
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("an ignored register was answered: %v", frames)
		}
		p.register(testChannel)
		if w.ctl.Registers() != 4 {
			t.Errorf("%d registers counted", w.ctl.Registers())
		}
		p.drop()
	})
}

func TestUpgradeFaults(t *testing.T) {
	for _, c := range []struct {
		name, retryAfter string
		status           int
	}{
		{"busy", "120", 503}, {"throttled", "7", 429}, {"moved", "", 302}, {"forbidden", "", 403}, {"portal", "", 511},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				w.ctl.RefuseUpgrades(c.status, c.retryAfter, -1)
				for range 3 {
					_, res, err := websocket.Dial(w.t.Context(), "ws://"+memnet.Host+SocketPath, &websocket.DialOptions{HTTPClient: w.client})
					if err == nil || res == nil || res.StatusCode != c.status || res.Header.Get("Retry-After") != c.retryAfter {
						t.Fatalf("refused with %v, %v", res, err)
					}
					if (res.Header.Get("Location") != "") != (c.status == 302) {
						t.Errorf("Location %q", res.Header.Get("Location"))
					}
				}
				w.ctl.RefuseUpgrades(c.status, "", 0)
				w.dial().greet("")
				if got := len(w.ctl.Upgrades()); got != 4 {
					t.Errorf("%d upgrades counted", got)
				}
			})
		})
	}
}

func TestUpgradesCanBeSlow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.DelayUpgrades(20 * time.Second)
		start := time.Now()
		p := w.dial()
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("the upgrade took %s", took)
		}
		p.greet("")
		w.ctl.DelayUpgrades(0)
		p.drop()
	})
}

func TestLosesPongsOnDemand(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		w.ctl.LosePongs()
		ctx, cancel := contextFor(w, 10*time.Second)
		defer cancel()
		if err := p.conn.Ping(ctx); err == nil {
			t.Error("a lost pong came")
		}
		p.drop()
		p = w.dial()
		p.greet("")
		p.register(testChannel)
		w.ctl.LosePongs()
		p.send(`{}`) // messages are answered all the same
		if m := p.one(); len(m) != 0 {
			t.Errorf("answer %v", m)
		}
	})
}

func TestSendsAnyText(t *testing.T) {
	inWorld(t, func(w *world) {
		greeted, early := w.dial(), w.dial()
		greeted.greet("")
		for _, text := range []string{`{"messageType":"future","x":1}`, `no json`, `{"messageType":"notification"}`} {
			w.ctl.Send(text)
			m := greeted.one()
			if m["unreadable"] != nil && m["unreadable"] != text {
				t.Errorf("%s arrived as %v", text, m)
			}
			if frames := early.take(); len(frames) != 0 {
				t.Errorf("a connection before hello got %v", frames)
			}
		}
		greeted.drop()
		early.drop()
	})
}

func TestCloseCodesOnDemand(t *testing.T) {
	for _, c := range []struct {
		code   int
		reason string
	}{{1000, "SM"}, {1001, ""}, {1002, "frame"}, {1011, "RegistryDisconnected"}, {1012, ""}, {4774, "go away"}} {
		inWorld(t, func(w *world) {
			one, two := w.dial(), w.dial()
			uaid := one.greet("")
			endpoint := one.register(testChannel)
			w.ctl.Close(c.code, c.reason)
			for _, p := range []*peer{one, two} {
				if err := <-p.closed; int(websocket.CloseStatus(err)) != c.code || !strings.Contains(err.Error(), c.reason) {
					t.Errorf("closed with %v, want %d %s", err, c.code, c.reason)
				}
			}
			// The uaid lives on and gets what came meanwhile.
			w.post(endpoint, "60", "", "meanwhile")
			back := w.dial()
			if again := back.greet(uaid); again != uaid {
				t.Errorf("code %d cost the uaid", c.code)
			}
			if got := texts(back.take()); got != "meanwhile" {
				t.Errorf("after %d came %q", c.code, got)
			}
			back.drop()
		})
	}
}

func TestEndsOneSubscription(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		p.greet("")
		one, two := p.register(testChannel), p.register(strings.Replace(testChannel, "6f", "8f", 1))
		w.ctl.EndSubscription(one)
		if got := w.post(one, "60", "", "x"); got != 410 {
			t.Errorf("the ended endpoint answers %d", got)
		}
		if got := w.post(two, "60", "", "x"); got != 201 {
			t.Errorf("the other endpoint answers %d", got)
		}
		renewed := p.take()
		if texts(renewed) != "x" {
			t.Errorf("arrived %v", renewed)
		}
		p.send(`{"messageType":"register","channelID":%q}`, testChannel)
		m := p.one()
		if fresh := m["pushEndpoint"].(string); fresh == one || w.post(fresh, "60", "", "x") != 201 {
			t.Error("a new endpoint does not work")
		}
		p.drop()
	})
}

func TestForgetsEverybody(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.dial()
		uaid := p.greet("")
		endpoint := p.register(testChannel)
		p.drop()
		w.post(endpoint, "60", "", "lost")
		w.ctl.ForgetUserAgents()
		if w.ctl.Stored() != 0 || len(w.ctl.UserAgents()) != 0 {
			t.Errorf("%d stored, %v known", w.ctl.Stored(), w.ctl.UserAgents())
		}
		p = w.dial()
		if again := p.greet(uaid); again == uaid {
			t.Error("a forgotten uaid was given back")
		}
		if frames := p.take(); len(frames) != 0 {
			t.Errorf("a forgotten message came: %v", frames)
		}
		p.drop()
	})
}
