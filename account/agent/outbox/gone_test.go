package outbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// told collects how often faces are told that an entry has failed, and how often a device is reported gone.
func (b *bench) told(t *testing.T) (failed func() map[string]int, gone *[]string) {
	t.Helper()
	w := b.Board.Watch(localapi.FaceNotify)
	t.Cleanup(w.Close)
	times := map[string]int{}
	gone = new([]string)
	b.Gone = func(id string) { *gone = append(*gone, id) }
	go func() {
		for {
			u, ok := w.Next(t.Context())
			if !ok {
				return
			}
			for _, e := range u.Events {
				if e.Kind == localapi.SendGivenUp {
					times[e.Send.ID]++
				}
			}
		}
	}()
	return func() map[string]int { synctest.Wait(); return times }, gone
}

func (b *bench) closing(t *testing.T, device, url string) localapi.OutboxEntry {
	t.Helper()
	entries, err := b.Send(t.Context(), localapi.SendRequest{Devices: []string{device}, Links: []localapi.Link{{URL: url}}, Close: true})
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

func many(n int) (urls []string) {
	for i := range n {
		urls = append(urls, fmt.Sprintf("%05d", i))
	}
	return urls
}

// A device that is gone, or takes no tabs, is found once for all that waits for it: each entry fails with
// that reason, each is told once, and nothing else is touched. What the server refuses is asked for each.
func TestWhatWaitsForADeviceThatIsGone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failure error
		gone    int
		asked   int // requests to send, for 40 links
		closes  int // requests to close, of which there are two
	}{
		{account.ErrUnknownDevice, 1, 1, 0},
		{fmt.Errorf("the device does not take this command: %w", account.ErrUnsupported), 0, 1, 1},
		{fmt.Errorf("%w: %w", &account.RemoteError{Status: 404}, account.ErrUnsupported), 0, 40, 1},
	} {
		t.Run(c.failure.Error(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{fail: func(string) error { return account.ErrNetwork }}
				b := run(t, memory(t), srv)
				failed, gone := b.told(t)
				entries := b.queueTo(t, "a", many(40)...)
				closing := []localapi.OutboxEntry{b.closing(t, "a", "https://example.com/c"), b.closing(t, "a", "https://example.com/d")}
				other := b.queueTo(t, "b", "other")[0]
				pass(time.Millisecond)
				srv.mu.Lock()
				srv.fail, srv.sent = func(url string) error {
					if strings.HasSuffix(url, "other") {
						return nil
					}
					return c.failure
				}, nil
				srv.mu.Unlock()
				b.disk.mood(nil) // counts anew
				pass(time.Minute)
				asked := slices.DeleteFunc(slices.Clone(srv.sent), func(s string) bool { return strings.HasPrefix(s, "b") })
				if len(asked) != c.asked || srv.closes != c.closes {
					t.Errorf("asked for %q, and %d times to close", asked, srv.closes)
				}
				for _, e := range slices.Concat(entries, closing) {
					if got, err := b.Entry(e.ID); err != nil || got.State != localapi.SendFailed || got.Reason == "" || failed()[e.ID] != 1 {
						t.Errorf("%+v, %v, told %d times", got, err, failed()[e.ID])
					}
				}
				if got, err := b.Entry(other.ID); err != nil || got.State != localapi.SendAlerted || failed()[other.ID] != 0 {
					t.Errorf("for another device: %+v, %v", got, err)
				}
				if len(*gone) != c.gone {
					t.Errorf("gone are %q", *gone)
				}
				b.disk.mu.Lock()
				defer b.disk.mu.Unlock()
				if most := 2 + 2*c.asked + 2*c.closes; b.disk.n > most {
					t.Errorf("%d transactions", b.disk.n)
				}
			})
		})
	}
}

// What was sent, or asked for again, after the attempt began that found the device gone has an attempt of
// its own: the device may have come back. So has what can still be taken back.
func TestOnlyWhatWaitedThenSharesTheEnd(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sent meanwhile", "a waiting one retried meanwhile", "a failed one retried meanwhile", "held"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{fail: func(string) error { return account.ErrUnknownDevice }}
				b := run(t, memory(t), srv)
				failed := b.queueTo(t, "a", "0")[0]
				pass(time.Second)
				held, err := b.Send(t.Context(), localapi.SendRequest{Devices: []string{"a"}, Links: []localapi.Link{{URL: "https://example.com/h"}}, Hold: true})
				if err != nil {
					t.Fatal(err)
				}
				began, back := make(chan struct{}), false
				srv.mu.Lock()
				srv.fail = func(string) error {
					if back {
						return nil
					}
					close(began)
					time.Sleep(time.Second)
					back = true
					return account.ErrUnknownDevice
				}
				srv.mu.Unlock()
				waiting := b.queueTo(t, "a", "1", "2", "3")
				<-began
				var own localapi.OutboxEntry
				switch name {
				case "sent meanwhile":
					own = b.queueTo(t, "a", "new")[0]
				case "a waiting one retried meanwhile":
					own, err = waiting[2], b.Retry(t.Context(), waiting[2].ID)
				case "a failed one retried meanwhile":
					own, err = failed, b.Retry(t.Context(), failed.ID)
				case "held":
					own = held[0]
				}
				if err != nil {
					t.Fatal(err)
				}
				pass(time.Minute)
				if got, err := b.Entry(own.ID); err != nil || got.State != localapi.SendAlerted || got.Reason != "" {
					t.Errorf("%+v, %v", got, err)
				}
				for _, e := range waiting[:2] {
					if got, err := b.Entry(e.ID); err != nil || got.State != localapi.SendFailed {
						t.Errorf("what waited then: %+v, %v", got, err)
					}
				}
			})
		})
	}
}

// What a person has taken back or deleted while the attempt was under way stays away, and the rest shares
// its end.
func TestDeletedWhileTheDeviceIsFoundGone(t *testing.T) {
	t.Parallel()
	for _, which := range []int{0, 1} {
		t.Run(fmt.Sprint(which), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := &server{}
				b := run(t, memory(t), srv)
				failed, gone := b.told(t)
				began := make(chan struct{})
				begin := sync.OnceFunc(func() { close(began) })
				srv.fail = func(string) error {
					begin()
					time.Sleep(time.Second)
					return account.ErrUnknownDevice
				}
				entries := b.queueTo(t, "a", "1", "2", "3")
				<-began
				if err := b.Delete(t.Context(), entries[which].ID); err != nil {
					t.Fatal(err)
				}
				pass(time.Minute)
				if len(b.Entries()) != 2 || len(failed()) != 2 || failed()[entries[which].ID] != 0 || len(*gone) != 1 {
					t.Errorf("left are %+v, told of %v, gone %q", b.Entries(), failed(), *gone)
				}
			})
		})
	}
}

// A crash before the transaction leaves all waiting, and the next start finds the same once more; one after
// it leaves nothing to do. If the disk refuses it, all of it is stored later.
func TestCrashWhileADeviceIsFoundGone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times       int // writes that fail, from the end of the attempt on
		kept, crash bool
		asked       int
	}{
		{0, false, true, 1}, {3, false, false, 1}, {3, true, false, 1}, {1000, false, true, 2}, {1000, true, true, 1},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, srv := memory(t), &server{fail: func(string) error { return account.ErrUnknownDevice }}
				b := run(t, s, srv)
				failed, _ := b.told(t)
				b.disk.mood(func(n int) (bool, bool) { return n >= 2 && n < 2+c.times, c.kept }) // queued and begun, ended
				entries := b.queueTo(t, "a", many(40)...)
				pass(time.Second)
				if !c.crash {
					pass(time.Minute)
				}
				b.end()
				for _, e := range entries {
					if failed()[e.ID] != 1 {
						t.Errorf("%s: told %d times", e.URL, failed()[e.ID])
					}
				}
				again := run(t, s, srv)
				pass(time.Minute)
				if len(again.Entries()) != len(entries) {
					t.Errorf("%d entries are left", len(again.Entries()))
				}
				for _, e := range again.Entries() {
					if e.State != localapi.SendFailed || e.Reason == "" {
						t.Errorf("after the start: %+v", e)
					}
				}
				if len(srv.sent) != c.asked {
					t.Errorf("asked for %q", srv.sent)
				}
			})
		})
	}
}
