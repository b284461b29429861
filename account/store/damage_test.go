package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/store"
)

// A fault of the caller's own is no damage of the store: it passes, with the trace that leads to it,
// nothing of its transaction is kept, and the next one works.
func TestPanicOfTheCallerPasses(t *testing.T) {
	calls := map[string]func(s *store.Store, f func(*store.Tx) error) error{
		"view":   (*store.Store).View,
		"update": (*store.Store).Update,
	}
	faults := map[string]func(tx *store.Tx){
		"at once": func(*store.Tx) { blunder() },
		"after a change": func(tx *store.Tx) {
			_ = notes.Put(tx, "a", note{"second"}) // a view refuses it
			blunder()
		},
		"in a walk": func(tx *store.Tx) {
			for range notes.Newest(tx, "") {
				blunder()
			}
		},
		"in a choice of rows": func(tx *store.Tx) {
			_ = notes.Page(tx, "", 1, func(note) bool { blunder(); return true }) // it does not come back
		},
	}
	engines(t, func(t *testing.T, s *store.Store) {
		put(t, s, "a", "first")
		for call, do := range calls {
			for name, fault := range faults {
				t.Run(call+" "+name, func(t *testing.T) {
					var said any
					var trace string
					err := errors.New("the panic passed")
					within(t, func() {
						defer func() { said, trace = recover(), string(debug.Stack()) }()
						err = do(s, func(tx *store.Tx) error { fault(tx); return nil })
					})
					if text, ok := said.(error); !ok || !strings.Contains(text.Error(), "out of range") {
						t.Errorf("panicked with %v, returned %v", said, err)
					}
					if !strings.Contains(trace, "store_test.blunder") {
						t.Errorf("the trace does not lead to the fault:\n%s", trace)
					}
					within(t, func() { put(t, s, "b", name) })
					if text, _ := get(t, s, "a"); text != "first" {
						t.Errorf("the dropped transaction left %q", text)
					}
					if text, _ := get(t, s, "b"); text != name {
						t.Errorf("the next transaction left %q", text)
					}
				})
			}
		}
	})
}

// blunder looks into a list without entries.
func blunder() {
	list := strings.Fields("")
	list[0] = ""
}

// A file that is damaged while it is open is damaged for every kind of call, once and again, and can
// be closed.
func TestDamageWhileOpen(t *testing.T) {
	page := int64(os.Getpagesize())
	damages := map[string]func(t *testing.T, path string) error{
		"cut to nothing":  func(_ *testing.T, path string) error { return os.Truncate(path, 0) },
		"cut to its head": func(_ *testing.T, path string) error { return os.Truncate(path, 2*page) },
		"zeroed behind its head": func(t *testing.T, path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt(make([]byte, info.Size()-2*page), 2*page)
			return errors.Join(err, f.Close())
		},
	}
	calls := map[string]func(s, other *store.Store) error{
		"get": func(s, _ *store.Store) error {
			return s.View(func(tx *store.Tx) error { _, _, err := notes.Get(tx, "a"); return err })
		},
		"walk": func(s, _ *store.Store) error {
			return s.View(func(tx *store.Tx) error { _ = notes.Page(tx, "", 3, nil); return nil })
		},
		"put": func(s, _ *store.Store) error {
			return s.Update(func(tx *store.Tx) error { return notes.Put(tx, "a", note{"second"}) })
		},
		"delete": func(s, _ *store.Store) error {
			return s.Update(func(tx *store.Tx) error { return notes.Delete(tx, "a") })
		},
		"clear":     func(s, _ *store.Store) error { return s.Update(notes.Clear) },
		"copy from": func(s, other *store.Store) error { return store.Copy(other, s) },
		"copy to":   func(s, other *store.Store) error { return store.Copy(s, other) },
	}
	for damage, spoil := range damages {
		for call, do := range calls {
			t.Run(damage+"/"+call, func(t *testing.T) {
				s, path, _, _ := fileStore(t)
				other, err := store.NewMemory()
				if err != nil {
					t.Fatal(err)
				}
				for _, each := range []*store.Store{s, other} {
					for _, key := range []string{"a", "b", "c"} {
						put(t, each, key, strings.Repeat("x", 3000))
					}
				}
				if err := spoil(t, path); err != nil {
					t.Fatal(err)
				}
				within(t, func() {
					for range 2 {
						if err := do(s, other); !errors.Is(err, store.ErrCorrupt) {
							t.Errorf("got %v", err)
						}
					}
					if err := s.Close(); err != nil {
						t.Errorf("closing: %v", err)
					}
				})
				within(t, func() {
					if _, err := store.Open(path); !errors.Is(err, store.ErrCorrupt) {
						t.Errorf("opened again: %v", err)
					}
				})
			})
		}
	}
}

// within fails the test where f hangs, as on a lock that nobody will ever release.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("still waiting after a minute")
	}
}

// TestEndlessPage: a page that says it goes on past the end of the file is damage, found before anything is
// changed. bbolt notices nothing; its first write frees the pages that are not there, millions of them.
func TestEndlessPage(t *testing.T) {
	ring := store.NewKeyring(newFakeSecrets(), "test")
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := store.Create(t.Context(), path, ring)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long ", 4000) // over several pages
	for i := range 40 {
		if err := s.Update(func(tx *store.Tx) error { return notes.Put(tx, fmt.Sprintf("%02d", i), note{long[:i*500]}) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	used, pageSize := usedPages(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const overflow = 12 // of a page's header, a 32-bit number
	for _, id := range used {
		damaged := bytes.Clone(whole)
		damaged[id*pageSize+overflow+2] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Unlock(t.Context(), ring); err != nil {
			t.Fatal(err)
		}
		if text, _ := get(t, s, "07"); text != long[:7*500] {
			t.Errorf("page %d does not end, and what is stored is %q", id, text)
		}
		for range 2 {
			err := s.Update(func(tx *store.Tx) error { return notes.Put(tx, "07", note{"new"}) })
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("page %d does not end: %v", id, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, damaged) {
			t.Errorf("page %d does not end, and the file was changed: %v", id, err)
		}
	}
}

// usedPages returns the first page of each run that holds something, and the size of a page.
func usedPages(t *testing.T, path string) (used []int, size int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	size = db.Info().PageSize
	err = db.View(func(tx *bbolt.Tx) error {
		for id := 2; int64(id*size) < tx.Size(); id++ {
			page, err := tx.Page(id)
			if err != nil {
				return err
			}
			if page.Type != "free" {
				used = append(used, id)
				id += page.OverflowCount
			}
		}
		return nil
	})
	if err = errors.Join(err, db.Close()); err != nil || len(used) < 5 {
		t.Fatal(used, err)
	}
	return used, size
}
