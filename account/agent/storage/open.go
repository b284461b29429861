package storage

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// open decides how to begin: with the file, if there is one, else in memory until something is worth
// keeping. Where the keyring is asked, the channel is closed when that has been dealt with.
func (s *Storage[W]) open(ctx context.Context, opened func(path string) (*store.Store, error)) (answered <-chan struct{}) {
	if s.MemoryOnly {
		s.beginInMemory(ctx, localapi.MemoryOnly)
		return nil
	}
	file, err := opened(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.beginInMemory(ctx, s.planned())
	case err != nil:
		s.giveUp(err)
		s.setReady()
	default:
		return s.waitForKey(ctx, file)
	}
	return nil
}

// planned is how a new store will be protected.
func (s *Storage[W]) planned() localapi.Protection {
	if s.Ring == nil {
		return localapi.Undecided
	}
	return localapi.ProtectedByKeyring
}

// protection is how a file is protected.
func protection(file *store.Store) localapi.Protection {
	if file.Protection() == store.ByPassphrase {
		return localapi.ProtectedByPassphrase
	}
	return localapi.ProtectedByKeyring
}

// giveUp shows a file that cannot be used. It is left alone.
func (s *Storage[W]) giveUp(err error) {
	if why := err.Error(); why != s.logged { // it may be tried for days
		s.Logger.Error("the store cannot be used", "error", err)
		s.logged = why
	}
	s.broken, s.source = err, nil
	s.show(func(st *localapi.Storage) {
		*st = localapi.Storage{Protection: localapi.Undecided, Locked: true, Kept: true, BeginAnew: beginAnew(err)}
		st.Problem, st.ProblemSaid = problem(err).Say().Parts()
	})
	s.openLater()
}

// openRetry is the wait after a file could not be opened for a reason that may pass by itself.
const openRetry = 5 * time.Second

// openLater tries a file again by itself that the disk, or another program, keeps from being opened.
func (s *Storage[W]) openLater() {
	if s.trying || !store.OnDisk(s.broken) && !errors.Is(s.broken, store.ErrInUse) {
		return
	}
	s.trying = true
	s.asked.Go(func() {
		select {
		case <-time.After(openRetry):
		case <-s.life.Done():
			return
		}
		err := s.do(s.life, func(ctx context.Context) error {
			s.trying = false
			if s.useless() {
				_, _ = s.openAgain(ctx) // which shows what came of it
			}
			return nil
		})
		if err != nil && s.life.Err() == nil {
			s.Logger.Error("a file is not tried again", "error", err)
		}
	})
}

// beginAnew reports whether a file is of no use any more, so that another one may take its place.
func beginAnew(err error) bool {
	return errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrReplaced)
}

// waitForKey shows a file as locked and asks the keyring where that has the key.
func (s *Storage[W]) waitForKey(ctx context.Context, file *store.Store) (answered <-chan struct{}) {
	s.file = file
	p := protection(file)
	s.show(func(st *localapi.Storage) { *st = localapi.Storage{Protection: p, Locked: true, Kept: true} })
	switch {
	case p == localapi.ProtectedByPassphrase:
		s.setReady()
	case s.Ring == nil:
		s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = noKeyring.Say().Parts() })
		s.setReady()
	default:
		return s.askForKey(ctx)
	}
	return nil
}

// beginInMemory starts the work on an empty store without a file.
func (s *Storage[W]) beginInMemory(ctx context.Context, p localapi.Protection) {
	memory, err := store.NewMemory()
	if err != nil {
		s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = problem(err).Say().Parts() })
		s.setReady()
		return
	}
	s.source = nil
	s.begin(ctx, memory, p)
}

// beginWithFile starts the work on the file, which has its key now.
func (s *Storage[W]) beginWithFile(ctx context.Context, source store.KeySource) {
	file := s.file
	s.file, s.source = nil, source
	s.begin(ctx, file, protection(file))
}

// begin starts the work. A store whose contents cannot be read is shown as damaged and left alone.
func (s *Storage[W]) begin(ctx context.Context, opened *store.Store, p localapi.Protection) {
	vault := store.NewVault(opened)
	s.logged = ""
	s.mu.Lock()
	s.fault, s.refused = false, 0 // that was of another store
	s.mu.Unlock()
	if err := s.beginOn(ctx, vault, localapi.Storage{Protection: p, Kept: s.source != nil}); err != nil {
		s.giveUp(errors.Join(err, vault.Close()))
	}
	s.setReady()
}

func (s *Storage[W]) beginOn(ctx context.Context, vault *store.Vault, shown localapi.Storage) error {
	vault.Hear(func(o store.Outcome) { s.heard(vault, o) })
	work, err := s.Open(vault)
	if err != nil {
		return err
	}
	s.vault = vault
	s.setWork(work)
	s.Board.Open(work, shown)
	ctx, s.stop = context.WithCancel(ctx) // #nosec G118 -- Close calls it
	work.Start(ctx)
	return nil
}

// end stops the work and returns its vault, nil when none runs.
func (s *Storage[W]) end() *store.Vault {
	work := s.Present()
	if work == *new(W) {
		return nil
	}
	s.stop()
	work.Wait()
	s.setWork(*new(W))
	s.Board.Close()
	vault := s.vault
	s.vault = nil
	return vault
}

// Restart begins new work on the same store, for settings that cannot change below it.
func (s *Storage[W]) Restart(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error {
		s.restart(ctx)
		return nil
	})
}

// Replace begins new work on the same store in place of this one, unless work has ended before or still
// says no.
func (s *Storage[W]) Replace(ctx context.Context, work W, still func() bool) error {
	return s.do(ctx, func(ctx context.Context) error {
		if s.Present() == work && still() {
			s.restart(ctx)
		}
		return nil
	})
}

// ReplaceLater is Replace for work that calls it: it does not wait.
func (s *Storage[W]) ReplaceLater(work W, still func() bool) {
	s.asked.Go(func() {
		if err := s.Replace(s.life, work, still); err != nil && s.life.Err() == nil {
			s.Logger.Warn("new work could not begin", "error", err)
		}
	})
}

// restart ends the work and begins another on the same store. What is said of the storage stays.
func (s *Storage[W]) restart(ctx context.Context) {
	s.setBusy()
	defer s.setReady()
	shown := s.shown()
	vault := s.end()
	if vault == nil {
		return
	}
	if err := s.beginOn(ctx, vault, shown); err != nil {
		s.giveUp(errors.Join(err, vault.Close()))
	}
}

// DeleteLater deletes file and key and begins anew with nothing, unless work has ended before or
// still says no. It does not wait: work calls it.
func (s *Storage[W]) DeleteLater(work W, still func() bool) {
	s.asked.Go(func() {
		err := s.do(s.life, func(ctx context.Context) error {
			if s.Present() != work || !still() {
				return nil
			}
			return s.purge(ctx)
		})
		if err != nil && s.life.Err() == nil {
			s.Logger.Warn("the local data could not be deleted", "error", err)
		}
	})
}

// purge ends the work, deletes file and key, and begins anew with nothing.
func (s *Storage[W]) purge(ctx context.Context) error {
	s.setBusy()
	vault := s.end()
	limited, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	var err error
	if vault != nil {
		err = vault.Delete(limited, s.source)
	} else if file := s.file; file != nil {
		s.withdraw()
		s.file = nil
		err = file.Delete(limited, s.Ring)
	}
	s.beginInMemory(ctx, s.planned())
	if err == nil {
		return nil
	}
	s.Logger.Warn("local data could not be deleted entirely", "error", err)
	s.show(func(st *localapi.Storage) { st.Problem, st.ProblemSaid = undeleted(err).Say().Parts() }) // nobody may wait for it
	return undeleted(err).Refuse(localapi.CodeInternal)
}

// DeleteUnread deletes a file that is locked or damaged, and begins anew.
func (s *Storage[W]) DeleteUnread(ctx context.Context) error {
	return s.do(ctx, func(ctx context.Context) error {
		if s.file != nil {
			return s.purge(ctx)
		}
		if s.broken == nil || errors.Is(s.broken, store.ErrInUse) {
			return refusal(s.broken)
		}
		if file, err := store.Open(s.Path); err == nil {
			s.file, s.broken = file, nil // its header is fine: the key can be found and goes too
			return s.purge(ctx)
		}
		if err := os.Remove(s.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return undeleted(err).Refuse(localapi.CodeInternal)
		}
		s.broken = nil
		s.beginInMemory(ctx, s.planned())
		return nil
	})
}

// close ends everything.
func (s *Storage[W]) close(ctx context.Context) error {
	s.withdraw()
	if work := s.Present(); work != *new(W) && s.source == nil {
		work.Part(ctx)
	}
	var err error
	if vault := s.end(); vault != nil {
		err = vault.Close()
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	s.asked.Wait()
	return err
}
