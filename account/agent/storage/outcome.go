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
		s.showFault(localapi.Sentence{})
	case fault && !beginAnew(o.Err):
		s.showFault(phrase.Say())
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

// showFault shows what the disk says; nothing once it is well again.
func (s *Storage[W]) showFault(said localapi.Sentence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is := said.Text != ""; is || s.fault {
		if shown := s.shown(); shown.Problem != said.Text {
			s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = said.Parts() })
		}
		s.fault = is
	}
}

// lose ends the work on a file that cannot be used any more.
func (s *Storage[W]) lose(vault *store.Vault, err error) {
	if s.vault != vault {
		return // that has happened already
	}
	s.setBusy()
	s.end()
	s.giveUp(errors.Join(err, vault.Close()))
	s.source = nil
	s.setReady()
}
