package inbox

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// on opens an inbox on a vault, and shows it on a board.
func on(t testing.TB, vault *store.Vault) (*Inbox, *board.Board) {
	t.Helper()
	b := board.New(kit.System(), localapi.Snapshot{})
	i, err := Open(Params{Store: vault, Board: b, Clock: kit.System(), IDs: &store.IDs{Rand: rand.Reader}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	b.Change(i.Show)
	return i, b
}

// fill stores n entries at a time, and gives their ids; read says which of them were read.
func fill(t testing.TB, vault *store.Vault, i *Inbox, n int, at time.Time, read func(int) bool) (ids []string) {
	t.Helper()
	var entries []localapi.InboxEntry
	for k := range n {
		id, err := i.IDs.Next(at)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		entries = append(entries, localapi.InboxEntry{
			ID: id, Kind: localapi.KindTab, From: "Phone", FromID: "3a", Host: "example.com", CanOpen: true, At: at, Read: read(k),
			Title: fmt.Sprintf("Page %d of what one reads", k), URL: fmt.Sprintf("https://example.com/a/path/of/some/length/%d?with=a&query=too", k),
		})
	}
	err := vault.Update(func(tx *store.Tx) error {
		for _, e := range entries {
			if err := everybodys.Of("").Put(tx, e.ID, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// receive stores one tab as it arrives.
func receive(t *testing.T, vault *store.Vault, i *Inbox) {
	t.Helper()
	arrival, err := i.Arrive([]account.IncomingCommand{&account.TabReceived{
		Payload: account.SendTabPayload{Entries: []account.TabEntry{{URL: "https://example.com"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Write(t.Context(), arrival.Store, arrival.Tell); err != nil {
		t.Fatal(err)
	}
}

// What was read makes room first, the oldest of it before the rest; what nobody has seen yet goes for
// want of room alone. The counts stay those of what is stored.
func TestBounds(t *testing.T) {
	const bound, days = 100, 90
	now := time.Now()
	no, yes := func(int) bool { return false }, func(int) bool { return true }
	for name, c := range map[string]struct {
		old, young   int // entries beyond the age and within it
		oldRead      func(int) bool
		youngRead    func(int) bool
		total        int // after one more has arrived
		unread       int
		gone, stayed []int // among old and young in turn
	}{
		"room":                    {0, 99, no, no, 100, 100, nil, []int{0, 98}},
		"oldest read first":       {0, 100, no, func(k int) bool { return k >= 50 }, 100, 51, []int{50}, []int{0, 49, 51}},
		"then oldest unread":      {0, 100, no, no, 100, 100, []int{0}, []int{1, 99}},
		"old and read":            {10, 20, yes, yes, 21, 1, []int{0, 9}, []int{10, 29}},
		"old and unread":          {10, 20, no, yes, 31, 11, nil, []int{0, 29}},
		"old, read, and too many": {10, 110, yes, no, 100, 100, []int{0, 9, 10, 20}, []int{21}},
		"read before unread":      {10, 95, no, yes, 100, 11, []int{10, 15}, []int{0, 9, 16}},
	} {
		t.Run(name, func(t *testing.T) {
			memory, err := store.NewMemory()
			if err != nil {
				t.Fatal(err)
			}
			vault := store.NewVault(memory)
			i, b := on(t, vault)
			ids := fill(t, vault, i, c.old, now.Add(-(days+1)*day), c.oldRead)
			ids = append(ids, fill(t, vault, i, c.young, now.Add(-day), c.youngRead)...)
			b.Change(func(s *localapi.Snapshot) {
				s.Settings = localapi.Settings{InboxEntries: bound, InboxDays: days}
				s.Inbox.Total, s.Inbox.Unread = len(ids), 0
				for k := range c.old {
					s.Inbox.Unread += map[bool]int{false: 1}[c.oldRead(k)]
				}
				for k := range c.young {
					s.Inbox.Unread += map[bool]int{false: 1}[c.youngRead(k)]
				}
			})
			receive(t, vault, i)
			_, again := on(t, vault)
			for where, got := range map[string]localapi.Inbox{"shown": b.Now().Inbox, "stored": again.Now().Inbox} {
				if got.Total != c.total || got.Unread != c.unread || len(got.Recent) != min(c.total, localapi.RecentEntries) {
					t.Errorf("%s: %d entries, %d unread, %d recent", where, got.Total, got.Unread, len(got.Recent))
				}
			}
			err = vault.View(func(tx *store.Tx) error {
				for _, k := range append(c.gone, c.stayed...) {
					if _, there, err := everybodys.Of("").Get(tx, ids[k]); err != nil || there != slices.Contains(c.stayed, k) {
						t.Errorf("entry %d is there: %v (%v)", k, there, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Whatever is looked for is found, also where JSON writes it in another way than it is shown.
func TestSearchFindsAll(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	i, _ := on(t, vault)
	for n, title := range []string{"Plain", "a \"quoted\" <b> & \\", "ÄÖÜ straße", "line\u2028end", `"read":true`, "bad \xff byte"} {
		err := vault.Update(func(tx *store.Tx) error {
			id := fmt.Sprint(n)
			return everybodys.Of("").Put(tx, id, localapi.InboxEntry{ID: id, Title: title})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{title, strings.ToUpper(title), string([]rune(title)[:4])} {
			found, err := i.Page(localapi.InboxQuery{Text: strings.ToValidUTF8(text, "\ufffd"), Unread: true})
			if err != nil || !slices.ContainsFunc(found, func(e localapi.InboxEntry) bool { return e.ID == fmt.Sprint(n) }) {
				t.Errorf("%q in %q: %v, %v", text, title, found, err)
			}
		}
	}
}

// BenchmarkSearch looks through a full inbox in a file for what is not there; BenchmarkCount is its part
// of a start, and BenchmarkCheck the look for damaged entries beside it. 50 ms is what a person does not notice.
func BenchmarkSearch(b *testing.B) {
	i := fullInbox(b)
	for b.Loop() {
		found, err := i.Page(localapi.InboxQuery{Text: "nowhere to be found"})
		if err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	i := fullInbox(b)
	i.Recount(b.Context())
	for b.Loop() {
		if again, err := Open(i.Params); err != nil || again.start.Total != localapi.DefaultInboxEntries {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	i := fullInbox(b)
	i.Recount(b.Context())
	for b.Loop() {
		i.Check(b.Context())
	}
}

func fullInbox(b *testing.B) *Inbox {
	b.Helper()
	key, err := store.NewPassphrase("x")
	if err != nil {
		b.Fatal(err)
	}
	file, err := store.Create(b.Context(), filepath.Join(b.TempDir(), "store.db"), key)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	vault := store.NewVault(file)
	i, _ := on(b, vault)
	fill(b, vault, i, localapi.DefaultInboxEntries, time.Now(), func(k int) bool { return k%2 == 0 })
	return i
}

// What an older version thought of a link does not bind this one.
func TestStoredLinksAreJudgedAnew(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	vault := store.NewVault(memory)
	for id, url := range map[string]string{"a": "https://my_site.example.com/page", "b": "https://example.com/100%", "c": "about:reader?url=https%3A%2F%2Fexample.org", "d": "javascript:alert(1)"} {
		if err := vault.Update(func(tx *store.Tx) error {
			return everybodys.Of("").Put(tx, id, localapi.InboxEntry{ID: id, Kind: localapi.KindTab, URL: url, Host: "https:", CanOpen: id == "d", Read: true, At: time.Now()})
		}); err != nil {
			t.Fatal(err)
		}
	}
	i, b := on(t, vault)
	page, err := i.Page(localapi.InboxQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]localapi.InboxEntry{page, b.Now().Inbox.Recent} {
		var got []string
		for _, e := range list {
			got = append(got, fmt.Sprint(e.ID, " ", e.Host, " ", e.CanOpen))
		}
		if want := []string{"d javascript: false", "c example.org true", "b example.com true", "a my_site.example.com true"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
