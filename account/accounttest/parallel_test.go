package accounttest

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestServicesDoNotKnowEachOther: several at once, on sockets and in memory,
// with the same addresses and names.
func TestServicesDoNotKnowEachOther(t *testing.T) {
	t.Parallel()
	const count = 4
	type place struct {
		*peer
		h      *Account
		tokens answer
	}
	places := make([]place, count)
	var starting sync.WaitGroup
	for i := range places {
		starting.Go(func() {
			opts := []Option{WithSeed(fmt.Sprint("service ", i))}
			if i%2 == 1 {
				opts = append(opts, InMemory())
			}
			_, p, h := newStage(t, opts...)
			places[i] = place{p, h, p.signIn(ReferenceClientID, everything, h)}
		})
	}
	starting.Wait()
	for i, here := range places {
		for j, there := range places {
			want := http.StatusOK
			if i != j {
				want = http.StatusUnauthorized
				if here.h.UID() == there.h.UID() {
					t.Errorf("services %d and %d share an account", i, j)
				}
			}
			if got := here.get("/v1/account/devices", "Bearer "+there.tokens.str("refresh_token")); got.status != want {
				t.Errorf("service %d, token of %d: %d", i, j, got.status)
			}
			if got := here.get("/v1/session/status", typedSession(there.tokens.str("session_token"))); got.status != want {
				t.Errorf("service %d, session of %d: %d", i, j, got.status)
			}
		}
	}
	places[0].s.Faults.Next("*", 500, Times(-1))
	places[2].h.Delete()
	places[1].s.Clock.Advance(48 * time.Hour)
	places[3].get("/v1/profile", "Bearer "+places[3].tokens.str("access_token")).ok()
	places[1].get("/v1/profile", "Bearer "+places[1].tokens.str("access_token")).fails(401, 100)
	places[0].get("/v1/session/status", "").fails(500, 999)
}

// TestSameSeedSameService: two services of one seed give out the same ids, and
// those of another seed differ.
func TestSameSeedSameService(t *testing.T) {
	t.Parallel()
	run := func(seed string) []string {
		_, p, h := newStage(t, WithSeed(seed), WithClock(func() time.Time { return time.Unix(1800000000, 0) }), InMemory())
		tokens := p.signIn(ReferenceClientID, everything, h)
		out := []string{h.UID(), h.VerifyCode(), h.SessionCode(), tokens.str("access_token"), tokens.str("refresh_token"), tokens.str("session_token"), h.Devices()[0].ID}
		g := newAgent(t, p.s, "x")
		return append(out, g.endpoint, tokens.str("keys_jwe"))
	}
	first, again, other := run("one"), run("one"), run("two")
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("value %d differs between two runs: %s, %s", i, first[i], again[i])
		}
		if first[i] == other[i] {
			t.Errorf("value %d is the same with another seed: %s", i, first[i])
		}
	}
}

// TestTwoServicesInOneBubble: a push of one service reaches the push service
// of another only by its own network, and both obey the bubble's clock.
func TestTwoServicesInOneBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, one, h := newStage(t, InMemory(), WithSeed("one"))
		_, two, k := newStage(t, InMemory(), WithSeed("two"))
		start := one.s.Clock.Now()
		a, b := one.watcher(h, "a"), two.watcher(k, "b")
		h.SetDisplayName("first")
		time.Sleep(time.Minute)
		k.SetDisplayName("second")
		for _, g := range []*agent{a, b} {
			if message := g.next(); message["command"] != "fxaccounts:profile_updated" {
				t.Errorf("pushed %v", message)
			}
		}
		if first, second := one.s.Push().Posts(), two.s.Push().Posts(); first != 1 || second != 1 {
			t.Errorf("%d and %d messages", first, second)
		}
		two.s.Clock.Advance(time.Hour)
		if waited := one.s.Clock.Now().Sub(start); waited != time.Minute {
			t.Errorf("%s passed for the first", waited)
		}
		if apart := two.s.Clock.Now().Sub(one.s.Clock.Now()); apart != time.Hour {
			t.Errorf("the clocks are %s apart", apart)
		}
	})
}

// TestLifetimesInABubble: what runs out, at which moment of the bubble's time.
func TestLifetimesInABubble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		life time.Duration
		make func(p *peer, h *Account) (works func() bool)
	}{
		{"access token", maxTokenLifetime, func(p *peer, h *Account) func() bool {
			access := p.signIn(ReferenceClientID, "profile", h).str("access_token")
			return func() bool { return p.get("/v1/profile", "Bearer "+access).status == 200 }
		}},
		{"access token of ten minutes", 10 * time.Minute, func(p *peer, h *Account) func() bool {
			f := newFlow(ReferenceClientID, "profile")
			access := p.post("/v1/oauth/token", "", with(f.redeem(p.approve(f, h)), "ttl", 600)).ok().str("access_token")
			return func() bool {
				return p.post("/v1/introspect", "", map[string]any{"token": access}).json["active"] == true
			}
		}},
		{"session without device", sessionLifetime, func(p *peer, h *Account) func() bool {
			session := p.session(h)
			return func() bool { return p.get("/v1/session/status", session).status == 200 }
		}},
		{"keyFetch token", oneTimeLifetime, func(p *peer, h *Account) func() bool {
			// One token for each look, because a look uses it up.
			tokens := []string{}
			for range 2 {
				tokens = append(tokens, p.login(h.Email(), "password1", "?keys=true").ok().str("keyFetchToken"))
			}
			return func() bool {
				token := tokens[0]
				tokens = tokens[1:]
				return p.get("/v1/account/keys", typed("fxk_", token, "keyFetchToken")).status == 200
			}
		}},
		{"command", maxQueueTime, func(p *peer, h *Account) func() bool {
			me := p.session(h)
			id := p.post("/v1/account/device", me, map[string]any{"name": "x", "availableCommands": sendTab}).ok().str("id")
			p.post("/v1/account/devices/invoke_command", me, map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{}, "ttl": 10000000}).ok()
			return func() bool {
				messages, _ := p.get("/v1/account/device/commands", me).ok().json["messages"].([]any)
				return len(messages) == 1
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(t, InMemory(), WithSeed(c.name))
				p := newPeer(t, s)
				works := c.make(p, s.NewAccount("a@example.com", "password1"))
				time.Sleep(c.life - time.Nanosecond)
				if !works() {
					t.Error("ended early")
				}
				time.Sleep(time.Nanosecond)
				if works() {
					t.Error("lives on")
				}
			})
		})
	}
}

// TestFaultsInABubble: delays take bubble time, and a client that gives up
// first is not waited for.
func TestFaultsInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, h := newStage(t, InMemory(), WithSeed("faults"))
		path := "/v1/account/status?uid=" + h.UID()
		s.Faults.Next("*", 503, Delay(time.Hour), RetryAfter(7))
		start := time.Now()
		if got := p.get(path, "").fails(503, 201); time.Since(start) != time.Hour || got.header.Get("Retry-After") != "7" {
			t.Errorf("after %s: %v", time.Since(start), got.header)
		}
		s.Faults.Next("*", 0, Delay(24*time.Hour))
		p.http.Timeout = time.Minute
		start = time.Now()
		res, err := p.http.Get(s.URL() + path)
		if err == nil {
			_ = res.Body.Close() // the test has failed already
		}
		if err == nil || time.Since(start) != time.Minute {
			t.Errorf("gave up after %s with %v", time.Since(start), err)
		}
		synctest.Wait()
		p.get(path, "").ok()
		if s.Faults.Armed() != 0 {
			t.Error("the fault is still there")
		}
	})
}
