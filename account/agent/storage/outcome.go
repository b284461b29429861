package storage

import (
	"context"
	"errors"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// heard follows how the transactions of the work end: what the disk says is shown for as long as it
// says it, and a file that cannot be used any more ends the work.
func (s *Storage[W]) heard(vault *store.Vault, o store.Outcome) {
	phrase, fault := board.Disk(o.Err)
	switch {
	case o.Wrote && o.Err == nil:
		s.mended(o.Size)
	case fault && !beginAnew(o.Err):
		s.showFault(phrase.Say(), o.Size)
	case fault:
		s.asked.Go(func() {
			err := s.do(s.life, func(context.Context) error { s.lose(vault, o.Err); return nil })
			if err != nil && s.life.Err() == nil {
				s.Logger.Error("a store that cannot be used stays open", "error", err)
			}
		})
	}
	if o.Aside > 0 {
		s.Logger.Error("stored values are damaged and were put aside", "values", o.Aside)
		s.show(func(st *localapi.Storage) { st.Damaged += o.Aside })
		if work := s.Present(); work != *new(W) {
			work.Damaged()
		}
	}
}

// showFault shows what the disk says, about a change of a size.
func (s *Storage[W]) showFault(said localapi.Sentence, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shown := s.shown(); shown.Problem != said.Text {
		s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = said.Parts() })
	}
	s.fault, s.refused = true, max(s.refused, size)
}

// mended takes what the disk said back, once it has taken a change as large as the one it refused. A smaller
// one may find room on a disk that is full for the rest: then the disk is tried.
func (s *Storage[W]) mended(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.fault || s.looking:
	case size >= s.refused:
		s.clearFault()
	default:
		s.looking = true
		needed := roomFactor*s.refused + roomLeast
		s.asked.Go(func() {
			err := store.Room(s.Path, needed)
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.looking = false; err == nil && s.fault {
				s.clearFault()
			}
		})
	}
}

// What a change needs of the disk beside its values: pages are written anew on the way to them.
const (
	roomFactor = 2
	roomLeast  = 64 << 10
)

// clearFault shows that the disk is well again. The lock is held.
func (s *Storage[W]) clearFault() {
	s.fault, s.refused = false, 0
	s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = "", localapi.Said{} })
}

// lose ends the work on a file that cannot be used any more.
func (s *Storage[W]) lose(vault *store.Vault, err error) {
	if s.vault != vault {
		return // that has happened already
	}
	s.setBusy()
	s.end()
	s.giveUp(errors.Join(err, vault.Close()))
	s.setReady()
}
