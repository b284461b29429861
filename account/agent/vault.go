package agent

import (
	"context"
	"sync"

	"github.com/tabferry/tabferry/account/store"
)

// vault is the store an engine works with. It may be exchanged below a running engine: what began in
// memory moves into a file once a key has been found for it.
type vault struct {
	// mu keeps transactions out while the store is exchanged; they share it among themselves.
	mu sync.RWMutex
	s  *store.Store
}

func (v *vault) view(f func(*store.Tx) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.View(f)
}

func (v *vault) update(f func(*store.Tx) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Update(f)
}

// move copies everything into another store, which takes the place of the present one.
func (v *vault) move(to *store.Store) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := store.Copy(to, v.s); err != nil {
		return err
	}
	old := v.s
	v.s = to
	return old.Close()
}

func (v *vault) close() error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Close()
}

// remove deletes the store with its file and key.
func (v *vault) remove(ctx context.Context, source store.KeySource) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Delete(ctx, source)
}
