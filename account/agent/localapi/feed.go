package localapi

import (
	"context"
	"sync"
)

// maxEvents is how many events wait for one watcher: those of weeks, for a face that hangs.
const maxEvents = 10_000

// Feed hands the newest snapshot and every event to any number of watchers. A slow watcher misses
// snapshots, and of events only the oldest when more than maxEvents wait for it. That a sign-in has ended for
// good stands in no snapshot for long: the last such event of a start waits for the first FaceNotify, which may
// be slower than the agent. The zero value is ready; its methods may be used at once from several goroutines
// and never wait for a watcher.
type Feed struct {
	mu       sync.Mutex
	snapshot Snapshot
	watchers map[*Watcher]struct{}
	told     bool    // a FaceNotify has watched
	untold   []Event // what the first one has missed; one at most
	closed   bool
}

// Watcher is one reader of a [Feed].
type Watcher struct {
	feed *Feed
	face Face
	wake chan struct{} // holds one token while there is something to read

	// guarded by feed.mu
	fresh  bool
	events []Event
	ended  bool
}

// Publish replaces the snapshot and adds events, for all watchers.
func (f *Feed) Publish(s Snapshot, events ...Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot = s
	for _, e := range events {
		if !f.told && (e.Kind == AccountDeleted || e.Kind == SignedOutElsewhere) {
			f.untold = []Event{e}
		}
	}
	for w := range f.watchers {
		w.fresh = true
		w.events = append(w.events, events...)
		w.events = w.events[max(0, len(w.events)-maxEvents):]
		w.signal()
	}
}

// Watch begins to watch; the first Next returns the present snapshot at once.
func (f *Feed) Watch(face Face) *Watcher {
	w := &Watcher{feed: f, face: face, wake: make(chan struct{}, 1), fresh: true}
	f.mu.Lock()
	defer f.mu.Unlock()
	if face == FaceNotify {
		w.events, f.untold, f.told = f.untold, nil, true
	}
	if f.watchers == nil {
		f.watchers = map[*Watcher]struct{}{}
	}
	f.watchers[w] = struct{}{}
	w.ended = f.closed
	w.signal()
	return w
}

// Count returns how many watchers there are of a face.
func (f *Feed) Count(face Face) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for w := range f.watchers {
		if w.face == face {
			n++
		}
	}
	return n
}

// Close ends all watchers, present and future, once they have read what is waiting for them.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for w := range f.watchers {
		w.ended = true
		w.signal()
	}
}

// signal wakes Next. The caller holds feed.mu.
func (w *Watcher) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Next waits for an update. It returns false when the feed was closed and all has been read, or when
// ctx has ended.
func (w *Watcher) Next(ctx context.Context) (Update, bool) {
	for ctx.Err() == nil {
		if u, ok, ended := w.take(); ok || ended {
			return u, ok
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
		}
	}
	return Update{}, false
}

// take returns what is waiting; ended says that nothing will come any more.
func (w *Watcher) take() (u Update, ok, ended bool) {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	if !w.fresh {
		return Update{}, false, w.ended
	}
	u = Update{Snapshot: w.feed.snapshot, Events: w.events}
	w.fresh, w.events = false, nil
	return u, true, false
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	delete(w.feed.watchers, w)
}
