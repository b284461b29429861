package storage

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// question is one to the keyring. It is compared by address.
type question struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when the answer has been dealt with
}

// askKeyring runs do beside everything else, because a keyring may block without end, and then on
// Run's goroutine, or abandon when the question was withdrawn meanwhile. Faces are told while it takes
// long. The channel it returns is closed when the answer has been dealt with.
func (s *Storage[W]) askKeyring(ctx context.Context, do func(context.Context) error, then func(context.Context, error), abandon func()) <-chan struct{} {
	askCtx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	ask := &question{cancel, done}
	s.mu.Lock()
	if s.ask != nil {
		s.ask.cancel()
	}
	s.ask = ask
	s.mu.Unlock()
	still := func(edit func(s *localapi.Storage)) func() {
		return func() {
			s.mu.Lock()
			if s.ask == ask {
				s.show(edit)
			}
			s.mu.Unlock()
			s.setReady()
		}
	}
	notice := time.AfterFunc(keyringNotice, still(func(st *localapi.Storage) {
		st.WaitingForKeyring = true
		st.Problem, st.ProblemSaid = "", localapi.Said{} // what the question is about may be over
	}))
	late := time.AfterFunc(keyringPatience, still(func(st *localapi.Storage) {
		st.Problem, st.ProblemSaid = patience.Say().Parts()
	}))
	s.asked.Go(func() {
		defer close(done)
		defer cancel()
		err := do(askCtx)
		notice.Stop()
		late.Stop()
		wanted := false
		ended := s.do(ctx, func(ctx context.Context) error {
			if wanted = s.answered(ask); wanted {
				then(ctx, err)
				s.setReady()
			}
			return nil
		})
		if ended != nil || !wanted {
			abandon()
		}
	})
	return done
}

// answered ends a question, and reports whether it was still wanted.
func (s *Storage[W]) answered(ask *question) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ask != ask {
		return false
	}
	s.ask = nil
	s.show(func(st *localapi.Storage) {
		st.WaitingForKeyring, st.Problem, st.ProblemSaid = false, "", localapi.Said{}
	})
	return true
}

// withdraw forgets a question to the keyring.
func (s *Storage[W]) withdraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ask != nil {
		s.ask.cancel()
		s.ask = nil
		s.show(func(st *localapi.Storage) {
			st.WaitingForKeyring, st.Problem, st.ProblemSaid = false, "", localapi.Said{}
		})
	}
}

// askForKey asks the keyring for the key of the waiting file.
func (s *Storage[W]) askForKey(ctx context.Context) <-chan struct{} {
	file := s.file
	return s.askKeyring(ctx, func(ctx context.Context) error { return file.Unlock(ctx, s.Ring) },
		func(ctx context.Context, err error) {
			if s.file != file {
				return // something else was decided meanwhile
			}
			if err != nil {
				s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = problem(err).Say().Parts() })
				s.Logger.Warn("the keyring does not unlock the store", "error", err)
				return
			}
			s.beginWithFile(ctx, s.Ring)
		}, func() {})
}

// Keep moves what is in memory into a new file, under a key in the keyring, unless that has been done
// or decided otherwise. It is for the moment before something is worth keeping: the keyring is waited for
// as long as its patience lasts, so that what follows is kept from its first moment. Faces are told
// meanwhile, and that it is not kept yet if nothing came of it.
func (s *Storage[W]) Keep(ctx context.Context) { s.keep(ctx, keyringPatience) }

// Prepare is Keep for when there is still time: it waits only for a keyring that answers at once.
func (s *Storage[W]) Prepare(ctx context.Context) { s.keep(ctx, keyringNotice) }

func (s *Storage[W]) keep(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var kept <-chan struct{}
	err := s.do(ctx, func(ctx context.Context) error {
		s.mu.Lock()
		if s.ask != nil {
			kept = s.ask.done
		}
		s.mu.Unlock()
		if kept == nil && s.vault != nil && s.source == nil && s.shown().Protection == localapi.ProtectedByKeyring {
			kept = s.createWithKeyring(ctx, false)
		}
		return nil
	})
	if err != nil || kept == nil {
		return
	}
	select {
	case <-kept:
	case <-ctx.Done():
	}
}

// createWithKeyring makes a file under a key in the keyring, which takes the place of the memory; with
// newRing the keyring first.
func (s *Storage[W]) createWithKeyring(ctx context.Context, newRing bool) <-chan struct{} {
	var made *store.Store
	create := func(ctx context.Context) (err error) {
		if newRing {
			if err := s.Ring.Make(ctx); err != nil {
				return err
			}
		}
		made, err = store.Prepare(ctx, s.Path, s.Ring)
		return err
	}
	drop := func() {
		if made == nil {
			return
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyringPatience)
		defer cancel()
		if err := made.Delete(limited, s.Ring); err != nil {
			s.Logger.Warn("a store that is not needed stays", "error", err)
		}
	}
	return s.askKeyring(ctx, create, func(_ context.Context, err error) {
		if err == nil && (s.vault == nil || s.source != nil) {
			drop() // something else was decided meanwhile
			return
		}
		if err == nil {
			if err = s.adopt(made, s.Ring, localapi.ProtectedByKeyring); err != nil {
				drop()
			}
		}
		if err != nil {
			s.Logger.Warn("no store under the keyring", "error", err)
			s.show(func(st *localapi.Storage) {
				*st = localapi.Storage{Protection: localapi.Undecided, NoKeyringYet: newRing || errors.Is(err, store.ErrNoCollection)}
				st.Problem, st.ProblemSaid = problem(err).Say().Parts()
			})
		}
	}, drop)
}

// adopt moves the work onto a new file, which is in its place then. If that fails the file is to be
// deleted.
func (s *Storage[W]) adopt(file *store.Store, source store.KeySource, p localapi.Protection) error {
	if err := s.vault.Move(file); err != nil {
		return err
	}
	s.source = source
	s.show(func(st *localapi.Storage) { *st = localapi.Storage{Protection: p, Kept: true, Damaged: st.Damaged} })
	return nil
}
