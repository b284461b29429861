package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// FuzzFile: a file with bytes that are not what they were, or that ends early, is refused or opened; what
// is then read is what was written at that key, a write and a read end, and so does Close.
func FuzzFile(f *testing.F) {
	secrets := newFakeSecrets()
	ring := store.NewKeyring(secrets, "test")
	path := filepath.Join(f.TempDir(), "whole.db")
	s, err := store.Create(f.Context(), path, ring)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 40 {
		if err := s.Update(func(tx *store.Tx) error { return notes.Put(tx, fmt.Sprintf("%02d", i), note{fmt.Sprint("text ", i)}) }); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{1}, len(whole))
	f.Add(16, []byte("another file"), len(whole))
	f.Add(4096+20, []byte{255, 255}, len(whole))
	f.Add(3*4096+10, []byte{7}, len(whole))
	f.Add(4*4096+14, []byte{64}, len(whole)) // a page that does not end
	f.Add(4*4096+26, []byte{64}, len(whole)) // a key that goes on beyond the file
	f.Add(5*4096+18, []byte{0, 1, 0, 0, 0, 9}, len(whole))
	f.Add(0, []byte{}, 4096)
	f.Add(0, []byte{}, 0)
	f.Fuzz(func(t *testing.T, at int, change []byte, length int) {
		if at < 0 || length < 0 || length > len(whole) || at+len(change) > length {
			t.Skip("not a change within the file")
		}
		damaged := append([]byte(nil), whole[:length]...)
		for i, b := range change {
			damaged[at+i] ^= b
		}
		path := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(path)
		if err != nil {
			return // in whatever words: the bytes of the file say which
		}
		defer func() {
			if err := s.Close(); err != nil && !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("close: %v", err)
			}
		}()
		if s.Unlock(t.Context(), ring) != nil {
			return
		}
		err = s.View(func(tx *store.Tx) error {
			for row := range notes.Newest(tx, "") {
				if want := "text "; len(row.Key) != 2 || row.Value.Text != want+fmt.Sprint(number(row.Key)) {
					t.Errorf("%q holds %q", row.Key, row.Value.Text)
				}
			}
			return nil
		})
		if err == nil {
			_ = s.Update(func(tx *store.Tx) error { return notes.Put(tx, "41", note{"text 41"}) }) // it may be refused
		}
	})
}

// number is what a key counts, -1 for one of nobody's.
func number(key string) int {
	n := -1
	if _, err := fmt.Sscanf(key, "%d", &n); err != nil {
		return -1
	}
	return n
}
