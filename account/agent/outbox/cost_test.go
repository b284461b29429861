package outbox

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// A send costs one transaction, for its end and the beginning of the next, and what it allocates does not grow with
// how many others wait.
func TestCostOfASendIsFlat(t *testing.T) {
	per := func(n int) (writes, mallocs float64) {
		synctest.Test(t, func(t *testing.T) {
			b := run(t, memory(t), &server{})
			r := localapi.SendRequest{Devices: []string{"a", "b"}}
			for i := range n / 2 {
				r.Links = append(r.Links, localapi.Link{URL: fmt.Sprintf("https://example.com/%05d", i)})
			}
			b.disk.mood(nil) // counts anew
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := b.Send(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
			runtime.ReadMemStats(&after)
			if len(b.sent) != n {
				t.Fatalf("%d of %d sent", len(b.sent), n)
			}
			writes, mallocs = float64(b.disk.writes())/float64(n), float64(after.Mallocs-before.Mallocs)/float64(n)
		})
		return writes, mallocs
	}
	_, few := per(100)
	writes, many := per(5000)
	if writes > 1.05 || many > 1.3*few {
		t.Errorf("%.2f transactions a send; %.0f allocations with 100 waiting, %.0f with 5,000", writes, few, many)
	}
}
