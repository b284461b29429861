package storage

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Unlock opens a store protected by a passphrase, or asks the keyring when passphrase is empty: for the
// key, or to keep one for what is in memory still.
func (s *Storage[W]) Unlock(ctx context.Context, passphrase string) error {
	return s.await(ctx, func(ctx context.Context) (<-chan struct{}, error) { return s.unlock(ctx, passphrase) })
}

// await runs a step that may ask the keyring, and waits for the answer as long as that may take.
func (s *Storage[W]) await(ctx context.Context, step func(context.Context) (<-chan struct{}, error)) error {
	var answered <-chan struct{}
	err := s.do(ctx, func(ctx context.Context) (err error) {
		answered, err = step(ctx)
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
	if s.Present() == *new(W) || !s.shown().Kept {
		return s.lockedError()
	}
	return nil
}

// unlock does what can be done at once. Where the keyring is asked, the channel is closed when that has
// been dealt with.
func (s *Storage[W]) unlock(ctx context.Context, passphrase string) (answered <-chan struct{}, err error) {
	switch {
	case s.useless():
		return s.openAgain(ctx)
	case s.file == nil && s.source == nil && passphrase == "" && s.Ring != nil && s.shown().Protection != localapi.MemoryOnly:
		return s.createWithKeyring(ctx, false), nil
	case s.file == nil:
		return nil, nil // nothing is locked
	case s.file.Protection() == store.ByPassphrase:
		return nil, s.unlockWith(ctx, passphrase)
	case s.Ring == nil:
		return nil, refusal(store.ErrNoKeyring)
	default:
		return s.askForKey(ctx), nil
	}
}

// useless reports whether there is a file that could not be used, and nobody has chosen to go on without it.
func (s *Storage[W]) useless() bool { return s.broken != nil && s.file == nil && s.vault == nil }

// openAgain tries a file once more that could not be used.
func (s *Storage[W]) openAgain(ctx context.Context) (answered <-chan struct{}, err error) {
	s.broken = nil
	answered = s.open(ctx, store.OpenAgain)
	if s.broken != nil {
		return nil, refusal(s.broken)
	}
	return answered, nil
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

// Protect chooses how what is in memory is kept from now on. Where the file is damaged, it begins anew
// and keeps that beside the new one.
func (s *Storage[W]) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	return s.await(ctx, func(ctx context.Context) (<-chan struct{}, error) {
		switch p {
		case localapi.ProtectedByKeyring, localapi.ByNewKeyring:
			return s.protectWithKeyring(ctx, p == localapi.ByNewKeyring)
		case localapi.MemoryOnly:
			return nil, s.protectNothing(ctx)
		case localapi.ProtectedByPassphrase:
			return nil, s.protectWith(ctx, passphrase)
		default:
			return nil, unknownWay.Refuse(localapi.CodeUsage)
		}
	})
}

// protectNothing goes on in memory, and leaves a file that could not be opened where it is.
func (s *Storage[W]) protectNothing(ctx context.Context) error {
	if s.source != nil {
		return protected.Refuse(localapi.CodeConflict)
	}
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

// protectWithKeyring makes a file under a key in the keyring. Where that is locked, it asks for the key.
// A keyring is made first only if a person has said so.
func (s *Storage[W]) protectWithKeyring(ctx context.Context, newRing bool) (answered <-chan struct{}, err error) {
	switch {
	case s.source != nil && s.source.Protection() != store.ByKeyring:
		return nil, protected.Refuse(localapi.CodeConflict)
	case s.source != nil || s.file != nil:
		return s.unlock(ctx, "")
	case s.Ring == nil:
		return nil, refusal(store.ErrNoKeyring)
	}
	if err := s.makeWay(ctx); err != nil {
		return nil, err
	}
	return s.createWithKeyring(ctx, newRing), nil
}

// protectWith makes a file under a passphrase.
func (s *Storage[W]) protectWith(ctx context.Context, text string) error {
	if s.source != nil {
		return protected.Refuse(localapi.CodeConflict)
	}
	if text != "" && localapi.PassphraseStrength(text) == localapi.TooShort {
		return shortPassphrase.Refuse(localapi.CodeUsage)
	}
	source, err := store.NewPassphrase(text)
	if err != nil {
		return refusal(err)
	}
	if err := s.makeWay(ctx); err != nil {
		return err
	}
	s.withdraw()
	file, err := store.Prepare(ctx, s.Path, source)
	if err != nil {
		return refusal(err)
	}
	if err := s.adopt(file, source, localapi.ProtectedByPassphrase); err != nil {
		return refusal(errors.Join(err, file.Delete(ctx, source)))
	}
	return nil
}

// makeWay sees that there is something in memory to keep, and no file in its place: one that is of no
// use, though it was tried once more, is set aside.
func (s *Storage[W]) makeWay(ctx context.Context) error {
	switch {
	case s.useless():
		if _, err := s.openAgain(ctx); err != nil && !beginAnew(s.broken) {
			return err
		}
	case s.broken != nil: // what is in use stays so
		file, err := store.OpenAgain(s.Path)
		if err == nil {
			return errors.Join(lockedData.Refuse(localapi.CodeConflict), file.Close())
		}
		if s.broken = err; !beginAnew(err) && !errors.Is(err, fs.ErrNotExist) {
			return refusal(err)
		}
	}
	if s.file != nil {
		return lockedData.Refuse(localapi.CodeConflict)
	}
	if s.broken != nil {
		aside, err := store.SetAside(s.Path, "damaged-"+s.Clock.Now().UTC().Format("20060102-150405"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refusal(err)
		}
		s.Logger.Warn("a damaged store was set aside", "file", aside)
		s.broken = nil
	}
	if s.vault == nil {
		s.beginInMemory(ctx, localapi.Undecided)
	}
	return nil
}
