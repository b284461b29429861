package localapi_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

func snapshot(revision uint64) localapi.Snapshot { return localapi.Snapshot{Revision: revision} }

func event(n int) localapi.Event {
	return localapi.Event{Kind: localapi.TabsReceived, Device: fmt.Sprint(n)}
}

func TestWatchGivesThePresentThenChanges(t *testing.T) {
	throughEachDoor(t, watchPresentThenChanges)
}

func watchPresentThenChanges(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
	agent.Set(snapshot(1), event(0))
	next, stop := iter.Pull2(c.Watch(t.Context(), localapi.FaceWindow))
	defer stop()
	u, err, _ := next()
	if err != nil || u.Snapshot.Revision != 1 || len(u.Events) != 0 {
		t.Fatalf("first: %+v, %v", u, err)
	}
	if n := agent.Watching(localapi.FaceWindow); n != 1 {
		t.Errorf("%d windows watch", n)
	}
	if n := agent.Watching(localapi.FaceTray); n != 0 {
		t.Errorf("%d trays watch", n)
	}
	agent.Set(snapshot(2), event(1))
	u, err, _ = next()
	if err != nil || u.Snapshot.Revision != 2 || len(u.Events) != 1 {
		t.Fatalf("second: %+v, %v", u, err)
	}
}

// A face that sleeps misses snapshots, but no event, and none comes twice.
func TestSlowFaceMissesNoEvent(t *testing.T) {
	var feed localapi.Feed
	slow := feed.Watch(localapi.FaceNotify)
	defer slow.Close()
	for i := range 1000 {
		feed.Publish(snapshot(uint64(i)), event(i))
	}
	u, ok := slow.Next(t.Context())
	if !ok || u.Snapshot.Revision != 999 || len(u.Events) != 1000 {
		t.Fatalf("revision %d with %d events", u.Snapshot.Revision, len(u.Events))
	}
	for i, e := range u.Events {
		if e.Device != fmt.Sprint(i) {
			t.Fatalf("event %d is %q", i, e.Device)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if u, ok := slow.Next(ctx); ok {
		t.Errorf("more: %+v", u)
	}
}

// What waits for a face that hangs is bounded.
func TestHungFaceHoldsNoMemory(t *testing.T) {
	var feed localapi.Feed
	hung := feed.Watch(localapi.FaceTray)
	defer hung.Close()
	for i := range 25_000 {
		feed.Publish(snapshot(uint64(i)), event(i))
	}
	u, ok := hung.Next(t.Context())
	if !ok || len(u.Events) != 10_000 || cap(u.Events) > 25_000 || u.Events[9_999].Device != "24999" {
		t.Errorf("%d events wait, in room for %d", len(u.Events), cap(u.Events))
	}
}

// The end of a sign-in that comes out before anybody who tells people watches is told to the first who does, and
// to nobody else; what else happened until then, perhaps to somebody else, is not.
func TestAnEarlyEndIsToldOnce(t *testing.T) {
	for _, kind := range []localapi.EventKind{localapi.AccountDeleted, localapi.SignedOutElsewhere} {
		var feed localapi.Feed
		tray := feed.Watch(localapi.FaceTray)
		defer tray.Close()
		feed.Publish(snapshot(1), event(1), localapi.Event{Kind: kind})
		feed.Publish(snapshot(2), event(2))
		for face, want := range map[localapi.Face]int{localapi.FaceWindow: 0, localapi.FaceNotify: 1} {
			w := feed.Watch(face)
			defer w.Close()
			if u, ok := w.Next(t.Context()); !ok || u.Snapshot.Revision != 2 || len(u.Events) != want || want == 1 && u.Events[0].Kind != kind {
				t.Errorf("%s: the first %s is told of %+v", kind, face, u)
			}
		}
		again := feed.Watch(localapi.FaceNotify)
		defer again.Close()
		feed.Publish(snapshot(3), localapi.Event{Kind: kind})
		if u, ok := again.Next(t.Context()); !ok || len(u.Events) != 1 {
			t.Errorf("%s: the next one is told of %+v", kind, u)
		}
		if u, ok := tray.Next(t.Context()); !ok || len(u.Events) != 4 {
			t.Errorf("%s: who watched all along is told of %+v", kind, u)
		}
		late := feed.Watch(localapi.FaceNotify)
		defer late.Close()
		if u, ok := late.Next(t.Context()); !ok || len(u.Events) != 0 {
			t.Errorf("%s: a late one is told again: %+v", kind, u)
		}
	}
}

func TestFacesEndWithTheAgent(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		agent.Set(snapshot(2))
		next, stop := iter.Pull2(c.Watch(t.Context(), localapi.FaceTray))
		defer stop()
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		agent.Set(snapshot(3), localapi.Event{Kind: localapi.Quitting})
		agent.End()
		u, err, _ := next()
		if err != nil || len(u.Events) != 1 || u.Events[0].Kind != localapi.Quitting {
			t.Fatalf("the last word is %+v, %v", u, err)
		}
		_, err, ok := next()
		var e *localapi.Error
		if !ok || !errors.As(err, &e) || e.Code != localapi.CodeNotReachable {
			t.Fatalf("the end is %v", err)
		}
		if _, _, ok := next(); ok {
			t.Error("the stream goes on after its end")
		}
	})
}

func TestClosedFeed(t *testing.T) {
	var feed localapi.Feed
	feed.Publish(snapshot(3))
	feed.Close()
	late := feed.Watch(localapi.FaceTray)
	defer late.Close()
	if u, ok := late.Next(t.Context()); !ok || u.Snapshot.Revision != 3 {
		t.Error("a late watcher does not see the last state")
	}
	if _, ok := late.Next(t.Context()); ok {
		t.Error("a late watcher of a closed feed goes on")
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		agent.Set(snapshot(1))
		cause := errors.New("the window closed")
		ctx, cancel := context.WithCancelCause(t.Context())
		next, stop := iter.Pull2(c.Watch(ctx, localapi.FaceWindow))
		defer stop()
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		cancel(cause)
		if _, err, ok := next(); !ok || !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		for _, err := range c.Watch(ctx, localapi.FaceWindow) {
			if !errors.Is(err, cause) {
				t.Errorf("too late: %v", err)
			}
		}
		nobodyWatches(t, agent)
	})
}

func TestWatchEndsWithItsReader(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		agent.Set(snapshot(1))
		for range c.Watch(t.Context(), localapi.FaceWindow) {
			break
		}
		nobodyWatches(t, agent)
	})
}

// nobodyWatches waits until the agent has noticed that nobody reads any more.
func nobodyWatches(t *testing.T, agent *localapitest.Agent) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); agent.Watching(localapi.FaceWindow) != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the watcher is still counted")
		}
		time.Sleep(time.Millisecond)
	}
}

// Events reach every reader in order and once, however the snapshots between them were skipped.
func TestWatchMissesNoEvent(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		agent.Set(snapshot(0))
		next, stop := iter.Pull2(c.Watch(t.Context(), localapi.FaceNotify))
		defer stop()
		next()
		for i := range 300 {
			agent.Set(snapshot(uint64(i)), event(i))
		}
		for seen := 0; seen < 300; {
			u, err, _ := next()
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range u.Events {
				if e.Device != fmt.Sprint(seen) {
					t.Fatalf("event %d is %q", seen, e.Device)
				}
				seen++
			}
		}
	})
}

// While nothing happens a watch is silent but for one comment every four minutes.
func TestIdleWatchIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe := localapi.NewPipe()
		counting := &countingListener{Listener: pipe, writes: make(chan string, 100)}
		localapitest.Serve(t, counting, noLog).Set(snapshot(1))
		c := pipe.Client()
		watch, stopWatch := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range c.Watch(watch, localapi.FaceTray) {
			}
		}()
		time.Sleep(time.Second)
		for len(counting.writes) > 0 {
			<-counting.writes
		}
		time.Sleep(time.Hour)
		if n := len(counting.writes); n > 15 {
			t.Errorf("%d writes in an idle hour", n)
		}
		for len(counting.writes) > 0 {
			if text := <-counting.writes; !strings.Contains(text, ":\n\n") {
				t.Errorf("an idle watch says %q", text)
			}
		}
		stopWatch()
		<-done
	})
}

// countingListener records what the server writes.
type countingListener struct {
	net.Listener
	writes chan string
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{conn, l.writes}, nil
}

type countingConn struct {
	net.Conn
	writes chan string
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes <- string(b)
	return c.Conn.Write(b)
}
