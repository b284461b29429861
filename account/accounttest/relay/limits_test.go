package relay

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMessageBudget: a channel ends with the first message beyond what
// any member may see.
func TestMessageBudget(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  Limits
		members int
		lengths []int // of the messages, sent in turn
		kept    bool
	}{
		{"ten of ten", DefaultLimits(), 2, make([]int, 10), true},
		{"eleven of ten", DefaultLimits(), 2, make([]int, 11), false},
		{"three members share the budget", DefaultLimits(), 3, make([]int, 11), false},
		{"one of one", Limits{Messages: 1, Members: 2}, 2, []int{1}, true},
		{"two of one", Limits{Messages: 1, Members: 2}, 2, []int{1, 1}, false},
		{"alone", Limits{Messages: 3, Members: 2}, 1, []int{1, 1, 1, 1}, false},
		{"bytes reached", Limits{Messages: 99, Bytes: 30, Members: 2}, 2, []int{10, 20}, true},
		{"bytes passed by one", Limits{Messages: 99, Bytes: 30, Members: 2}, 2, []int{10, 20, 1}, false},
		{"one message of too many bytes", Limits{Messages: 99, Bytes: 30, Members: 2}, 2, []int{31}, false},
		{"no byte limit", Limits{Messages: 99, Members: 2}, 2, []int{60000, 60000, 60000}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.limits.Ping, c.limits.Silence = 5*time.Second, time.Minute
			inBubble(t, Params{Limits: c.limits}, func(t *testing.T, r *rawRelay) {
				members := []*rawMember{r.open("/v1/ws/")}
				for len(members) < c.members {
					members = append(members, r.open("/v1/ws/"+members[0].id))
				}
				for i, length := range c.lengths {
					from := members[i%len(members)]
					from.say(strings.Repeat("x", max(length, 1)))
					if i == len(c.lengths)-1 && !c.kept {
						break
					}
					for _, m := range members {
						if m != from && !strings.Contains(m.text(), `"message":"x`) {
							t.Errorf("message %d did not arrive", i)
						}
					}
				}
				synctest.Wait()
				want := 0
				if c.kept {
					want = c.members
				}
				if got := r.relay.Members(members[0].id); got != want {
					t.Errorf("%d members are left, want %d", got, want)
				}
				if !c.kept {
					for _, m := range members {
						m.ended()
					}
				}
			})
		})
	}
}

// TestMemberLimits: how many may be in a channel at once.
func TestMemberLimits(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 5} {
		limits := DefaultLimits()
		limits.Members = limit
		inBubble(t, Params{Limits: limits}, func(t *testing.T, r *rawRelay) {
			first := r.open("/v1/ws/")
			for range limit - 1 {
				r.open("/v1/ws/" + first.id)
			}
			surplus, resp := r.dial("/v1/ws/"+first.id, nil)
			if resp == nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("limit %d: not upgraded", limit)
			}
			surplus.ended()
			if got := r.relay.Members(first.id); got != limit {
				t.Errorf("%d members, limit %d", got, limit)
			}
		})
	}
}

// TestGreetingAndSender: what members are told, and what not.
func TestGreetingAndSender(t *testing.T) {
	for _, c := range []struct {
		name   string
		header http.Header
		place  func(string) Place
		want   map[string]string
	}{
		{"nothing known", http.Header{}, nil, map[string]string{"ua": "Go-http-client/1.1", "remote": "127.0.0.1"}},
		{"user agent", http.Header{"User-Agent": {"Firefox/1 <b>"}}, nil, map[string]string{"ua": "Firefox/1 <b>", "remote": "127.0.0.1"}},
		{"whole place", http.Header{"User-Agent": {"x"}}, func(string) Place { return Place{"Ulm", "BW", "DE"} }, map[string]string{
			"ua": "x", "remote": "127.0.0.1", "city": "Ulm", "region": "BW", "country": "DE",
		}},
		{"place in the member's language", http.Header{"User-Agent": {"x"}, "Accept-Language": {"fr"}}, func(lang string) Place { return Place{Country: "in " + lang} }, map[string]string{
			"ua": "x", "remote": "127.0.0.1", "country": "in fr",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
				r.relay.SetPlace(c.place)
				listener := r.open("/v1/ws/")
				speaker, resp := r.dial("/v1/ws/"+listener.id, c.header)
				if resp == nil || resp.Header.Get("Sec-WebSocket-Protocol") != "" || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
					t.Fatalf("upgrade %v", resp)
				}
				var greeting map[string]any
				if err := json.Unmarshal([]byte(speaker.text()), &greeting); err != nil || len(greeting) != 2 {
					t.Errorf("greeting %v, %v", greeting, err)
				}
				speaker.say("x")
				var envelope struct {
					Message string
					Sender  map[string]string
				}
				if err := json.Unmarshal([]byte(listener.text()), &envelope); err != nil {
					t.Fatal(err)
				}
				if len(envelope.Sender) != len(c.want) {
					t.Errorf("sender %v, want %v", envelope.Sender, c.want)
				}
				for name, value := range c.want {
					if envelope.Sender[name] != value {
						t.Errorf("%s is %q, want %q", name, envelope.Sender[name], value)
					}
				}
			})
		})
	}
}

// TestFrameSizes: 65536 octets pass, in either form of the length.
func TestFrameSizes(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		for _, size := range []int{1, 125, 126, 65535 - 200} {
			a.say(strings.Repeat("y", size))
			if got := strings.Count(b.text(), "y"); got != size {
				t.Errorf("%d of %d octets arrived", got, size)
			}
		}
		a.say(strings.Repeat("z", maxFrame))
		synctest.Wait()
		if got := r.relay.Members(a.id); got != 2 {
			t.Errorf("%d members after the largest frame", got)
		}
		head := frame(opText, make([]byte, maxFrame+1))[:10] // the length alone is enough
		head[1] |= masked
		if _, err := a.conn.Write(head); err != nil {
			t.Fatal(err)
		}
		a.ended()
		synctest.Wait()
		if got := r.relay.Members(a.id); got != 1 {
			t.Errorf("%d members after a frame too large, only its sender goes", got)
		}
	})
}

// TestSilenceIsBrokenBySigns: any of text, ping and pong keeps a member;
// binary frames do not.
func TestSilenceIsBrokenBySigns(t *testing.T) {
	for _, c := range []struct {
		name string
		sign func(m *rawMember)
		kept bool
	}{
		{"text", func(m *rawMember) { m.say("x") }, true},
		{"ping", func(m *rawMember) { m.raw(final|opPing, nil) }, true},
		{"pong", func(m *rawMember) { m.raw(final|opPong, []byte("unasked")) }, true},
		{"binary", func(m *rawMember) { m.raw(final|opBinary, []byte("x")) }, false},
		{"nothing", func(*rawMember) {}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := Limits{Messages: 100, Members: 2, Ping: 5 * time.Second, Silence: 20 * time.Second}
			inBubble(t, Params{Limits: limits}, func(t *testing.T, r *rawRelay) {
				m := r.open("/v1/ws/")
				go func() { // reads, and answers nothing
					for {
						if _, _, err := m.frame(); err != nil {
							return
						}
					}
				}()
				time.Sleep(12 * time.Second)
				c.sign(m)
				time.Sleep(12 * time.Second)
				synctest.Wait()
				if got := r.relay.Members(m.id) == 1; got != c.kept {
					t.Errorf("after 24 s the member is there: %v", got)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if r.relay.Members(m.id) != 0 {
					t.Error("a silent member stays for ever")
				}
			})
		})
	}
}

// TestHandshakes: what is no WebSocket handshake is refused in HTTP.
func TestHandshakes(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		for name, header := range map[string]http.Header{
			"no upgrade":     {"Upgrade": {"h2c"}},
			"no connection":  {"Connection": {"close"}},
			"short key":      {"Sec-Websocket-Key": {"AAAA"}},
			"key not base64": {"Sec-Websocket-Key": {"not base64 at all"}},
			"version 12":     {"Sec-Websocket-Version": {"12"}},
		} {
			m, resp := r.dial("/v1/ws/", header)
			if resp == nil || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %v", name, resp)
			}
			if err := m.conn.Close(); err != nil {
				t.Error(err)
			}
		}
		for name, header := range map[string]http.Header{
			"list in Connection": {"Connection": {"keep-alive, Upgrade"}},
			"capitals":           {"Upgrade": {"WebSocket"}},
			"any Origin":         {"Origin": {"https://evil.example"}},
		} {
			if _, resp := r.dial("/v1/ws/", header); resp == nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Errorf("%s: %v", name, resp)
			}
		}
	})
}
