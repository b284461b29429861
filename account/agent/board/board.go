// Package board is what faces see of the agent: the only place where a [localapi.Snapshot] is built
// and published, and where a failure becomes a sentence ([Refusal], [Sentence]).
//
// The parts of the agent write to a [Board] what they own, and read there what others have written.
package board

import (
	"sync"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Source is an open store with all that works on it, as the board shows it.
type Source interface {
	// Show writes what is known at the beginning.
	Show(s *localapi.Snapshot)
	// Live writes what is read anew for each snapshot, because its changes are not worth waking the
	// faces for. It must not block nor call the board.
	Live(s *localapi.Snapshot)
}

// Board holds the newest snapshot and hands it to the faces. Its slices, maps and pointers are
// replaced and never edited, because snapshots share them. Methods may be called at once from several
// goroutines. Make it with [New].
type Board struct {
	clock kit.Clock
	empty localapi.Snapshot

	mu     sync.Mutex // never held across I/O
	feed   localapi.Feed
	shown  localapi.Snapshot
	source Source // nil while there is no open store
}

// New returns a board that shows empty: what faces see while no store is open.
func New(clock kit.Clock, empty localapi.Snapshot) *Board {
	return &Board{clock: clock, empty: empty, shown: empty}
}

// Change edits what is shown and tells the faces, together with what happened; events without a time
// happened now. edit must not block nor call the board.
func (b *Board) Change(edit func(s *localapi.Snapshot), events ...localapi.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	edit(&b.shown)
	for i := range events {
		if events[i].At.IsZero() {
			events[i].At = b.clock.Now().UTC()
		}
	}
	b.shown.Revision++
	b.feed.Publish(b.now(), events...)
}

// Tell tells the faces what happened. Without an event it tells that something live has changed.
func (b *Board) Tell(events ...localapi.Event) { b.Change(func(*localapi.Snapshot) {}, events...) }

// Open shows an open store.
func (b *Board) Open(source Source, storage localapi.Storage) {
	b.Change(func(s *localapi.Snapshot) {
		b.source = source
		s.Storage = storage
		source.Show(s)
	})
}

// Close shows that no store is open. What is said of the storage stays.
func (b *Board) Close() {
	b.Change(func(s *localapi.Snapshot) {
		b.source = nil
		storage, revision := s.Storage, s.Revision
		*s = b.empty
		s.Storage, s.Revision = storage, revision
	})
}

// Now returns what is shown. Nothing in it is edited later.
func (b *Board) Now() localapi.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now()
}

func (b *Board) now() localapi.Snapshot {
	s := b.shown
	if b.source != nil {
		b.source.Live(&s)
	}
	return s
}

// Read looks at what is shown, without what is live. look must not block nor call the board.
func (b *Board) Read(look func(s *localapi.Snapshot)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	look(&b.shown)
}

// SignedIn reports whether there is a usable sign-in.
func (b *Board) SignedIn() (yes bool) {
	b.Read(func(s *localapi.Snapshot) { yes = s.Account.State == localapi.SignedIn })
	return yes
}

// Watch begins a stream of updates for a face.
func (b *Board) Watch(face localapi.Face) *localapi.Watcher { return b.feed.Watch(face) }

// Watched reports whether somebody watches as this face.
func (b *Board) Watched(face localapi.Face) bool { return b.feed.Count(face) > 0 }

// End ends all streams, once the last updates have been read.
func (b *Board) End() { b.feed.Close() }
