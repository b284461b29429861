package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/store"
)

// damaged are the places of what was put aside.
func damaged(t *testing.T, s *store.Store) (places []string) {
	t.Helper()
	if err := s.View(func(tx *store.Tx) error { places = tx.Damaged(); return nil }); err != nil {
		t.Fatal(err)
	}
	return places
}

// One bad value is one bad value: whoever meets it, all others are read and written, and it is put aside
// as it was, once.
func TestDamagedValueIsPutAside(t *testing.T) {
	for name, do := range map[string]func(tx *store.Tx) error{
		"get":    func(tx *store.Tx) error { _, _, err := notes.Get(tx, "b"); return err },
		"newest": func(tx *store.Tx) error { return walkAll(notes.Newest(tx, "")) },
		"oldest": func(tx *store.Tx) error { return walkAll(notes.Oldest(tx)) },
		"page":   func(tx *store.Tx) error { notes.Page(tx, "", 10, nil); return nil },
		"read and put": func(tx *store.Tx) error {
			_, _, err := notes.Get(tx, "b")
			return errors.Join(err, notes.Put(tx, "b", note{"new"}))
		},
		"read, deleted": func(tx *store.Tx) error {
			_, _, err := notes.Get(tx, "b")
			return errors.Join(err, notes.Delete(tx, "b"))
		},
	} {
		for kind, bad := range map[string][]byte{"flipped": nil, "short": []byte("x"), "another shape": []byte("shape")} {
			t.Run(name+" "+kind, func(t *testing.T) {
				s, path, ring, _ := fileStore(t)
				for _, key := range []string{"a", "b", "c"} {
					put(t, s, key, key)
				}
				if kind == "another shape" {
					if err := s.Update(func(tx *store.Tx) error { return tx.Put("notes", "b", []byte(`[1]`)) }); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				var was []byte
				raw(t, path, func(tx *bbolt.Tx) error {
					was = slices.Clone(tx.Bucket([]byte("notes")).Get([]byte("b")))
					switch kind {
					case "flipped":
						was[len(was)/2] ^= 1
					case "short":
						was = bad
					}
					return tx.Bucket([]byte("notes")).Put([]byte("b"), was)
				})
				s, err := store.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Unlock(t.Context(), ring); err != nil {
					t.Fatal(err)
				}
				call, want := s.View, map[string]string{"a": "a", "c": "c"}
				if strings.HasPrefix(name, "read") {
					call = s.Update
				}
				if name == "read and put" {
					want["b"] = "new"
				}
				for range 2 {
					if err := call(do); err != nil {
						t.Fatal(err)
					}
					sameAs(t, s, want)
				}
				if got := damaged(t, s); !slices.Equal(got, []string{"notes/b"}) {
					t.Errorf("put aside: %v", got)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				raw(t, path, func(tx *bbolt.Tx) error {
					if kept := tx.Bucket([]byte("damaged")).Get([]byte("notes/b")); !slices.Equal(kept, was) {
						t.Errorf("kept is %x, was %x", kept, was)
					}
					return nil
				})
				if s, err = store.Open(path); err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if err := errors.Join(s.Unlock(t.Context(), ring), s.Update((*store.Tx).ForgetDamaged)); err != nil {
					t.Fatal(err)
				}
				if got := damaged(t, s); len(got) > 0 {
					t.Errorf("after it was removed: %v", got)
				}
			})
		}
	}
}

func walkAll(rows func(func(store.Row[note]) bool)) error {
	for range rows {
	}
	return nil
}

// A file that is flipped or cut anywhere is damaged, or as good as before; it is never changed by being
// opened, and what was opened in vain can be opened once it has been mended.
func TestDamageAnywhere(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	want := map[string]string{}
	for i := range 40 {
		key := fmt.Sprintf("%02d", i)
		want[key] = strings.Repeat(key, 300)
		put(t, s, key, want[key])
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	spoilt := map[string][]byte{}
	for at := 0; at <= len(good)-page; at += page {
		for _, n := range []int{at, at + 1, at + page - 1, at + page/2} {
			spoilt[fmt.Sprint("cut to ", n)] = good[:n]
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		at, bit := random.IntN(len(good)), random.IntN(8)
		bad := slices.Clone(good)
		bad[at] ^= 1 << bit
		spoilt[fmt.Sprintf("bit %d of %d", bit, at)] = bad
	}
	for _, name := range slices.Sorted(maps.Keys(spoilt)) {
		within(t, func() {
			if err := os.WriteFile(path, spoilt[name], 0o600); err != nil {
				t.Error(err)
				return
			}
			if err := useDamaged(path, ring); !told(err) {
				t.Errorf("%s: %v", name, err)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Error(err)
				return
			}
			mended, err := store.Open(path)
			if err == nil {
				err = errors.Join(mended.Unlock(t.Context(), ring), mended.Close())
			}
			if err != nil {
				t.Errorf("mended after %s: %v", name, err)
			}
		})
	}
}

// told reports whether an error is one that a damaged file may give.
func told(err error) bool {
	for _, e := range []error{store.ErrCorrupt, store.ErrWrongKey, store.ErrNewer, store.ErrKeyMissing, store.ErrSource} {
		if errors.Is(err, e) {
			return true
		}
	}
	return err == nil
}

// useDamaged opens a file, reads and writes everything, and closes it.
func useDamaged(path string, ring store.KeySource) error {
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s, err := store.Open(path)
	if err != nil {
		after, e := os.ReadFile(path)
		if e == nil && !slices.Equal(before, after) {
			return errors.New("the file was changed by being opened")
		}
		return errors.Join(err, e)
	}
	err = s.Unlock(context.Background(), ring)
	if err == nil {
		err = s.View(func(tx *store.Tx) error { return walkAll(notes.Newest(tx, "")) })
	}
	if err == nil {
		err = s.Update(func(tx *store.Tx) error {
			return errors.Join(notes.Put(tx, "new", note{"x"}), notes.Delete(tx, "00", "17", "39"))
		})
	}
	return errors.Join(err, s.Close())
}

// What is written to a file that is no longer in its place is lost: it is refused, and what is there is
// left alone.
func TestReplacedWhileOpen(t *testing.T) {
	for name, replace := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("mine"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, path, _, _ := fileStore(t)
			put(t, s, "a", "a")
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			err := s.Update(func(tx *store.Tx) error { return notes.Put(tx, "b", note{"b"}) })
			if !errors.Is(err, store.ErrReplaced) {
				t.Errorf("writing: %v", err)
			}
			if text, ok := get(t, s, "a"); !ok || text != "a" {
				t.Errorf("reading: %q", text)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
