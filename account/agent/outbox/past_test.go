package outbox

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What a settled entry takes of the memory is a mark, whatever lies in it.
func TestSettledEntriesLeaveMemory(t *testing.T) {
	const n = 10_000
	settled := func(n int) (m model, bytes, objects int64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range n {
			id := fmt.Sprintf("%024d", i)
			e := entry{OutboxEntry: localapi.OutboxEntry{ID: id, To: "Phone " + id, ToID: "a", URL: "https://example.com/" + id, State: localapi.SendWaiting}}
			m.put(item{entry: e})
			e.State = localapi.SendAlerted
			m.put(item{entry: e})
			m.letGo()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return m, int64(after.HeapAlloc) - int64(before.HeapAlloc), int64(after.HeapObjects) - int64(before.HeapObjects)
	}
	few, fewBytes, fewObjects := settled(n / 10)
	many, bytes, objects := settled(n)
	if len(few.items) >= 2*localapi.RecentEntries || len(many.items) >= 2*localapi.RecentEntries || len(many.past)+len(many.items) != n {
		t.Fatalf("in memory are %d and %d, marked %d", len(few.items), len(many.items), len(many.past))
	}
	per := float64(bytes-fewBytes) / (n - n/10)
	if per > 64 || objects-fewObjects > 100 {
		t.Errorf("%.0f bytes an entry, %d objects for %d more", per, objects-fewObjects, n-n/10)
	}
	runtime.KeepAlive(few)
	runtime.KeepAlive(many)
}

// What has left the memory can be asked for, tried again, deleted and seen again as if it had not, and after a
// restart too.
func TestThePast(t *testing.T) {
	t.Parallel()
	const n = 400
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("after a restart ", restart), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, srv, back := memory(t), &server{}, false
				srv.fail = func(url string) error {
					if url == "https://example.com/00007" && !back {
						return account.ErrTooLarge
					}
					return nil
				}
				b := run(t, s, srv)
				sent := b.Settled(t.Context(), b.queueTo(t, "a", many(n)...))
				states := map[localapi.SendState]int{}
				for _, e := range sent {
					states[e.State]++
				}
				if want := map[localapi.SendState]int{localapi.SendAlerted: n - 1, localapi.SendFailed: 1}; !maps.Equal(states, want) {
					t.Errorf("they are %v", states)
				}
				if restart {
					b.end()
					b = run(t, s, srv)
				}
				all := func(want ...localapi.OutboxEntry) {
					t.Helper()
					got := b.Entries()
					slices.Reverse(got)
					if !slices.EqualFunc(got, want, func(a, b localapi.OutboxEntry) bool { return a.ID == b.ID && a.State == b.State }) {
						t.Errorf("listed are %d: %+v", len(got), got[:min(len(got), 1)])
					}
					var recent []string
					for _, e := range slices.Backward(want[max(0, len(want)-localapi.RecentEntries):]) {
						recent = append(recent, e.ID)
					}
					var shown []string
					o := b.Board.Now().Outbox
					if restart { // nothing has been shown by this process before something changed
						o = b.model.shown(localapi.Sentence{})
					}
					for _, e := range o.Recent {
						shown = append(shown, e.ID)
					}
					if !slices.Equal(shown, recent) {
						t.Errorf("shown are %q of %q", shown, recent)
					}
				}
				all(sent...)
				if b.model.past.has(sent[n-1].ID) || !b.model.past.has(sent[7].ID) {
					t.Error("the newest have left, or the others have not")
				}
				if got, err := b.Entry(sent[7].ID); err != nil || got.State != localapi.SendFailed || got.Reason == "" {
					t.Errorf("%+v, %v", got, err)
				}
				if err := b.Undo(t.Context(), sent[8].ID); err == nil || err.(*localapi.Error).Code != localapi.CodeConflict {
					t.Errorf("taking back what has left: %v", err)
				}
				back = true
				if err := b.Retry(t.Context(), sent[7].ID, sent[9].ID); err != nil {
					t.Error(err)
				}
				pass(time.Second)
				sent[7].State = localapi.SendAlerted
				all(sent...)
				if len(srv.sent) != n+1 {
					t.Errorf("%d requests", len(srv.sent))
				}
				// Whatever is deleted, the newest that are left are shown.
				for _, gone := range [][]int{{n - 1, n}, {0, 1}, {n - 1 - 40, n - 1}, {3, 4}, {10, 250}, {0, 20}} {
					var ids []string
					for _, e := range sent[gone[0]:min(gone[1], len(sent))] {
						ids = append(ids, e.ID)
					}
					if err := b.Delete(t.Context(), ids...); err != nil {
						t.Error(err)
					}
					for _, id := range ids {
						if _, err := b.Entry(id); err == nil {
							t.Error("a deleted one is there")
						}
					}
					sent = slices.Delete(sent, gone[0], min(gone[1], len(sent)))
					all(sent...)
				}
				sent = append(sent, b.Settled(t.Context(), b.queueTo(t, "b", many(120)...))...)
				all(sent...)
				if err := b.Returned(); err != nil {
					t.Error(err)
				}
				all(sent...)
				b.end()
				b = run(t, s, srv)
				restart = true
				all(sent...)
			})
		})
	}
}
