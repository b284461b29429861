package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// The patience with a keyring: after the first time faces say that we wait for it, after the second
// we go on without what it guards. The question stays open; its answer is taken whenever it comes.
const (
	keyringNotice   = 300 * time.Millisecond
	keyringPatience = 3 * time.Second
)

// keeper opens, creates, unlocks and deletes the store, and starts and stops the engine on it. Its
// methods run on the goroutine of Run only.
type keeper struct {
	a    *Agent
	path string
	ring store.KeySource // nil: no keyring

	file   *store.Store    // exists and waits for its key
	broken error           // why the file could not even be opened
	source store.KeySource // of the file in use
	vault  *vault          // in use by the engine
	stop   context.CancelFunc
}

// asking is a question to the keyring. It is compared by address.
type asking struct{ cancel context.CancelFunc }

func newKeeper(a *Agent, path string) *keeper {
	k := &keeper{a: a, path: path}
	if a.params.Secrets != nil {
		k.ring = store.NewKeyring(a.params.Secrets, a.params.KeyringService)
	}
	return k
}

// show edits the storage status.
func (k *keeper) show(edit func(s *localapi.Storage)) {
	k.a.change(func() { edit(&k.a.storage) })
}

// open decides how to begin: with the file, if there is one, else in memory until something is worth
// keeping.
func (k *keeper) open(ctx context.Context) {
	if k.a.params.Protection == localapi.MemoryOnly {
		k.beginInMemory(ctx, localapi.MemoryOnly)
		return
	}
	file, err := store.Open(k.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		k.beginInMemory(ctx, k.planned())
	case err != nil:
		k.broken = err
		k.show(func(s *localapi.Storage) {
			*s = localapi.Storage{Protection: localapi.Undecided, Locked: true, Problem: storageProblem(err)}
		})
		k.a.params.Logger.Error("the store cannot be opened", "error", err)
		k.a.setReady()
	default:
		k.waitForKey(ctx, file)
	}
}

// planned is how a new store will be protected.
func (k *keeper) planned() localapi.Protection {
	if k.ring == nil {
		return localapi.Undecided
	}
	return localapi.ProtectedByKeyring
}

// waitForKey shows a file as locked and asks the keyring where that has the key.
func (k *keeper) waitForKey(ctx context.Context, file *store.Store) {
	k.file = file
	p := localapi.ProtectedByPassphrase
	if file.Protection() == store.ByKeyring {
		p = localapi.ProtectedByKeyring
	}
	k.show(func(s *localapi.Storage) { *s = localapi.Storage{Protection: p, Locked: true} })
	switch {
	case p == localapi.ProtectedByPassphrase:
		k.a.setReady()
	case k.ring == nil:
		k.show(func(s *localapi.Storage) { s.Problem = storageProblem(store.ErrKeyring) })
		k.a.setReady()
	default:
		k.askForKey(ctx)
	}
}

// askForKey asks the keyring for the key of the waiting file. It gives a channel that is closed when
// the answer has been dealt with.
func (k *keeper) askForKey(ctx context.Context) <-chan struct{} {
	file := k.file
	return k.askKeyring(ctx, func(ctx context.Context) error { return file.Unlock(ctx, k.ring) },
		func(ctx context.Context, err error) {
			if k.file != file {
				return // something else was decided meanwhile
			}
			if err != nil {
				k.show(func(s *localapi.Storage) { s.Problem = storageProblem(err) })
				k.a.params.Logger.Warn("the keyring does not unlock the store", "error", err)
				return
			}
			k.beginWithFile(ctx, k.ring)
		}, func() {})
}

// askKeyring runs do beside everything else, because a keyring may block without end, and then on
// our goroutine, or abandon when the question was withdrawn meanwhile. Faces are told while it takes
// long.
func (k *keeper) askKeyring(ctx context.Context, do func(context.Context) error, then func(context.Context, error), abandon func()) <-chan struct{} {
	a := k.a
	askCtx, cancel := context.WithCancel(ctx)
	ask := &asking{cancel}
	a.mu.Lock()
	if a.ask != nil {
		a.ask.cancel()
	}
	a.ask = ask
	a.mu.Unlock()
	still := func(edit func(s *localapi.Storage)) func() {
		return func() {
			a.mu.Lock()
			if a.ask == ask {
				edit(&a.storage)
				a.publishLocked()
			}
			a.mu.Unlock()
			a.setReady()
		}
	}
	notice := time.AfterFunc(keyringNotice, still(func(s *localapi.Storage) { s.WaitingForKeyring = true }))
	late := time.AfterFunc(keyringPatience, still(func(s *localapi.Storage) {
		s.Problem = "The keyring has not answered yet. Tabferry goes on without it and takes the key when it comes."
	}))
	done := make(chan struct{})
	a.background.Go(func() {
		defer close(done)
		defer cancel()
		err := do(askCtx)
		notice.Stop()
		late.Stop()
		wanted := false
		ended := a.steer(ctx, func(ctx context.Context, _ *keeper) error {
			if wanted = k.answered(ask); wanted {
				then(ctx, err)
				a.setReady()
			}
			return nil
		})
		if ended != nil || !wanted {
			abandon()
		}
	})
	return done
}

// answered ends a question, and tells whether it was still wanted.
func (k *keeper) answered(ask *asking) bool {
	a := k.a
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ask != ask {
		return false
	}
	a.ask, a.storage.WaitingForKeyring, a.storage.Problem = nil, false, ""
	a.publishLocked()
	return true
}

// withdraw forgets a question to the keyring.
func (k *keeper) withdraw() {
	k.a.mu.Lock()
	defer k.a.mu.Unlock()
	if k.a.ask != nil {
		k.a.ask.cancel()
		k.a.ask = nil
		k.a.storage.WaitingForKeyring, k.a.storage.Problem = false, ""
	}
}

// beginInMemory starts the engine on an empty store without a file.
func (k *keeper) beginInMemory(ctx context.Context, p localapi.Protection) {
	s, err := store.NewMemory()
	if err != nil {
		k.show(func(st *localapi.Storage) { st.Problem = storageProblem(err) })
		k.a.setReady()
		return
	}
	k.source = nil
	k.begin(ctx, s, p)
}

// beginWithFile starts the engine on the file, which has its key now.
func (k *keeper) beginWithFile(ctx context.Context, source store.KeySource) {
	file := k.file
	k.file, k.source = nil, source
	p := localapi.ProtectedByKeyring
	if file.Protection() == store.ByPassphrase {
		p = localapi.ProtectedByPassphrase
	}
	k.begin(ctx, file, p)
}

// begin starts an engine. A store whose contents cannot be read is shown as damaged and left alone.
func (k *keeper) begin(ctx context.Context, s *store.Store, p localapi.Protection) {
	defer k.a.setReady()
	v := &vault{s: s}
	e, err := newEngine(k.a, v)
	if err != nil {
		k.a.params.Logger.Error("the store cannot be used", "error", err)
		err = errors.Join(err, s.Close())
		k.broken = err
		k.show(func(st *localapi.Storage) {
			*st = localapi.Storage{Protection: localapi.Undecided, Locked: true, Problem: storageProblem(err)}
		})
		return
	}
	k.vault = v
	k.a.change(func() {
		k.a.engine = e
		k.a.storage = localapi.Storage{Protection: p}
	})
	ctx, k.stop = context.WithCancel(ctx)
	e.start(ctx)
}

// end stops the engine and gives its vault, nil when none runs.
func (k *keeper) end() *vault {
	k.a.mu.Lock()
	e := k.a.engine
	k.a.mu.Unlock()
	if e == nil {
		return nil
	}
	k.stop()
	e.wait()
	k.a.change(func() { k.a.engine = nil })
	v := k.vault
	k.vault = nil
	return v
}

// keep moves what is in memory into a new file, under a key in the keyring, unless that has been
// done or decided otherwise. It is called when something is about to be worth keeping. The channel
// it gives is closed when the keyring has answered; nil when there is nothing to do.
func (k *keeper) keep(ctx context.Context) <-chan struct{} {
	k.a.mu.Lock()
	due := k.a.storage.Protection == localapi.ProtectedByKeyring && k.a.ask == nil
	k.a.mu.Unlock()
	if !due || k.vault == nil || k.source != nil {
		return nil
	}
	return k.createWithKeyring(ctx)
}

// createWithKeyring makes a file under a key in the keyring, which takes the place of the memory.
func (k *keeper) createWithKeyring(ctx context.Context) <-chan struct{} {
	var made *store.Store
	create := func(ctx context.Context) (err error) {
		made, err = store.Create(ctx, k.path, k.ring)
		return err
	}
	drop := func() {
		if made == nil {
			return
		}
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyringPatience)
		defer cancel()
		if err := made.Delete(limited, k.ring); err != nil {
			k.a.params.Logger.Warn("a store that is not needed stays", "error", err)
		}
	}
	return k.askKeyring(ctx, create, func(_ context.Context, err error) {
		if err == nil && (k.vault == nil || k.source != nil) {
			drop() // something else was decided meanwhile
			return
		}
		if err == nil {
			err = k.adopt(made, k.ring, localapi.ProtectedByKeyring)
		}
		if err != nil {
			k.a.params.Logger.Warn("no store under the keyring", "error", err)
			k.show(func(s *localapi.Storage) {
				*s = localapi.Storage{Protection: localapi.Undecided, Problem: storageProblem(err)}
			})
		}
	}, drop)
}

// adopt moves the engine onto a new file.
func (k *keeper) adopt(file *store.Store, source store.KeySource, p localapi.Protection) error {
	if err := k.vault.move(file); err != nil {
		return errors.Join(err, file.Close())
	}
	k.source = source
	k.show(func(s *localapi.Storage) { *s = localapi.Storage{Protection: p} })
	return nil
}

// purge ends the engine, deletes file and key, and begins anew with nothing.
func (k *keeper) purge(ctx context.Context) error {
	k.a.setBusy()
	v := k.end()
	var err error
	if v != nil {
		limited, cancel := context.WithTimeout(ctx, keyringPatience)
		err = v.remove(limited, k.source)
		cancel()
	} else if k.file != nil {
		err = k.purgeLocked(ctx)
	}
	if err != nil {
		k.a.params.Logger.Warn("local data could not be deleted entirely", "error", err)
	}
	k.beginInMemory(ctx, k.planned())
	return err
}

// purgeLocked deletes a file that nobody could open.
func (k *keeper) purgeLocked(ctx context.Context) error {
	k.withdraw()
	file := k.file
	k.file = nil
	limited, cancel := context.WithTimeout(ctx, keyringPatience)
	defer cancel()
	return file.Delete(limited, k.ring)
}

// deleteUnread deletes a file that is locked or damaged, and begins anew.
func (k *keeper) deleteUnread(ctx context.Context) error {
	if k.file != nil {
		return k.purge(ctx)
	}
	if k.broken == nil || errors.Is(k.broken, store.ErrInUse) {
		return explainStorage(k.broken)
	}
	if file, err := store.Open(k.path); err == nil {
		k.file, k.broken = file, nil // its header is fine: the key can be found and goes too
		return k.purge(ctx)
	}
	if err := os.Remove(k.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	k.broken = nil
	k.beginInMemory(ctx, k.planned())
	return nil
}

// restart begins a new engine on the same store, for settings that an engine cannot change in itself.
func (k *keeper) restart(ctx context.Context) {
	k.a.setBusy()
	defer k.a.setReady()
	k.a.mu.Lock()
	p := k.a.storage.Protection
	k.a.mu.Unlock()
	if v := k.end(); v != nil {
		k.begin(ctx, v.s, p)
	}
}

// close ends everything.
func (k *keeper) close(ctx context.Context) error {
	k.withdraw()
	k.a.mu.Lock()
	e, memory := k.a.engine, k.source == nil
	k.a.mu.Unlock()
	if e != nil && memory {
		e.part(ctx)
	}
	var err error
	if v := k.end(); v != nil {
		err = v.close()
	}
	if k.file != nil {
		err = errors.Join(err, k.file.Close())
	}
	k.a.background.Wait()
	return err
}
