package store

import (
	"context"
	"errors"
	"sync"
)

// Vault is a store in use. It may be exchanged below those who work with it: what began in memory
// moves into a file once a key has been found for it. Writers take turns, so that what they show
// changes in the order of what they store. Make it with [NewVault].
type Vault struct {
	// turn holds a token while somebody writes.
	turn chan struct{}
	// mu keeps transactions out while the store is exchanged; they share it among themselves.
	mu sync.RWMutex
	s  *Store
	// heard is set before the vault is used by several.
	heard func(Outcome)
}

// Outcome is how a transaction ended.
type Outcome struct {
	// Wrote says that it was one that changes something, Size how many bytes of values were put in it, and
	// Opened how many values were looked at.
	Wrote        bool
	Size, Opened int
	Err          error
	// Aside is how many damaged values were put aside since the last outcome.
	Aside int
}

// NewVault returns a vault that holds an unlocked store.
func NewVault(s *Store) *Vault { return &Vault{turn: make(chan struct{}, 1), s: s} }

// Hear has f told how every transaction ended, except those of Move. It is for the time before the
// vault is handed to others. f must not block nor use the vault.
func (v *Vault) Hear(f func(Outcome)) { v.heard = f }

// View runs f in a transaction that changes nothing.
func (v *Vault) View(f func(*Tx) error) error { return v.run(false, (*Store).View, f) }

// Update runs f in one transaction, for changes that nobody is shown.
func (v *Vault) Update(f func(*Tx) error) error { return v.run(true, (*Store).Update, f) }

func (v *Vault) run(writes bool, do func(*Store, func(*Tx) error) error, f func(*Tx) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	size, opened := 0, 0
	err := do(v.s, func(tx *Tx) error {
		defer func() { size, opened = tx.size, tx.opened }()
		return f(tx)
	})
	if v.heard != nil {
		v.heard(Outcome{Wrote: writes, Size: size, Opened: opened, Err: err, Aside: int(v.s.aside.Swap(0))})
	}
	if errors.Is(err, errUnsynced) {
		// It is told, but counts as done: taken back in memory alone, what every reader of the store now
		// finds would be done once more.
		return nil
	}
	return err
}

// Damaged returns the places, bucket/key, of the values that were found damaged and put aside.
func (v *Vault) Damaged() (places []string, err error) {
	err = v.View(func(tx *Tx) error {
		places = tx.Damaged()
		return nil
	})
	return places, err
}

// Write runs change in one transaction and, when that is done, then, in the same order for all
// writers. Waiting for the turn ends with ctx.
func (v *Vault) Write(ctx context.Context, change func(*Tx) error, then func()) error {
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := v.Update(change); err != nil {
		return err
	}
	then()
	return nil
}

// Settle waits until the writers under way are done, or ctx ends.
func (v *Vault) Settle(ctx context.Context) error {
	select {
	case v.turn <- struct{}{}:
		<-v.turn
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Move copies everything into another store, which takes the place of the present one; a prepared one
// ([Prepare]) gets its place in the folder when everything is in it. If that fails the vault goes on with
// the store it has, and the other is to be deleted.
func (v *Vault) Move(to *Store) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := Copy(to, v.s); err != nil {
		return err
	}
	if err := to.takePlace(); err != nil {
		return err
	}
	old := v.s
	v.s = to
	return old.Close()
}

// Close closes the store.
func (v *Vault) Close() error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Close()
}

// Delete removes the store with its file and the key that source holds.
func (v *Vault) Delete(ctx context.Context, source KeySource) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.s.Delete(ctx, source)
}
