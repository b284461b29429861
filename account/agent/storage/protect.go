package storage

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Unlock opens a store protected by a passphrase, or asks the keyring again when passphrase is empty.
func (s *Storage[W]) Unlock(ctx context.Context, passphrase string) error {
	var answered <-chan struct{}
	err := s.do(ctx, func(ctx context.Context) (err error) {
		answered, err = s.unlock(ctx, passphrase)
		return err
	})
	if err != nil || answered == nil {
		return err
	}
	patience := time.NewTimer(keyringPatience)
	defer patience.Stop()
	select {
	case <-answered:
	case <-patience.C:
	case <-s.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.Present() == *new(W) || s.undecided() {
		return s.lockedError()
	}
	return nil
}

// unlock does what can be done at once. Where the keyring is asked, the channel is closed when that has
// been dealt with.
func (s *Storage[W]) unlock(ctx context.Context, passphrase string) (answered <-chan struct{}, err error) {
	switch {
	case s.file == nil && s.broken != nil:
		return nil, s.openAgain(ctx)
	case s.file == nil && s.undecided() && passphrase == "" && s.Ring != nil:
		return s.createWithKeyring(ctx), nil
	case s.file == nil:
		return nil, nil // nothing is locked
	case s.file.Protection() == store.ByPassphrase:
		return nil, s.unlockWith(ctx, passphrase)
	case s.Ring == nil:
		return nil, refusal(store.ErrKeyring)
	default:
		return s.askForKey(ctx), nil
	}
}

// undecided reports whether data is in memory because no keyring could be used.
func (s *Storage[W]) undecided() bool {
	return s.shown().Protection == localapi.Undecided
}

// openAgain tries a file once more that could not be opened.
func (s *Storage[W]) openAgain(ctx context.Context) error {
	s.broken = nil
	s.open(ctx)
	if s.broken != nil {
		return refusal(s.broken)
	}
	return nil
}

func (s *Storage[W]) unlockWith(ctx context.Context, text string) error {
	source, err := store.NewPassphrase(text)
	if err == nil {
		err = s.file.Unlock(ctx, source)
	}
	if err != nil {
		return refusal(err)
	}
	s.beginWithFile(ctx, source)
	return nil
}

// Protect chooses how an undecided store is protected: by a passphrase, or memory only.
func (s *Storage[W]) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	if p == localapi.ProtectedByKeyring {
		return s.Unlock(ctx, "")
	}
	return s.do(ctx, func(ctx context.Context) error {
		switch {
		case p != localapi.MemoryOnly && p != localapi.ProtectedByPassphrase:
			return unknownWay.Refuse(localapi.CodeUsage)
		case s.source != nil:
			return protected.Refuse(localapi.CodeConflict)
		case p == localapi.MemoryOnly:
			return s.protectNothing(ctx)
		default:
			return s.protectWith(ctx, passphrase)
		}
	})
}

// protectNothing goes on in memory, and leaves a file that could not be opened where it is.
func (s *Storage[W]) protectNothing(ctx context.Context) error {
	s.withdraw()
	if s.vault != nil {
		s.show(func(st *localapi.Storage) { *st = localapi.Storage{Protection: localapi.MemoryOnly} })
		return nil
	}
	if s.file != nil {
		if err := s.file.Close(); err != nil {
			s.Logger.Warn("a locked store does not close", "error", err)
		}
		s.file = nil
	}
	s.beginInMemory(ctx, localapi.MemoryOnly)
	return nil
}

// protectWith makes a file under a passphrase for what is in memory, or in place of a damaged file,
// which is kept beside it.
func (s *Storage[W]) protectWith(ctx context.Context, text string) error {
	source, err := store.NewPassphrase(text)
	if err != nil {
		return refusal(err)
	}
	if s.file != nil {
		return lockedData.Refuse(localapi.CodeConflict)
	}
	s.withdraw()
	if s.broken != nil && !errors.Is(s.broken, store.ErrInUse) && !errors.Is(s.broken, store.ErrNewer) {
		aside, err := store.SetAside(s.Path, "damaged-"+s.Clock.Now().UTC().Format("20060102-150405"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refusal(err)
		}
		s.Logger.Warn("a damaged store was set aside", "file", aside)
		s.broken = nil
	}
	if s.broken != nil {
		return refusal(s.broken)
	}
	if s.vault == nil {
		s.beginInMemory(ctx, localapi.Undecided)
	}
	file, err := store.Create(ctx, s.Path, source)
	if err == nil {
		err = s.adopt(file, source, localapi.ProtectedByPassphrase)
	}
	if err != nil {
		return refusal(err)
	}
	return nil
}
