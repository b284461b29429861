package outbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

var errDisk = errors.New("input/output error")

// disk is a store whose writes take their time, and fail when a test says so; done says that the file has them
// all the same.
type disk struct {
	*store.Vault
	mu   sync.Mutex
	n    int
	slow time.Duration
	fail func(write int) (fails, done bool)
}

func (d *disk) Write(ctx context.Context, change func(*store.Tx) error, then func()) error {
	d.mu.Lock()
	d.n++
	fails, done := d.fail != nil, false
	if fails {
		fails, done = d.fail(d.n)
	}
	slow := d.slow
	d.mu.Unlock()
	if slow > 0 {
		time.Sleep(slow)
	}
	if fails && !done {
		return errDisk
	}
	if fails {
		return errors.Join(errDisk, d.Vault.Write(ctx, change, func() {}))
	}
	return d.Vault.Write(ctx, change, then)
}

func (d *disk) mood(fail func(write int) (fails, done bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n, d.fail = 0, fail
}

func (d *disk) writes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// stored is what a restart would find.
func (b *bench) stored(t *testing.T) map[string]entry {
	t.Helper()
	found := map[string]entry{}
	err := b.disk.View(func(tx *store.Tx) error {
		for row := range b.table.Oldest(tx) {
			found[row.Value.ToID+row.Value.URL] = row.Value
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// server is an account that notes what it is asked for, and a clock that can be set.
type server struct {
	mu   sync.Mutex
	sent []string
	fail func(url string) error
	// asked hears of each request before it is counted.
	asked func(device, url string)
	// closes counts the requests to close tabs, which it does not offer.
	closes int
	wall   time.Duration
	mono   kit.Clock
}

func (s *server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.wall)
}
func (s *server) Monotonic() time.Duration { return s.mono.Monotonic() }

func (*server) Devices(context.Context, ...account.ReadOption) ([]account.Device, error) {
	return nil, nil
}

func (s *server) SendTab(ctx context.Context, device, _, url string, _ ...account.SendOption) (account.Delivery, error) {
	if s.asked != nil {
		s.asked(device, url)
	}
	s.mu.Lock()
	s.sent = append(s.sent, device+url)
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if err := fail(url); err != nil {
			return account.Delivery{}, err
		}
	}
	return account.Delivery{Known: true, Notified: true}, nil
}

func (s *server) CloseTabsDelivery(context.Context, string, []string) (account.Delivery, []string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closes++
	return account.Delivery{}, nil, account.ErrUnsupported
}

func (s *server) count(what string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range s.sent {
		if sent == what {
			n++
		}
	}
	return n
}

// bench is an outbox that runs in virtual time.
type bench struct {
	*Outbox
	*server
	disk *disk
	end  func()
	t    *testing.T
}

// Entries are those of the outbox, which can be read.
func (b *bench) Entries() []localapi.OutboxEntry {
	entries, err := b.Outbox.Entries()
	if err != nil {
		b.t.Error(err)
	}
	return entries
}

func run(t *testing.T, s *store.Store, srv *server) *bench {
	t.Helper()
	if srv.mono == nil {
		srv.mono = kit.System()
	}
	b := &bench{t: t, server: srv, disk: &disk{Vault: store.NewVault(s)}}
	devices := localapi.DeviceList{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		devices.Items = append(devices.Items, localapi.Device{ID: id, Name: id, CanReceiveTabs: true, CanCloseTabs: true})
	}
	var err error
	b.Outbox, err = Open(Params{
		Store: b.disk, Board: board.New(srv, localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}, Devices: devices}),
		Clock: srv, IDs: &store.IDs{Rand: rand.Reader}, Logger: slog.New(slog.DiscardHandler), Account: srv, Calls: worker.NewCalls(),
		Queued: func(*store.Tx, []string) (func(), error) { return func() {}, nil }, Undone: func(context.Context, []string) {}, PushOff: func(string) {}, Gone: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	b.end = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(b.end)
	for !b.runs() {
		runtime.Gosched()
	}
	return b
}

// runs reports whether the sender runs: it may be sent to before, which costs a transaction more.
func (b *bench) runs() bool {
	b.Outbox.mu.Lock()
	defer b.Outbox.mu.Unlock()
	return b.life != nil
}

func (b *bench) queueTo(t *testing.T, device string, urls ...string) []localapi.OutboxEntry {
	t.Helper()
	return b.queueAs(t, localapi.SendRequest{Devices: []string{device}}, urls...)
}

// holdFor is queueTo for what can still be taken back for a while.
func (b *bench) holdFor(t *testing.T, device string, urls ...string) []localapi.OutboxEntry {
	t.Helper()
	return b.queueAs(t, localapi.SendRequest{Devices: []string{device}, Hold: true}, urls...)
}

func (b *bench) queueAs(t *testing.T, r localapi.SendRequest, urls ...string) []localapi.OutboxEntry {
	t.Helper()
	for _, u := range urls {
		r.Links = append(r.Links, localapi.Link{URL: "https://example.com/" + u})
	}
	entries, err := b.Send(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func memory(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// However often the disk refuses the beginning or the end of an attempt, no tab is lost, none is sent
// twice within a run, the device's other tabs go on, and a crash meanwhile repeats a tab only marked.
func TestDiskRefusesTransitions(t *testing.T) {
	t.Parallel()
	const one, two = "ahttps://example.com/1", "ahttps://example.com/2"
	for _, times := range []int{1, 2, 200} {
		for _, at := range []string{"begin", "end"} {
			for _, kept := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d times, in the file all the same %v", at, times, kept), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						s := memory(t)
						b := run(t, s, &server{})
						// The first write queues, and begins what is not held; the second begins what was, or ends.
						b.disk.mood(func(n int) (bool, bool) { return n >= 2 && n < 2+times, kept })
						var entries []localapi.OutboxEntry
						if at == "begin" {
							entries = b.holdFor(t, "a", "1", "2")
							pass(localapi.HoldTime)
						} else {
							entries = b.queueTo(t, "a", "1", "2")
						}
						pass(time.Second)
						got, err := b.Entry(entries[0].ID)
						if err != nil || got.Reason == "" || (got.State == localapi.SendWaiting) != (at == "begin") {
							t.Fatalf("a second later: %+v, %v", got, err)
						}
						if at == "end" && !got.MayBeTwice {
							t.Errorf("an end that only we know is not marked: %+v", got)
						}
						if after, _ := b.Entry(entries[1].ID); after.State == localapi.SendWaiting && after.Reason == "" {
							t.Errorf("the one behind waits without a reason: %+v", after)
						}
						if times == 200 { // a crash now
							b.end()
							again := run(t, s, b.server)
							pass(time.Minute)
							repeated := b.count(one) == 2
							if b.count(one) == 0 || b.count(two) == 0 || b.count(one) > 2 || b.count(two) > 2 {
								t.Errorf("sent: %q", b.sent)
							}
							for i, e := range again.Entries() {
								if twice := []int{b.count(two), b.count(one)}[i] == 2; twice && !e.MayBeTwice || e.State != localapi.SendAlerted {
									t.Errorf("after the crash %v: %+v", repeated, e)
								}
							}
							return
						}
						pass(time.Minute)
						if !slices.Equal(b.sent, []string{one, two}) {
							t.Errorf("sent: %q", b.sent)
						}
						b.end()
						again := run(t, s, b.server)
						pass(time.Minute)
						for _, e := range again.Entries() {
							if e.State != localapi.SendAlerted || e.MayBeTwice || e.Reason != "" {
								t.Errorf("in the end: %+v", e)
							}
						}
						if len(b.sent) != 2 {
							t.Errorf("sent after the restart: %q", b.sent)
						}
					})
				})
			}
		}
	}
}

// A send that was refused because it could not be stored is not sent by the next start, though the disk
// kept it.
func TestRefusedSendLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory(t)
		b := run(t, s, &server{})
		b.disk.mood(func(n int) (bool, bool) { return n == 1, true })
		if _, err := b.Send(t.Context(), localapi.SendRequest{Devices: []string{"a"}, Links: []localapi.Link{{URL: "https://example.com/"}}}); err == nil {
			t.Fatal("a send that was not stored is taken")
		}
		pass(time.Minute)
		b.end()
		again := run(t, s, b.server)
		pass(time.Minute)
		if len(again.Entries()) != 0 || len(b.sent) != 0 {
			t.Errorf("%+v, sent %q", again.Entries(), b.sent)
		}
	})
}

// Setting the clock neither ends nor stretches a wait, nor does it hold a send.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(jump, restart), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := memory(t)
					srv := &server{fail: func(string) error { return account.ErrNetwork }, wall: -jump}
					b := run(t, s, srv)
					b.queueTo(t, "a", "1", "2")
					pass(time.Second)
					srv.mu.Lock()
					srv.wall, srv.fail = 0, nil
					srv.mu.Unlock()
					if restart {
						b.end()
						run(t, s, srv)
					}
					pass(2 * time.Second)
					if len(srv.sent) != 3 {
						t.Errorf("sent: %q", srv.sent)
					}
				})
			})
		}
	}
}

// The age of a send is by a clock that may have been wrong when it was queued, or of a time when nothing ran: neither
// gives it up at its first failure. What was tried in vain for all that time is given up.
func TestOldSendsAreTried(t *testing.T) {
	t.Parallel()
	for name, old := range map[string]func(t *testing.T, s *store.Store, srv *server, b *bench){
		"the clock was set": func(_ *testing.T, _ *store.Store, srv *server, _ *bench) {
			srv.mu.Lock()
			defer srv.mu.Unlock()
			srv.wall = 0
		},
		"nothing ran": func(t *testing.T, s *store.Store, srv *server, b *bench) {
			b.end()
			srv.mu.Lock()
			srv.wall = 0
			srv.mu.Unlock()
			run(t, s, srv)
		},
		"it was asked for again": func(t *testing.T, _ *store.Store, srv *server, b *bench) {
			srv.mu.Lock()
			srv.wall = 0
			srv.mu.Unlock()
			pass(2 * time.Hour)
			for _, e := range b.Entries() {
				if e.State != localapi.SendFailed {
					t.Errorf("an old send that was tried for hours: %+v", e)
				}
				if err := b.Retry(t.Context(), e.ID); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := memory(t)
				srv := &server{fail: func(string) error { return account.ErrNetwork }, wall: -400 * 24 * time.Hour}
				b := run(t, s, srv)
				b.queueTo(t, "a", "1")
				pass(time.Second)
				old(t, s, srv, b)
				pass(time.Minute)
				srv.mu.Lock()
				failed := len(srv.sent)
				srv.fail = nil
				srv.mu.Unlock()
				pass(15 * time.Minute)
				if failed < 2 || len(srv.sent) != failed+1 {
					t.Errorf("sent %d times, and %d times when that could go well", failed, len(srv.sent)-failed)
				}
			})
		})
	}
}

// A list of any length is queued, sent, retried, taken back and deleted as a whole, in order for each
// device, and its results stay until they can be read.
func TestBulk(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 12, 500, 10_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := run(t, memory(t), &server{})
				r := localapi.SendRequest{Devices: []string{"a", "b"}, Hold: true}
				for i := range n / 2 {
					r.Links = append(r.Links, localapi.Link{URL: fmt.Sprintf("https://example.com/%05d", i)})
				}
				if n == 1 {
					r.Links, r.Devices = []localapi.Link{{URL: "https://example.com/"}}, r.Devices[:1]
				}
				if n == 0 {
					if _, err := b.Send(t.Context(), r); err == nil {
						t.Error("nothing is sent")
					}
					if err := b.Delete(t.Context()); err != nil {
						t.Error(err)
					}
					return
				}
				ids := func(entries []localapi.OutboxEntry) (ids []string) {
					for _, e := range entries {
						ids = append(ids, e.ID)
					}
					return ids
				}
				held, err := b.Send(t.Context(), r)
				if err != nil || len(held) != n {
					t.Fatalf("%d queued, %v", len(held), err)
				}
				if err := b.Undo(t.Context(), ids(held)...); err != nil || len(b.Entries()) != 0 {
					t.Fatalf("taken back: %d left, %v", len(b.Entries()), err)
				}
				r.Hold = false
				sent, err := b.Send(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				if got := b.Entries(); len(got) != n || len(b.sent) != n {
					t.Fatalf("%d of %d sent, %d shown", len(b.sent), n, len(got))
				}
				for device, urls := range map[string][]string{"a": nil, "b": nil} {
					for _, s := range b.sent {
						if s[:1] == device {
							urls = append(urls, s)
						}
					}
					if !slices.IsSorted(urls) {
						t.Errorf("%s was not served in order", device)
					}
				}
				for _, e := range sent {
					if got, err := b.Entry(e.ID); err != nil || got.State != localapi.SendAlerted {
						t.Fatalf("%+v, %v", got, err)
					}
				}
				if err := b.Retry(t.Context(), ids(sent)...); err != nil || len(b.sent) != n {
					t.Errorf("settled ones are sent again: %d, %v", len(b.sent), err)
				}
				if err := b.Delete(t.Context(), ids(sent)...); err != nil || len(b.Entries()) != 0 {
					t.Errorf("deleted: %d left, %v", len(b.Entries()), err)
				}
			})
		})
	}
	if _, err := run(t, memory(t), &server{}).Send(t.Context(), localapi.SendRequest{Devices: []string{"a", "b", "c"}, Links: make([]localapi.Link, 7000)}); err == nil || err.Error() == "" {
		t.Error("21,000 at once are taken")
	} else if want := "21000 tabs are too many at once: at most 20000 can be sent in one go."; err.(*localapi.Error).Message != want {
		t.Errorf("the refusal says %q", err)
	}
}
