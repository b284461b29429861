package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// emptied makes a closed file of several MiB of which only a few rows are left, and gives its bytes.
func emptied(t *testing.T) (path string, ring *store.Keyring, bytes []byte) {
	t.Helper()
	s, path, ring, _ := fileStore(t)
	for part := range 8 {
		err := s.Update(func(tx *store.Tx) error {
			for i := range 500 {
				if err := notes.Put(tx, fmt.Sprintf("%d-%03d", part, i), note{strings.Repeat("x", 500)}); err != nil {
					return err
				}
			}
			return tx.Put("account", "state", []byte("signed in"))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.Update(func(tx *store.Tx) error {
		for part := range 8 {
			for i := range 500 {
				if i == 7 {
					continue
				}
				if err := notes.Delete(tx, fmt.Sprintf("%d-%03d", part, i)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes, err = os.ReadFile(path); err != nil || len(bytes) < 2<<20 {
		t.Fatalf("%d bytes, %v", len(bytes), err)
	}
	return path, ring, bytes
}

// wantAll looks whether a file holds what emptied left, takes more, and has nothing lie beside it; it gives
// the file's size as it was opened.
func wantAll(t *testing.T, path string, ring *store.Keyring) int64 {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	err = s.View(func(tx *store.Tx) error {
		var keys []string
		for row := range notes.Oldest(tx) {
			if row.Value.Text != strings.Repeat("x", 500) {
				t.Errorf("%s is %q", row.Key, row.Value.Text)
			}
			keys = append(keys, row.Key)
		}
		if got := strings.Join(keys, " "); got != "0-007 1-007 2-007 3-007 4-007 5-007 6-007 7-007" {
			t.Errorf("left: %s", got)
		}
		if text, err := tx.Get("account", "state"); err != nil || string(text) != "signed in" {
			t.Errorf("the account is %q, %v", text, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(func(tx *store.Tx) error { return tx.Put("account", "state", []byte("signed in")) }); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + ".compact"); err == nil {
		t.Error("the smaller file lies beside it")
	}
	return info.Size()
}

// A file of which little is left becomes small when it is opened, wherever the program has died at that
// before, and loses nothing.
func TestEmptiedFileShrinks(t *testing.T) {
	for name, died := range map[string]func(t *testing.T, path string, old []byte, ring *store.Keyring){
		"at once":               func(*testing.T, string, []byte, *store.Keyring) {},
		"dead before a byte":    func(t *testing.T, path string, _ []byte, _ *store.Keyring) { write(t, path+".compact", nil) },
		"dead while it is made": func(t *testing.T, path string, old []byte, _ *store.Keyring) { write(t, path+".compact", old[:9000]) },
		"dead when it is made": func(t *testing.T, path string, old []byte, ring *store.Keyring) {
			wantAll(t, path, ring)
			small, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, old)
			write(t, path+".compact", small)
		},
		"dead when it has taken its place": func(t *testing.T, path string, _ []byte, ring *store.Keyring) { wantAll(t, path, ring) },
	} {
		t.Run(name, func(t *testing.T) {
			path, ring, old := emptied(t)
			died(t, path, old, ring)
			if size := wantAll(t, path, ring); size*8 > int64(len(old)) {
				t.Errorf("of %d bytes %d are left", len(old), size)
			}
		})
	}
}

// Where the smaller file cannot be made the old one stays, to the byte, and is used.
func TestEmptiedFileWithoutRoom(t *testing.T) {
	path, ring, old := emptied(t)
	if err := os.MkdirAll(path+".compact/in the way", 0o700); err != nil { // takes no bytes, as a full disk
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err == nil {
		err = errors.Join(s.Unlock(t.Context(), ring), s.Close())
	}
	if err != nil {
		t.Fatalf("a file that cannot shrink is not used: %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Errorf("it is another file now: %d bytes, %v", len(now), err)
	}
	if err := os.RemoveAll(path + ".compact"); err != nil {
		t.Fatal(err)
	}
	wantAll(t, path, ring)
}

// A file that is used is left alone.
func TestUsedFileStays(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	err := s.Update(func(tx *store.Tx) error {
		for i := range 8000 {
			if err := notes.Put(tx, fmt.Sprintf("%04d", i), note{strings.Repeat("x", 300)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || after.Size() != before.Size() {
		t.Errorf("it was written anew: %v, %v", after, err)
	}
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Error(err)
	}
}
