package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// Any run of transactions, kept and dropped ones, leaves both kinds of store as a plain map would be,
// and a file also after it was closed and opened again.
func TestStoreIsAMap(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("run ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			file, path, ring, _ := fileStore(t)
			memory, err := store.NewMemory()
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for range 60 {
				next := maps.Clone(want)
				var steps []func(tx *store.Tx) error
				for range random.IntN(5) {
					key, text := fmt.Sprint("k", random.IntN(12)), fmt.Sprint("text ", random.Uint64())
					switch random.IntN(8) {
					case 0:
						clear(next)
						steps = append(steps, func(tx *store.Tx) error { return notes.Clear(tx) })
					case 1, 2:
						delete(next, key)
						steps = append(steps, func(tx *store.Tx) error { return notes.Delete(tx, key) })
					default:
						next[key] = text
						steps = append(steps, func(tx *store.Tx) error { return notes.Put(tx, key, note{text}) })
					}
				}
				stop := errors.New("dropped")
				drop := random.IntN(3) == 0
				for _, s := range []*store.Store{file, memory} {
					err := s.Update(func(tx *store.Tx) error {
						for _, step := range steps {
							if err := step(tx); err != nil {
								return err
							}
						}
						if drop {
							return stop
						}
						return nil
					})
					if drop != errors.Is(err, stop) || !drop && err != nil {
						t.Fatalf("a transaction ends with %v", err)
					}
				}
				if !drop {
					want = next
				}
			}
			sameAs(t, memory, want)
			sameAs(t, file, want)
			again := reopen(t, file, path)
			if err := again.Unlock(t.Context(), ring); err != nil {
				t.Fatal(err)
			}
			sameAs(t, again, want)
		})
	}
}

// sameAs compares a store with a map, upwards, downwards and in pages.
func sameAs(t *testing.T, s *store.Store, want map[string]string) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(want))
	err := s.View(func(tx *store.Tx) error {
		var up, down []string
		for row := range notes.Oldest(tx) {
			if row.Value.Text != want[row.Key] {
				t.Errorf("%s is %q", row.Key, row.Value.Text)
			}
			up = append(up, row.Key)
		}
		for row := range notes.Newest(tx, "") {
			down = append(down, row.Key)
		}
		if !slices.Equal(up, keys) {
			t.Errorf("upwards %v, want %v", up, keys)
		}
		slices.Reverse(down)
		if !slices.Equal(down, keys) {
			t.Errorf("downwards %v", down)
		}
		paged := 0
		for before := ""; ; {
			page := notes.Page(tx, before, 3, nil)
			if len(page) == 0 {
				break
			}
			paged += len(page)
			before = keys[len(keys)-paged]
		}
		if paged != len(keys) {
			t.Errorf("%d of %d in pages", paged, len(keys))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// What every call says of a store that is closed, deleted or still locked.
func TestStatesOfAStore(t *testing.T) {
	for name, c := range map[string]struct {
		bring func(t *testing.T, s *store.Store, path string, ring *store.Keyring) *store.Store
		want  error
	}{
		"closed": {func(t *testing.T, s *store.Store, _ string, _ *store.Keyring) *store.Store {
			if err := errors.Join(s.Close(), s.Close()); err != nil {
				t.Error(err)
			}
			return s
		}, store.ErrClosed},
		"deleted": {func(t *testing.T, s *store.Store, path string, ring *store.Keyring) *store.Store {
			if err := s.Delete(t.Context(), ring); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file: %v", err)
			}
			return s
		}, store.ErrClosed},
		"locked": {func(t *testing.T, s *store.Store, path string, _ *store.Keyring) *store.Store {
			return reopen(t, s, path)
		}, store.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			s, path, ring, _ := fileStore(t)
			put(t, s, "a", "first")
			s = c.bring(t, s, path, ring)
			memory, err := store.NewMemory()
			if err != nil {
				t.Fatal(err)
			}
			for what, do := range map[string]func() error{
				"view":      func() error { return s.View(func(*store.Tx) error { return nil }) },
				"update":    func() error { return s.Update(func(*store.Tx) error { return nil }) },
				"copy from": func() error { return store.Copy(memory, s) },
				"copy to":   func() error { return store.Copy(s, memory) },
			} {
				if err := do(); !errors.Is(err, c.want) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// A copy either has everything or nothing, and the source is as it was.
func TestCopyIsWholeOrNothing(t *testing.T) {
	source, path, ring, _ := fileStore(t)
	for i := range 5 {
		put(t, source, fmt.Sprint("k", i), fmt.Sprint("text ", i))
	}
	if err := source.Close(); err != nil {
		t.Fatal(err)
	}
	swapRows(t, path, "notes", "k3", "k4") // the fourth value no longer opens
	damaged, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = damaged.Close() })
	if err := damaged.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	put(t, memory, "own", "stays")
	if err := store.Copy(memory, damaged); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("copying a damaged store: %v", err)
	}
	sameAs(t, memory, map[string]string{"own": "stays"})
	if text, ok := get(t, damaged, "k0"); !ok || text != "text 0" {
		t.Errorf("the source holds %q", text)
	}
}

// Where no file can be made nothing is left behind: neither half a file nor a key.
func TestCreateWhereItCannot(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string) string
	}{
		"a file in the way": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "store.db")
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"a link in the way": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "store.db")
			if err := os.Symlink(filepath.Join(dir, "nowhere"), path); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"a file for a folder": {func(t *testing.T, dir string) string {
			if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "data", "store.db")
		}},
		"a folder in the way of the new file": {func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "store.db")
			if err := os.MkdirAll(filepath.Join(path+".new", "full"), 0o700); err != nil {
				t.Fatal(err)
			}
			return path
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := c.prepare(t, dir)
			before := listing(t, dir)
			secrets := newFakeSecrets()
			if s, err := store.Create(t.Context(), path, store.NewKeyring(secrets, "test")); err == nil {
				t.Errorf("a store was made: %v", s.Close())
			}
			if secrets.count() != 0 {
				t.Errorf("%d keys are left", secrets.count())
			}
			if after := listing(t, dir); !slices.Equal(before, after) {
				t.Errorf("the folder held %v and holds %v", before, after)
			}
		})
	}
}

func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		names = append(names, fmt.Sprint(path, " ", info.Size()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A caller that has gone away gets no store, and the keyring keeps no key of it.
func TestCreateForNobody(t *testing.T) {
	secrets := newFakeSecrets()
	path := pathIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := store.Create(ctx, path, store.NewKeyring(secrets, "test"))
	if err == nil {
		t.Fatalf("a store was made: %v", s.Close())
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file: %v", err)
	}
}

// A file set aside keeps its contents, and never replaces one set aside before.
func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	for i, c := range []struct {
		suffix string
		want   error
	}{{"old", nil}, {"old", os.ErrExist}, {"older", nil}, {"oldest", os.ErrNotExist}} {
		if c.want == nil || errors.Is(c.want, os.ErrExist) {
			if err := os.WriteFile(path, []byte(fmt.Sprint("contents ", i)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		aside, err := store.SetAside(path, c.suffix)
		if !errors.Is(err, c.want) {
			t.Errorf("%d: %v", i, err)
		}
		if err != nil {
			continue
		}
		if text, err := os.ReadFile(aside); err != nil || string(text) != fmt.Sprint("contents ", i) {
			t.Errorf("%s holds %q, %v", aside, text, err)
		}
	}
	if text, err := os.ReadFile(path + ".old"); err != nil || string(text) != "contents 0" {
		t.Errorf("the first one set aside holds %q, %v", text, err)
	}
}
