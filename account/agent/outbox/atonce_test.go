package outbox

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// What waits for nobody costs two transactions: one that queues it and begins its attempt, one for what the server
// said. What cannot begin at once costs one more.
func TestASendThatWaitsForNobody(t *testing.T) {
	t.Parallel()
	to := func(devices ...string) localapi.SendRequest { return localapi.SendRequest{Devices: devices} }
	held := to("a")
	held.Hold = true
	for _, c := range []struct {
		what   string
		r      localapi.SendRequest
		writes int
	}{
		{"to a device", to("a"), 2}, {"to four", to("a", "b", "c", "d"), 5}, {"held", held, 3},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := run(t, memory(t), &server{})
				for i := range 3 {
					b.disk.mood(nil) // counts anew
					b.queueAs(t, c.r, fmt.Sprint(i))
					pass(time.Minute)
					if n := b.disk.writes(); n > c.writes {
						t.Errorf("%d transactions", n)
					}
				}
				if len(b.sent) != 3*len(c.r.Devices) || b.Board.Now().Outbox.Waiting != 0 {
					t.Errorf("sent: %q", b.sent)
				}
			})
		})
	}
}

// Whenever we die over a send that begins at once, the next start finds nothing of it, or entries of which the one
// that may have arrived is marked: none is lost, none that is not marked is sent twice.
func TestCrashOfASendThatBeginsAtOnce(t *testing.T) {
	t.Parallel()
	const one, two = "https://example.com/1", "https://example.com/2"
	for moment, want := range map[string]struct {
		sent   map[string]int // until we die, and by the next start
		marked string
	}{
		"it is stored":       {map[string]int{}, ""},
		"the request":        {map[string]int{one: 1, two: 1}, one},
		"the answer":         {map[string]int{one: 2, two: 1}, one},
		"the end is stored":  {map[string]int{one: 2, two: 1}, one},
		"the second request": {map[string]int{one: 1, two: 1}, two},
	} {
		t.Run("before "+moment, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				disk, left := memory(t), memory(t)
				srv := &server{}
				sent := map[string]int{}
				died := false
				before := func(now string) {
					if now != moment || died {
						return
					}
					died = true
					for _, s := range srv.sent {
						sent[s[len("a"):]]++
					}
					if err := store.Copy(left, disk); err != nil {
						t.Error(err)
					}
				}
				srv.asked = func(_, url string) { before(map[string]string{one: "the request", two: "the second request"}[url]) }
				srv.fail = func(string) error { before("the answer"); return nil }
				b := run(t, disk, srv)
				b.disk.mood(func(n int) (fails, done bool) {
					before([]string{"it is stored", "the end is stored", ""}[n-1])
					return false, false
				})
				b.queueTo(t, "a", "1", "2")
				pass(time.Minute)
				b.end()
				if !died {
					t.Fatal("there is no such moment")
				}
				next := &server{}
				again := run(t, left, next)
				pass(time.Minute)
				for _, s := range next.sent {
					sent[s[len("a"):]]++
				}
				if !maps.Equal(sent, want.sent) {
					t.Errorf("sent: %v", sent)
				}
				for _, e := range again.Entries() {
					if e.State != localapi.SendAlerted || e.MayBeTwice != (e.URL == want.marked) {
						t.Errorf("in the end: %+v", e)
					}
				}
				if n := len(again.Entries()); n != len(want.sent) {
					t.Errorf("%d entries", n)
				}
			})
		})
	}
}
