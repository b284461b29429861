package wake_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/agent/wake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a fake system without a bus.
type machine struct {
	mu        sync.Mutex
	from      time.Time
	slept     time.Duration
	addresses []string
	fail      error
}

func (m *machine) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.slept)
}

func (m *machine) Monotonic() time.Duration { return time.Since(m.from) }

func (m *machine) list() ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.addresses), m.fail
}

func (m *machine) set(change func(m *machine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// events collects what a watcher tells.
type events struct {
	mu   sync.Mutex
	list []wake.Event
}

func (e *events) tell(event wake.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

func (e *events) take() []wake.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list = nil
	return list
}

// noBus is an address where no bus listens.
const noBus = "unix:path=/nonexistent/tabferry/bus"

func TestPolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{from: time.Now(), addresses: []string{"eth0 192.0.2.1/24"}}
		watcher := wake.NewSystem(wake.Params{Clock: m, Addresses: m.list, BusAddress: noBus})
		ctx, cancel := context.WithCancel(t.Context())
		var got events
		done := make(chan error)
		go func() { done <- watcher.Watch(ctx, got.tell) }()
		for _, step := range []struct {
			name   string
			change func(m *machine)
			want   []wake.Event
		}{
			{"nothing", func(*machine) {}, nil},
			{"other address", func(m *machine) { m.addresses = []string{"wlan0 192.0.2.2/24"} }, []wake.Event{wake.Changed}},
			{"none", func(m *machine) { m.addresses = nil }, []wake.Event{wake.Offline}},
			{"some again", func(m *machine) { m.addresses = []string{"a", "b"} }, []wake.Event{wake.Online}},
			{"another order", func(m *machine) { m.addresses = []string{"b", "a"} }, nil},
			{"unreadable", func(m *machine) { m.addresses, m.fail = nil, errors.New("no") }, nil},
			{"readable again", func(m *machine) { m.addresses, m.fail = []string{"a", "b"}, nil }, nil},
			{"short nap", func(m *machine) { m.slept += 15 * time.Second }, nil},
			{"suspend", func(m *machine) { m.slept += time.Hour }, []wake.Event{wake.Resumed}},
			{"clock set back", func(m *machine) { m.slept -= 48 * time.Hour }, nil},
			{"clock set forward", func(m *machine) { m.slept += 48 * time.Hour }, []wake.Event{wake.Resumed}},
			{"suspend into another network", func(m *machine) {
				m.slept += time.Hour
				m.addresses = []string{"c"}
			}, []wake.Event{wake.Resumed, wake.Changed}},
		} {
			synctest.Wait()
			m.set(step.change)
			time.Sleep(time.Minute)
			synctest.Wait()
			if list := got.take(); !slices.Equal(list, step.want) {
				t.Errorf("%s: %v, want %v", step.name, list, step.want)
			}
		}
		// The bus is tried again now and then; that is no event.
		time.Sleep(24 * time.Hour)
		if list := got.take(); len(list) != 0 {
			t.Errorf("a quiet day gives %v", list)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestSystemStopsAtOnce(t *testing.T) {
	watcher := wake.NewSystem(wake.Params{BusAddress: noBus})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- watcher.Watch(ctx, func(e wake.Event) { t.Errorf("told %s", e) }) }()
	time.Sleep(20 * time.Millisecond)
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("watcher does not end with its context")
	}
}

func TestManual(t *testing.T) {
	m := wake.NewManual()
	ctx, cancel := context.WithCancel(t.Context())
	var got events
	done := make(chan error)
	go func() { done <- m.Watch(ctx, got.tell) }()
	for _, e := range []wake.Event{wake.Offline, wake.Online} {
		if err := m.Send(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if list := got.take(); !slices.Equal(list, []wake.Event{wake.Offline, wake.Online}) {
		t.Errorf("told %v", list)
	}
	if err := m.Send(ctx, wake.Online); !errors.Is(err, context.Canceled) {
		t.Errorf("send after the end: %v", err)
	}
}
