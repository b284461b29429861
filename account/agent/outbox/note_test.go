package outbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// What several devices are sent at the same time shares its transactions, what is sent alone waits for nobody;
// and whatever is stored together, a request goes out only when the disk says so of its entry.
func TestNotesAreStoredTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		devices string
		slow    time.Duration // a write
		most    float64       // transactions for an entry
		took    time.Duration
	}{
		{"a", 0, 1.1, 0},
		{"a", time.Millisecond, 1.1, 27 * time.Millisecond},
		{"abcd", time.Millisecond, 0.6, 75 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(c.devices, c.slow), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{}
				b := run(t, memory(t), srv)
				b.disk.slow = c.slow
				asked := map[string]bool{}
				var mu sync.Mutex
				srv.asked = func(device, url string) {
					mu.Lock()
					defer mu.Unlock()
					for name, e := range b.stored(t) {
						if own := name == device+url; own != e.InFlight && e.ToID == device || e.settled() && !asked[name] {
							t.Errorf("at the request for %s%s the disk says %+v", device, url, e)
						}
					}
					asked[device+url] = true
				}
				began := time.Now()
				r := localapi.SendRequest{Devices: strings.Split(c.devices, "")}
				for _, u := range many(25) {
					r.Links = append(r.Links, localapi.Link{URL: "https://example.com/" + u})
				}
				if _, err := b.Send(t.Context(), r); err != nil {
					t.Fatal(err)
				}
				for b.Board.Now().Outbox.Waiting > 0 {
					pass(c.slow)
				}
				if took := time.Since(began); took > c.took {
					t.Errorf("took %v", took)
				}
				n := 25 * len(c.devices)
				if per := float64(b.disk.writes()) / float64(n); per > c.most {
					t.Errorf("%.2f transactions an entry", per)
				}
				if len(srv.sent) != n || len(b.stored(t)) != n {
					t.Errorf("%d sent, %d stored", len(srv.sent), len(b.stored(t)))
				}
			})
		})
	}
}

// Of ends that are stored together each is its own: one that failed, one that somebody has deleted meanwhile, one
// whose device is gone. If the store does not take them each counts all the same, none is sent again, and a
// crash before they are stored repeats them only marked.
func TestEndsThatAreStoredTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fails       int // writes, from the ends on
		kept, crash bool
	}{{0, false, false}, {0, false, true}, {2, false, false}, {2, true, false}, {1000, false, true}, {1000, true, true}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, srv := memory(t), &server{}
				b := run(t, s, srv)
				var over bool
				srv.fail = func(url string) error {
					if over {
						return nil
					}
					time.Sleep(time.Second)
					switch url {
					case "https://example.com/b":
						return account.ErrNetwork
					case "https://example.com/d":
						return account.ErrUnknownDevice
					}
					return nil
				}
				sent := map[string]localapi.OutboxEntry{}
				for _, device := range []string{"a", "b", "c", "d"} {
					sent[device] = b.queueTo(t, device, device)[0]
				}
				pass(time.Millisecond)
				if err := b.Delete(t.Context(), sent["c"].ID); err != nil {
					t.Fatal(err)
				}
				b.disk.slow = time.Millisecond // so that they meet
				b.disk.mood(func(n int) (bool, bool) { return n <= c.fails, c.kept })
				pass(time.Second)
				over = true
				pass(5 * time.Millisecond)
				if n := b.disk.writes(); n > 3 {
					t.Errorf("%d transactions", n)
				}
				states := func(b *bench) map[string]localapi.SendState {
					found := map[string]localapi.SendState{}
					for _, e := range b.Entries() {
						found[e.ToID] = e.State
					}
					return found
				}
				want := map[string]localapi.SendState{"a": localapi.SendAlerted, "b": localapi.SendWaiting, "d": localapi.SendFailed}
				if got := states(b); !maps.Equal(got, want) {
					t.Errorf("the ends are %v", got)
				}
				for _, e := range b.Entries() {
					if e.Reason == "" && (e.State != localapi.SendAlerted || c.fails > 0) || (c.fails > 0 || e.ToID == "b") != e.MayBeTwice {
						t.Errorf("%+v", e)
					}
				}
				if !c.crash {
					pass(time.Minute)
				}
				b.end()
				again := run(t, s, srv)
				pass(time.Minute)
				want["b"] = localapi.SendAlerted
				if c.crash && c.fails > 0 && !c.kept {
					want["d"] = localapi.SendAlerted // it is back
				}
				if got := states(again); !maps.Equal(got, want) {
					t.Errorf("after the start they are %v", got)
				}
				for _, e := range again.Entries() {
					if twice := srv.count(e.ToID+e.URL) > 1; twice && !e.MayBeTwice || twice && !c.crash && e.ToID != "b" {
						t.Errorf("sent %q; %+v", srv.sent, e)
					}
				}
			})
		})
	}
}

// What the server has accepted while the agent ends is stored if the store is free in time, for all lanes.
// If it is not, the next start knows that the tabs may have arrived.
func TestNotesAtTheEnd(t *testing.T) {
	t.Parallel()
	for held, noted := range map[time.Duration]bool{recordTime / 2: true, 2 * recordTime: false} {
		t.Run(fmt.Sprint(held), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{fail: func(string) error { time.Sleep(time.Second); return nil }}
				b := run(t, memory(t), srv)
				for _, device := range []string{"a", "b", "c"} {
					b.queueTo(t, device, "1", "2")
				}
				pass(time.Millisecond)
				var other error
				go func() {
					other = b.disk.Vault.Write(context.Background(), func(*store.Tx) error { return nil }, func() { time.Sleep(time.Second + held) })
				}()
				pass(time.Second)
				b.end()
				pass(time.Minute)
				if other != nil {
					t.Fatal(other)
				}
				if len(srv.sent) != 3 {
					t.Errorf("sent: %q", srv.sent)
				}
				for _, name := range slices.Sorted(maps.Keys(b.stored(t))) {
					e := b.stored(t)[name]
					first := strings.HasSuffix(name, "1")
					if want := first && noted; e.settled() != want || e.InFlight != (first && !noted) {
						t.Errorf("stored is %+v", e)
					}
				}
			})
		})
	}
}
