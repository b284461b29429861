package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/push"
)

func TestSubscribeReceiveRestart(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		if len(sub.PublicKey) != 87 || len(sub.AuthKey) != 22 || !strings.Contains(sub.Endpoint, "/wpush/v1/") {
			t.Errorf("subscription %+v", sub)
		}
		w.post(sub, "one")
		if status := w.ctl.Post(sub.Endpoint, http.Header{"Ttl": {"60"}}, nil); status != 201 {
			w.t.Fatalf("endpoint answers %d", status)
		}
		w.post(sub, "two")
		if got := w.take(); got != "account:one account: account:two" {
			t.Errorf("messages %q", got)
		}
		if codes := w.ackCodes(); codes[100] != 3 || len(codes) != 1 {
			t.Errorf("acknowledged %v", codes)
		}
		w.restart()
		if again := w.subscribe("account"); again != sub {
			t.Errorf("after a restart %+v, want %+v", again, sub)
		}
		w.post(sub, "three")
		if got := w.take(); got != "account:three" {
			t.Errorf("messages %q", got)
		}
		if n := w.ctl.Registers(); n != 1 {
			t.Errorf("%d registrations, want 1", n)
		}
		h := w.client.Health()
		if h.State != push.Connected || h.Subscriptions != 1 || h.Delivered != 1 {
			t.Errorf("health %+v", h)
		}
	})
}

// TestGreeting: what an upgrade and a hello hold, and nothing else.
func TestGreeting(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		h := w.ctl.LastUpgrade()
		if h.Get("Sec-Websocket-Protocol") != "push-notification" || h.Get("User-Agent") != "tabferry-test" {
			t.Errorf("upgrade %v", h)
		}
		for _, name := range []string{"Cookie", "Authorization", "Origin", "Sec-Websocket-Extensions"} {
			if h.Get(name) != "" {
				t.Errorf("upgrade has %s", name)
			}
		}
		first := `{"messageType":"hello","use_webpush":true,"broadcasts":{}}`
		if got := w.ctl.LastHello(); got != first {
			t.Errorf("first hello %s, want %s", got, first)
		}
		w.ctl.Cut()
		time.Sleep(5 * time.Second)
		later := strings.TrimSuffix(first, "}") + `,"uaid":"` + w.ctl.Connected()[0] + `"}`
		if got := w.ctl.LastHello(); got != later {
			t.Errorf("later hello %s, want %s", got, later)
		}
	})
}

func TestNothingSubscribedNothingConnected(t *testing.T) {
	inWorld(t, func(w *world) {
		time.Sleep(time.Hour)
		if n := len(w.ctl.Upgrades()); n != 0 || w.state() != push.Idle {
			t.Errorf("%d connections, state %s", n, w.state())
		}
		sub := w.subscribe("account")
		if err := w.client.Unsubscribe(context.Background(), "account"); err != nil {
			w.t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if n := w.ctl.Connections(); n != 0 || w.state() != push.Idle {
			t.Errorf("%d connections, state %s", n, w.state())
		}
		if got := w.ctl.Unregisters(); len(got) != 1 || !strings.HasSuffix(got[0], " 200") {
			t.Errorf("unregistered %v", got)
		}
		if status := w.ctl.Post(sub.Endpoint, gcmHeader(60), nil); status != 410 {
			t.Errorf("endpoint answers %d, want 410", status)
		}
		if text := w.store.text(); strings.Contains(text, "uaid") || strings.Contains(text, "private") {
			t.Error("identity or keys are still stored")
		}
		if again := w.subscribe("account"); again.Endpoint == sub.Endpoint || again.PublicKey == sub.PublicKey {
			t.Error("a new subscription reuses endpoint or key")
		}
		if hellos := w.ctl.Hellos(); hellos[len(hellos)-1] != "" {
			t.Error("the forgotten identity was used again")
		}
	})
}

func TestSeveralSubscriptions(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.subscribe("a"), w.subscribe("b")
		w.post(a, "1")
		w.post(b, "2")
		w.post(a, "3")
		if got := w.take(); got != "a:1 b:2 a:3" {
			t.Errorf("messages %q", got)
		}
		if err := w.client.Unsubscribe(context.Background(), "a"); err != nil {
			w.t.Fatal(err)
		}
		w.post(b, "4")
		if got := w.take(); got != "b:4" {
			t.Errorf("messages %q", got)
		}
		if n := len(w.ctl.Upgrades()); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		if err := w.client.Unsubscribe(context.Background(), "never was"); err != nil {
			t.Error(err)
		}
	})
}

func TestSubscribeWaitsOutFailures(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.RefuseUpgrades(500, "", 2)
		w.ctl.FailRegisters(2)
		w.ctl.IgnoreRegisters(1)
		start := time.Now()
		w.subscribe("account")
		if took := time.Since(start); took < 20*time.Second || took > 2*time.Minute {
			t.Errorf("took %v", took)
		}
		if n := w.ctl.Registers(); n != 4 {
			t.Errorf("%d registrations, want 4", n)
		}
	})
}

// A subscription that could not be stored is none: its channel is given back, and another one is made.
func TestSubscribeWaitsForTheStore(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("first")
		w.store.set(errDisk)
		time.AfterFunc(time.Minute, func() { w.store.set(nil) })
		made := w.subscribe("second")
		registers, unregisters := w.ctl.Registers(), w.ctl.Unregisters()
		if registers < 3 || len(unregisters) != registers-2 {
			t.Errorf("%d registrations, given back: %v", registers, unregisters)
		}
		if w.post(made, "x"); w.take() != "second:x" {
			t.Error("the message did not come")
		}
	})
}

func TestSubscribeEndsWithItsContext(t *testing.T) {
	inWorld(t, func(w *world) {
		w.ctl.RefuseUpgrades(500, "", -1)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := w.client.Subscribe(ctx, "account"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		if w.state() != push.Idle {
			t.Errorf("state %s, nobody wants anything", w.state())
		}
		before := len(w.ctl.Upgrades())
		time.Sleep(24 * time.Hour)
		if n := len(w.ctl.Upgrades()); n != before {
			t.Errorf("%d more attempts for nobody", n-before)
		}
	})
}

func TestMethodsAfterTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		w.subscribe("account")
		client := w.client
		w.halt()
		ctx := context.Background()
		if _, err := client.Subscribe(ctx, "account"); !errors.Is(err, push.ErrStopped) {
			t.Errorf("subscribe: %v", err)
		}
		if err := client.Unsubscribe(ctx, "account"); !errors.Is(err, push.ErrStopped) {
			t.Errorf("unsubscribe: %v", err)
		}
		if err := client.Run(ctx); !errors.Is(err, push.ErrRunning) {
			t.Errorf("run: %v", err)
		}
		if h := client.Health(); h.State != push.Stopped {
			t.Errorf("state %s", h.State)
		}
		client.Wake(push.Online) // does nothing, does not wait
	})
}

func TestParams(t *testing.T) {
	good := push.Params{Store: &memStore{}, Handle: func(context.Context, push.Message) {}}
	for url, ok := range map[string]bool{
		"":                             true,
		"wss://push.example/":          true,
		"ws://127.0.0.1:1/push":        true,
		"ws://[::1]:1/push":            true,
		"ws://localhost:1/push":        true,
		"ws://push.example/":           false,
		"ws://127.0.0.1.push.example/": false,
		"https://push.example/":        false,
		"push.example":                 false,
		"wss://":                       false,
	} {
		p := good
		p.ServerURL = url
		if _, err := push.New(p); (err == nil) != ok || err != nil && !errors.Is(err, push.ErrParams) {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := push.New(push.Params{Handle: good.Handle}); !errors.Is(err, push.ErrParams) {
		t.Errorf("no store: %v", err)
	}
	if _, err := push.New(push.Params{Store: good.Store}); !errors.Is(err, push.ErrParams) {
		t.Errorf("no handler: %v", err)
	}
}

func TestChangedServerEndsSubscriptions(t *testing.T) {
	inWorld(t, func(w *world) {
		old := w.subscribe("account")
		w.halt()
		w.params.ServerURL = strings.Replace(w.params.ServerURL, "127.0.0.1", "localhost", 1)
		w.start()
		time.Sleep(time.Minute)
		changed := w.changes()
		if len(changed) != 1 || changed[0].Endpoint == old.Endpoint || changed[0].AuthKey == old.AuthKey {
			w.t.Fatalf("changed %+v", changed)
		}
		if hellos := w.ctl.Hellos(); hellos[len(hellos)-1] != "" {
			t.Error("one server's identity was shown to another")
		}
	})
}

func TestUnreadableStoredState(t *testing.T) {
	for name, blob := range map[string]string{
		"not json":      `{"format":`,
		"future format": `{"format":2}`,
		"bad key":       `{"format":1,"uaid":"a","subscriptions":{"x":{"endpoint":"https://a/","private_key":"AAAA"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.halt()
				w.store.blob = []byte(blob)
				w.start()
				w.subscribe("account")
				if !json.Valid([]byte(w.store.text())) {
					t.Error("stored state was not replaced")
				}
			})
		})
	}
}

func TestStoreThatCannotBeRead(t *testing.T) {
	p := push.Params{Store: &brokenStore{}, Handle: func(context.Context, push.Message) {}}
	c, err := push.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(context.Background()); !errors.Is(err, errDisk) {
		t.Errorf("run: %v", err)
	}
}

type brokenStore struct{ memStore }

func (*brokenStore) Load(context.Context) ([]byte, error) { return nil, errDisk }
