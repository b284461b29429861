package inbox

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Any number of entries can be marked and deleted in one call, from either end or all, and what stays
// is read and counted right, in the file as on the screen.
func TestAnyNumberAtOnce(t *testing.T) {
	key, err := store.NewPassphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	file, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "store.db"), key)
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(file)
	defer func() {
		if err := vault.Close(); err != nil {
			t.Error(err)
		}
	}()
	const rest = 40
	for _, n := range []int{0, 1, 12, 500, localapi.DefaultInboxEntries - rest} {
		for name, part := range map[string]func(ids []string) []string{
			"oldest": func(ids []string) []string { return ids[:n] },
			"newest": func(ids []string) []string { return ids[len(ids)-n:] },
			"twice":  func(ids []string) []string { return append(slices.Clone(ids[:n]), ids[:n]...) },
		} {
			t.Run(fmt.Sprintf("%d %s", n, name), func(t *testing.T) {
				first, _ := on(t, vault)
				ids := fill(t, vault, first, n+rest, time.Now(), func(int) bool { return false })
				i, b := on(t, vault)
				chosen := part(ids)
				if err := i.MarkRead(t.Context(), chosen...); err != nil {
					t.Fatal(err)
				}
				if got := b.Now().Inbox; got.Total != n+rest || got.Unread != rest {
					t.Errorf("after reading: %d, %d unread", got.Total, got.Unread)
				}
				if err := i.Delete(t.Context(), chosen...); err != nil {
					t.Fatal(err)
				}
				_, again := on(t, vault)
				for where, got := range map[string]localapi.Inbox{"shown": b.Now().Inbox, "stored": again.Now().Inbox} {
					if got.Total != rest || got.Unread != rest || len(got.Recent) != rest {
						t.Errorf("%s: %d entries, %d unread, %d recent", where, got.Total, got.Unread, len(got.Recent))
					}
				}
				page, err := i.Page(localapi.InboxQuery{Limit: localapi.MaxInboxPage})
				if err != nil || len(page) != rest {
					t.Errorf("%d left, %v", len(page), err)
				}
				gone := map[string]bool{}
				for _, id := range chosen {
					gone[id] = true
				}
				var left []string
				for _, e := range page {
					if left = append(left, e.ID); gone[e.ID] {
						t.Errorf("%s is still there", e.ID)
					}
				}
				if err := i.Delete(t.Context(), left...); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}
