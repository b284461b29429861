package agent

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Unlock opens a store protected by a passphrase, or asks the keyring again when passphrase is empty.
func (a *Agent) Unlock(ctx context.Context, passphrase string) error {
	var answered <-chan struct{}
	err := a.steer(ctx, func(ctx context.Context, k *keeper) error {
		switch {
		case k.file == nil && k.broken != nil:
			return k.openAgain(ctx)
		case k.file == nil && k.undecided() && passphrase == "" && k.ring != nil:
			answered = k.createWithKeyring(ctx)
		case k.file == nil:
			return nil // nothing is locked
		case k.file.Protection() == store.ByPassphrase:
			return k.unlockWith(ctx, passphrase)
		case k.ring == nil:
			return explainStorage(store.ErrKeyring)
		default:
			answered = k.askForKey(ctx)
		}
		return nil
	})
	if err != nil || answered == nil {
		return err
	}
	patience := time.NewTimer(keyringPatience)
	defer patience.Stop()
	select {
	case <-answered:
	case <-patience.C:
	case <-a.done:
		return errEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.engine == nil || a.storage.Protection == localapi.Undecided {
		return a.lockedError()
	}
	return nil
}

// undecided tells whether data is in memory because no keyring could be used.
func (k *keeper) undecided() bool {
	k.a.mu.Lock()
	defer k.a.mu.Unlock()
	return k.a.storage.Protection == localapi.Undecided
}

// openAgain tries a file once more that could not be opened.
func (k *keeper) openAgain(ctx context.Context) error {
	k.broken = nil
	k.open(ctx)
	if k.broken != nil {
		return explainStorage(k.broken)
	}
	return nil
}

func (k *keeper) unlockWith(ctx context.Context, text string) error {
	source, err := store.NewPassphrase(text)
	if err == nil {
		err = k.file.Unlock(ctx, source)
	}
	if err != nil {
		return explainStorage(err)
	}
	k.beginWithFile(ctx, source)
	return nil
}

// Protect chooses how an undecided store is protected: by a passphrase, or memory only.
func (a *Agent) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	if p == localapi.ProtectedByKeyring {
		return a.Unlock(ctx, "")
	}
	return a.steer(ctx, func(ctx context.Context, k *keeper) error {
		switch {
		case p != localapi.MemoryOnly && p != localapi.ProtectedByPassphrase:
			return &localapi.Error{Code: localapi.CodeUsage, Message: "This way of protecting data is unknown."}
		case k.source != nil:
			return &localapi.Error{Code: localapi.CodeConflict, Message: "The data is protected already.", Hint: "sign out and delete the local data to choose anew"}
		case p == localapi.MemoryOnly:
			return k.protectNothing(ctx)
		default:
			return k.protectWith(ctx, passphrase)
		}
	})
}

// protectNothing goes on in memory, and leaves a file that could not be opened where it is.
func (k *keeper) protectNothing(ctx context.Context) error {
	k.withdraw()
	if k.vault != nil {
		k.show(func(s *localapi.Storage) { *s = localapi.Storage{Protection: localapi.MemoryOnly} })
		return nil
	}
	if k.file != nil {
		if err := k.file.Close(); err != nil {
			k.a.params.Logger.Warn("a locked store does not close", "error", err)
		}
		k.file = nil
	}
	k.beginInMemory(ctx, localapi.MemoryOnly)
	return nil
}

// protectWith makes a file under a passphrase for what is in memory, or in place of a damaged file,
// which is kept beside it.
func (k *keeper) protectWith(ctx context.Context, text string) error {
	source, err := store.NewPassphrase(text)
	if err != nil {
		return explainStorage(err)
	}
	if k.file != nil {
		return &localapi.Error{Code: localapi.CodeConflict, Message: "There is data already, and it is locked.", Hint: "unlock it, or sign out and delete the local data to begin anew"}
	}
	k.withdraw()
	if k.broken != nil && !errors.Is(k.broken, store.ErrInUse) && !errors.Is(k.broken, store.ErrNewer) {
		aside, err := store.SetAside(k.path, "damaged-"+k.a.params.Clock.Now().UTC().Format("20060102-150405"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explainStorage(err)
		}
		k.a.params.Logger.Warn("a damaged store was set aside", "file", aside)
		k.broken = nil
	}
	if k.broken != nil {
		return explainStorage(k.broken)
	}
	if k.vault == nil {
		k.beginInMemory(ctx, localapi.Undecided)
	}
	file, err := store.Create(ctx, k.path, source)
	if err == nil {
		err = k.adopt(file, source, localapi.ProtectedByPassphrase)
	}
	if err != nil {
		return explainStorage(err)
	}
	return nil
}

// storageProblem is the sentence for a failure of the store.
func storageProblem(err error) string {
	switch {
	case errors.Is(err, store.ErrWrongKey):
		return "The key in the keyring does not fit Tabferry's data."
	case errors.Is(err, store.ErrKeyMissing):
		return "The keyring no longer holds the key to Tabferry's data."
	case errors.Is(err, store.ErrKeyring):
		return "There is no keyring that Tabferry could use."
	case errors.Is(err, store.ErrInUse):
		return "Another program uses Tabferry's data."
	case errors.Is(err, store.ErrNewer):
		return "Tabferry's data was written by a newer version."
	case errors.Is(err, store.ErrCorrupt):
		return "Tabferry's data file is damaged. It is left as it is."
	default:
		return "Tabferry's data cannot be opened."
	}
}

// explainStorage turns a failure of the store into a refusal.
func explainStorage(err error) error {
	if ctxEnded(err) {
		return err
	}
	e := &localapi.Error{Code: localapi.CodeLocked, Message: storageProblem(err)}
	switch {
	case errors.Is(err, store.ErrWrongKey):
		e.Message, e.Hint = "That is not the passphrase.", "try again; without it, only deleting the local data helps"
	case errors.Is(err, store.ErrEmptyPassphrase):
		e.Code, e.Message = localapi.CodeUsage, "The passphrase is empty."
	case errors.Is(err, store.ErrKeyMissing):
		e.Hint = "sign out and delete the local data to begin anew"
	case errors.Is(err, store.ErrKeyring):
		e.Hint = "choose a passphrase, or keep nothing after quitting"
	case errors.Is(err, store.ErrCorrupt):
		e.Hint = "choose a protection to begin anew; the damaged file is kept"
	case errors.Is(err, store.ErrInUse):
		e.Hint = "quit the other Tabferry"
	case errors.Is(err, store.ErrNewer):
		e.Hint = "update Tabferry"
	}
	return e
}

// ctxEnded tells whether a call ended because its caller did.
func ctxEnded(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
