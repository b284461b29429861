package account_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// TestPollersShareTheQueue: two pollers, a sender, pushes and readers at the same
// time; every command is given out once and saved once.
func TestPollersShareTheQueue(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	const sent = 60
	var mu sync.Mutex
	var got []string
	take := func(list []account.IncomingCommand) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, titles(list)...)
	}
	var sending, polling sync.WaitGroup
	done := make(chan struct{})
	sending.Go(func() {
		for i := range sent {
			if _, err := from.SendTab(t.Context(), to.id(), fmt.Sprintf("%03d", i), "https://example.com/"); err != nil {
				t.Error(err)
			}
		}
	})
	for range 2 {
		polling.Go(func() {
			for {
				list, err := to.PollCommands(t.Context())
				if err != nil {
					t.Error(err)
				}
				take(list)
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	polling.Go(func() {
		for i := int64(1); ; i++ {
			if _, err := to.HandlePush(t.Context(), announcement(i, from.id())); err != nil {
				t.Error(err)
			}
			if _, err := to.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:device_connected","data":{"deviceName":"x"}}`)); err != nil {
				t.Error(err)
			}
			to.State()
			if _, err := to.Snapshot(); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	sending.Wait()
	close(done)
	polling.Wait()
	take(to.poll())
	if slices.Sort(got); len(got) != sent || len(slices.Compact(got)) != sent {
		t.Errorf("%d commands were given out, %d different", len(got), len(slices.Compact(got)))
	}
	pages, _ := to.saved.pages()
	var saved []string
	for _, p := range pages {
		saved = append(saved, titles(p)...)
	}
	if !slices.IsSorted(saved) || len(saved) != sent {
		t.Errorf("%d commands were saved, in order: %v", len(saved), slices.IsSorted(saved))
	}
}

// TestLateAnswerIsNotTheNextPersons: a list of devices that arrives after somebody
// else has signed in belongs to nobody.
func TestLateAnswerIsNotTheNextPersons(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	first, second := s.NewAccount("first@example.com", "a long password"), s.NewAccount("second@example.com", "a long password")
	network := s.Transport()
	t.Cleanup(network.CloseIdleConnections)
	var hold atomic.Bool
	arrived, release := make(chan struct{}), make(chan struct{})
	m := join(t, s, first, "first's desk", account.WithTransport(roundTripFunc(func(r *http.Request) (*http.Response, error) {
		answer, err := network.RoundTrip(r)
		if r.URL.Path == "/v1/account/devices" && hold.CompareAndSwap(true, false) {
			close(arrived)
			<-release
		}
		return answer, err
	})))
	join(t, s, first, "first's phone")
	hold.Store(true)
	var asking sync.WaitGroup
	asking.Go(func() {
		if _, err := m.Devices(t.Context(), account.Fresh()); err != nil {
			t.Error(err)
		}
	})
	<-arrived
	// The answer is on its way while the account changes hands.
	ok(t, "Disconnect", m.Disconnect(t.Context()))
	m.signIn(second)
	close(release)
	asking.Wait()
	if saved, _ := m.SavedDevices(); slices.ContainsFunc(saved, func(d account.Device) bool { return d.DisplayName == "first's phone" }) {
		t.Error("the other person's devices were saved")
	}
	list, err := m.Devices(t.Context())
	ok(t, "Devices", err)
	for _, d := range list {
		if d.DisplayName == "first's phone" || d.DisplayName == "first's desk" {
			t.Errorf("the other person's %s is listed", d.DisplayName)
		}
	}
}
