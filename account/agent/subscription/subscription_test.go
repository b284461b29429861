package subscription

import (
	"errors"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// A store that takes nothing any more says so to the push client, which then acknowledges nothing.
func TestStateOnAFailingStore(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	kept := state{store.NewVault(memory)}
	if err := kept.Save(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := kept.Load(t.Context()); err != nil || string(got) != "x" {
		t.Errorf("loaded %q, %v", got, err)
	}
	if err := memory.Close(); err != nil {
		t.Fatal(err)
	}
	if err := kept.Save(t.Context(), []byte("y")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("saving says %v", err)
	}
}
