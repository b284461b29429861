package inbox

import (
	"crypto/rand"
	"log/slog"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// on opens an inbox on a vault, and shows it on a board.
func on(t *testing.T, vault *store.Vault) (*Inbox, *board.Board) {
	t.Helper()
	b := board.New(kit.System(), localapi.Snapshot{})
	i, err := Open(Params{Store: vault, Board: b, Clock: kit.System(), IDs: &store.IDs{Rand: rand.Reader}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	b.Change(i.Show)
	return i, b
}

// The oldest entries make room, and the counts stay those of what is stored.
func TestBound(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, b := on(t, vault)
	var received []account.IncomingCommand
	for n := range maxEntries + 7 {
		received = append(received, &account.TabReceived{
			Incoming: account.Incoming{Index: int64(n + 1)},
			Payload:  account.SendTabPayload{Entries: []account.TabEntry{{URL: "https://example.com"}}},
		})
	}
	for _, batch := range [][]account.IncomingCommand{received[:maxEntries], received[maxEntries:]} {
		arrival, err := i.Arrive(batch)
		if err != nil {
			t.Fatal(err)
		}
		if err := vault.Write(t.Context(), arrival.Store, arrival.Tell); err != nil {
			t.Fatal(err)
		}
	}
	_, again := on(t, vault)
	for name, got := range map[string]localapi.Inbox{"shown": b.Now().Inbox, "stored": again.Now().Inbox} {
		if got.Total != maxEntries || got.Unread != maxEntries || len(got.Recent) != localapi.RecentEntries {
			t.Errorf("%s: %d entries, %d unread, %d recent", name, got.Total, got.Unread, len(got.Recent))
		}
	}
}
