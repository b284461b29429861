package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

type note struct {
	Text string `json:"text"`
}

var notes = store.NewTable[note]("notes")

func pathIn(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "store.db") }

// fileStore makes a store in a file whose key lies in a fake keyring.
func fileStore(t testing.TB) (*store.Store, string, *store.Keyring, *fakeSecrets) {
	t.Helper()
	secrets := newFakeSecrets()
	ring := store.NewKeyring(secrets, "test")
	path := pathIn(t)
	s, err := store.Create(t.Context(), path, ring)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, path, ring, secrets
}

func put(t testing.TB, s *store.Store, key, text string) {
	t.Helper()
	if err := s.Update(func(tx *store.Tx) error { return notes.Put(tx, key, note{text}) }); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *store.Store, key string) (string, bool) {
	t.Helper()
	var n note
	var ok bool
	err := s.View(func(tx *store.Tx) (err error) {
		n, ok, err = notes.Get(tx, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n.Text, ok
}

// engines runs a test on both kinds of store.
func engines(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Run("file", func(t *testing.T) {
		s, _, _, _ := fileStore(t)
		f(t, s)
	})
	t.Run("memory", func(t *testing.T) {
		s, err := store.NewMemory()
		if err != nil {
			t.Fatal(err)
		}
		f(t, s)
	})
}

func TestTransactionIsWholeOrNothing(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		put(t, s, "a", "first")
		stop := errors.New("stop")
		err := s.Update(func(tx *store.Tx) error {
			if err := notes.Put(tx, "a", note{"second"}); err != nil {
				return err
			}
			if err := notes.Put(tx, "b", note{"other"}); err != nil {
				return err
			}
			if err := notes.Clear(tx); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatalf("got %v", err)
		}
		if text, _ := get(t, s, "a"); text != "first" {
			t.Errorf("a is %q after a dropped transaction", text)
		}
		if _, ok := get(t, s, "b"); ok {
			t.Error("b is there after a dropped transaction")
		}
	})
}

func TestViewCannotChange(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		put(t, s, "a", "first")
		if err := s.View(func(tx *store.Tx) error { return notes.Put(tx, "a", note{"x"}) }); err == nil {
			t.Error("a View changed a value")
		}
		if err := s.View(func(tx *store.Tx) error { return notes.Delete(tx, "a") }); err == nil {
			t.Error("a View deleted a value")
		}
		if text, _ := get(t, s, "a"); text != "first" {
			t.Errorf("a is %q", text)
		}
	})
}

func TestNewestFirstAndPages(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		for i := range 25 {
			put(t, s, fmt.Sprintf("%03d", i), fmt.Sprint(i))
		}
		page := func(before string, limit int, keep func(note) bool) string {
			var got []string
			err := s.View(func(tx *store.Tx) error {
				for _, n := range notes.Page(tx, before, limit, keep) {
					got = append(got, n.Text)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(got, " ")
		}
		even := func(n note) bool { return strings.ContainsAny(n.Text[len(n.Text)-1:], "02468") }
		for _, c := range []struct {
			name, before string
			limit        int
			keep         func(note) bool
			want         string
		}{
			{"first page", "", 3, nil, "24 23 22"},
			{"next page", "022", 3, nil, "21 20 19"},
			{"before a key that is gone", "0195", 2, nil, "19 18"},
			{"before everything", "000", 3, nil, ""},
			{"before beyond the end", "zzz", 1, nil, "24"},
			{"filtered", "005", 10, even, "4 2 0"},
			{"nothing asked", "", 0, nil, ""},
		} {
			if got := page(c.before, c.limit, c.keep); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
		var up []string
		err := s.View(func(tx *store.Tx) error {
			for row := range notes.Oldest(tx) {
				if up = append(up, row.Key); len(up) == 2 {
					break
				}
			}
			return nil
		})
		if err != nil || !slices.Equal(up, []string{"000", "001"}) {
			t.Errorf("oldest first: %v, %v", up, err)
		}
	})
}

func TestSurvivesReopening(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	put(t, s, "a", "kept")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed store says %v", err)
	}
	again, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !again.Locked() || again.Protection() != store.ByKeyring {
		t.Fatalf("locked %v, protection %q", again.Locked(), again.Protection())
	}
	if err := again.View(func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a locked store says %v", err)
	}
	if err := again.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if text, _ := get(t, again, "a"); text != "kept" {
		t.Errorf("got %q", text)
	}
}

func TestNothingReadableOnDisk(t *testing.T) {
	s, path, _, _ := fileStore(t)
	const secret = "a-secret-that-must-not-be-seen"
	put(t, s, "a", secret)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte(secret)) {
		t.Error("the file holds the value in the clear")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v", info.Mode())
	}
	if info, _ := os.Stat(filepath.Dir(path)); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
}

func TestHeldByAnother(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	put(t, s, "a", "kept")
	if _, err := store.Open(path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second opening says %v", err)
	}
	if _, err := store.Create(t.Context(), path, ring); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second creation says %v", err)
	}
	if text, _ := get(t, s, "a"); text != "kept" {
		t.Errorf("got %q", text)
	}
}

func TestMissingFile(t *testing.T) {
	path := pathIn(t)
	if _, err := store.Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening made a file")
	}
}

func TestDamagedFile(t *testing.T) {
	damage := map[string]func([]byte) []byte{
		"empty":      func([]byte) []byte { return []byte{} },
		"text":       func([]byte) []byte { return []byte("this is no store, but a letter to my aunt") },
		"zeroed":     func(b []byte) []byte { return make([]byte, len(b)) },
		"cut":        func(b []byte) []byte { return b[:len(b)/3] },
		"no meta":    func(b []byte) []byte { return append(make([]byte, 2*os.Getpagesize()), b[2*os.Getpagesize():]...) },
		"pages gone": func(b []byte) []byte { clear(b[2*os.Getpagesize():]); return b },
	}
	for name, spoil := range damage {
		t.Run(name, func(t *testing.T) {
			s, path, _, _ := fileStore(t)
			for i := range 50 {
				put(t, s, fmt.Sprint(i), strings.Repeat("x", 500))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := spoil(bytes.Clone(good))
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(path); !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("got %v", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, bad) {
				t.Error("the damaged file was changed")
			}
			aside, err := store.SetAside(path, "damaged")
			if err != nil {
				t.Fatal(err)
			}
			if kept, _ := os.ReadFile(aside); !bytes.Equal(kept, bad) {
				t.Error("the damaged file was not kept")
			}
			if _, err := store.Create(t.Context(), path, store.NewKeyring(newFakeSecrets(), "test")); err != nil {
				t.Errorf("a new store in its place: %v", err)
			}
		})
	}
}

func TestForeignValueIsRefused(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	put(t, s, "a", "for a")
	put(t, s, "b", "for b")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	swapRows(t, path, "notes", "a", "b")
	again, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if text, ok := get(t, again, "a"); ok {
		t.Errorf("a value moved to another key gives %q", text)
	}
}

func TestDelete(t *testing.T) {
	s, path, ring, secrets := fileStore(t)
	if err := s.Delete(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if n := secrets.count(); n != 0 {
		t.Errorf("%d entries left in the keyring", n)
	}
	if err := s.Delete(t.Context(), ring); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

func TestCreateFailsClean(t *testing.T) {
	secrets := newFakeSecrets()
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	if err := os.Mkdir(path+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(t.Context(), path, store.NewKeyring(secrets, "test")); err == nil {
		t.Fatal("made a store where none can be written")
	}
	if n := secrets.count(); n != 0 {
		t.Errorf("%d entries left in the keyring", n)
	}
}

func TestCopyFromMemory(t *testing.T) {
	from, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	put(t, from, "a", "carried")
	to, _, _, _ := fileStore(t)
	if err := store.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if text, _ := get(t, to, "a"); text != "carried" {
		t.Errorf("got %q", text)
	}
	if err := from.Delete(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestHeaderIsOutOfReach(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		if err := s.Update(func(tx *store.Tx) error { return tx.Put("header", "header", []byte("{}")) }); err == nil {
			t.Error("the header can be overwritten")
		}
		if err := s.Update(func(tx *store.Tx) error { return tx.Delete("header", "header") }); err == nil {
			t.Error("the header can be deleted")
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 5 {
					put(t, s, fmt.Sprintf("%d-%d", i, j), "x")
					get(t, s, fmt.Sprintf("%d-%d", i, j))
				}
			})
		}
		wg.Wait()
		n := 0
		err := s.View(func(tx *store.Tx) error {
			for range notes.Newest(tx, "") {
				n++
			}
			return nil
		})
		if err != nil || n != 40 {
			t.Errorf("%d values, %v", n, err)
		}
	})
}

func TestNewerFile(t *testing.T) {
	s, path, _, _ := fileStore(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	setHeader(t, path, func(h string) string { return strings.Replace(h, `"version":2`, `"version":3`, 1) })
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path); !errors.Is(err, store.ErrNewer) {
		t.Errorf("got %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the newer file was changed: %v", err)
	}
}

func TestDamagedHeader(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"not JSON":      func(string) string { return "{" },
		"no protection": func(h string) string { return strings.Replace(h, "keyring", "magic", 1) },
		"no entry":      func(h string) string { return strings.Replace(h, `"entry"`, `"entrance"`, 1) },
		"no check":      func(h string) string { return strings.Replace(h, `"check"`, `"cheque"`, 1) },
		"version zero":  func(h string) string { return strings.Replace(h, `"version":2`, `"version":0`, 1) },
		"wild parameters": func(string) string {
			return `{"version":1,"protection":"passphrase","argon2id":{"time":1,"memoryKiB":4000000000,"threads":1,"salt":"AAAAAAAAAAAAAAAA"},"wrapped":"AA==","check":"AA=="}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, path, _, _ := fileStore(t)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			setHeader(t, path, change)
			if _, err := store.Open(path); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("got %v", err)
			}
		})
	}
}
