package storage

import (
	"context"
	"log/slog"
	"testing"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// idle is work that does nothing.
type idle struct{}

func (*idle) Start(context.Context)   {}
func (*idle) Wait()                   {}
func (*idle) Damaged()                {}
func (*idle) Part(context.Context)    {}
func (*idle) Show(*localapi.Snapshot) {}
func (*idle) Live(*localapi.Snapshot) {}

// What a disk said of a file that is gone is over with it: a change of what came in its place does not take back
// what is said of that.
func TestFaultEndsWithItsFile(t *testing.T) {
	var vaults []*store.Vault
	s := New(t.Context(), Params[*idle]{
		Board: board.New(kit.System(), localapi.Snapshot{}), Clock: kit.System(), Logger: slog.New(slog.DiscardHandler),
		Open: func(v *store.Vault) (*idle, error) { vaults = append(vaults, v); return &idle{}, nil },
	})
	wrote := func(err error) { s.heard(vaults[len(vaults)-1], store.Outcome{Wrote: true, Size: 100, Err: err}) }
	problem := func() string { return s.shown().Problem }

	s.beginInMemory(t.Context(), localapi.Undecided)
	wrote(store.ErrDisk)
	if problem() == "" {
		t.Fatal("a fault of the disk is not said")
	}
	s.lose(s.vault, store.ErrReplaced)
	s.broken = nil
	s.beginInMemory(t.Context(), localapi.Undecided)
	s.show(func(st *localapi.Storage) { st.Problem = "there is no keyring" })
	wrote(nil)
	if problem() != "there is no keyring" {
		t.Errorf("a change of the next store took back what is said of it: %q", problem())
	}
	wrote(store.ErrDisk)
	wrote(nil)
	if problem() != "" {
		t.Errorf("a fault that is over stays: %q", problem())
	}
}
