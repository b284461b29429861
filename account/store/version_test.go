package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/store"
)

// oldFile makes a file as version 1 kept it, closed.
func oldFile(t *testing.T) (path string, ring *store.Keyring) {
	t.Helper()
	s, path, ring, _ := fileStore(t)
	err := s.Update(func(tx *store.Tx) error {
		for i := range 300 {
			if err := tx.Put("inbox", fmt.Sprintf("%03d", i), []byte(`{"text":"received"}`)); err != nil {
				return err
			}
		}
		return errors.Join(
			tx.Put("outbox", "a", []byte(`{"text":"sent"}`)), tx.Put("avatar", "state", []byte(`{"url":"x"}`)),
			tx.Put("notes", "state", []byte(`{"sentTo":{"d":"2026-01-01T00:00:00Z"},"deviceName":"Desk"}`)),
			tx.Put("settings", "state", []byte(`{"open":"from","openFrom":["d"]}`)), tx.Put("account", "state", []byte("whole")),
		)
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	setHeader(t, path, func(h string) string { return strings.Replace(h, `"version":2`, `"version":1`, 1) })
	return path, ring
}

// wantNew looks whether a file has become what version 2 is, with nothing lost and nothing left beside it.
func wantNew(t *testing.T, path string, ring *store.Keyring) {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err = s.View(func(tx *store.Tx) error {
		if n, owners := tx.Entries(store.FirstOwner), tx.Owners(); n != 301 || len(owners) != 1 {
			t.Errorf("%d entries of %q", n, owners)
		}
		for _, place := range []string{"notes/state", "settings/state", "account/state", "inbox/000", store.FirstOwner + "/inbox/299", store.FirstOwner + "/outbox/a", store.FirstOwner + "/avatar/state", store.FirstOwner + "/targets/state", store.FirstOwner + "/rules/state"} {
			text, err := tx.Get(filepath.Dir(place), filepath.Base(place))
			if err != nil {
				return err
			}
			got[strings.TrimPrefix(place, store.FirstOwner)] = string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"notes/state": `{"deviceName":"Desk"}`, "settings/state": `{"open":"from"}`, "account/state": "whole", "inbox/000": "",
		"/inbox/299": `{"text":"received"}`, "/outbox/a": `{"text":"sent"}`, "/avatar/state": `{"url":"x"}`,
		"/targets/state": `{"d":"2026-01-01T00:00:00Z"}`, "/rules/state": `["d"]`,
	} {
		if got[place] != want {
			t.Errorf("%s is %q", place, got[place])
		}
	}
	beside, err := filepath.Glob(path + ".*")
	if err != nil || len(beside) != 0 {
		t.Errorf("left beside the file: %q, %v", beside, err)
	}
}

// Wherever the program dies while it brings an old file up, the next start has everything and cleans up.
func TestOldVersion(t *testing.T) {
	for name, died := range map[string]func(t *testing.T, path string, old []byte, ring *store.Keyring){
		"not at all": func(*testing.T, string, []byte, *store.Keyring) {},
		"while it was copied": func(t *testing.T, path string, old []byte, _ *store.Keyring) {
			write(t, path+".version-1.new", old[:len(old)/2])
		},
		"when it was copied": func(t *testing.T, path string, old []byte, _ *store.Keyring) { write(t, path+".version-1", old) },
		"when it was changed": func(t *testing.T, path string, old []byte, ring *store.Keyring) {
			wantNew(t, path, ring)
			write(t, path+".version-1", old)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, ring := oldFile(t)
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			died(t, path, old, ring)
			wantNew(t, path, ring)
		})
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Where the copy cannot be written the file stays as it is, to the byte, and nothing lies beside it.
func TestOldVersionWithoutRoom(t *testing.T) {
	path, ring := oldFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".version-1.new", 0o700); err != nil { // takes no bytes, as a full disk
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(t.Context(), ring); err == nil || !s.Locked() {
		t.Errorf("brought up without a copy: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file is another one: %v", err)
	}
	if err := os.RemoveAll(path + ".version-1.new"); err != nil {
		t.Fatal(err)
	}
	wantNew(t, path, ring)
}

// Deleting a store takes the copy of an older version along.
func TestDeleteTakesCopies(t *testing.T) {
	s, path, ring, _ := fileStore(t)
	write(t, path+".version-1", []byte("old"))
	if err := s.Delete(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A prepared file is in its place only when everything is in it.
func TestPrepare(t *testing.T) {
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	put(t, memory, "a", "filled first")
	vault, ring, path := store.NewVault(memory), store.NewKeyring(newFakeSecrets(), "test"), pathIn(t)
	file, err := store.Prepare(t.Context(), path, ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an empty file lies in the place")
	}
	if err := vault.Move(file); err != nil {
		t.Fatal(err)
	}
	if text, ok := get(t, file, "a"); !ok || text != "filled first" {
		t.Errorf("the file holds %q", text)
	}
	put(t, file, "b", "written there")
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = store.Open(path); err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if text, ok := get(t, file, "b"); !ok || text != "written there" {
		t.Errorf("the file holds %q", text)
	}
}

// What belongs to an owner goes with the owner, and is handed on without overwriting.
func TestOwners(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		put := func(owner, key, text string) {
			t.Helper()
			if err := s.Update(func(tx *store.Tx) error { return notes.Of(owner).Put(tx, key, note{text}) }); err != nil {
				t.Fatal(err)
			}
		}
		all := func(owner string) (all string) {
			t.Helper()
			err := s.View(func(tx *store.Tx) error {
				for row := range notes.Of(owner).Oldest(tx) {
					all += row.Key + row.Value.Text + " "
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		put("1", "a", "her")
		put("1", "b", "her")
		put("2", "a", "his")
		stop := errors.New("stop")
		err := s.Update(func(tx *store.Tx) error {
			return errors.Join(tx.GiveTo("1", "2"), tx.DropOwner("2"), stop)
		})
		if !errors.Is(err, stop) || all("1") != "aher bher " || all("2") != "ahis " {
			t.Errorf("after a dropped transaction: %v, %q, %q", err, all("1"), all("2"))
		}
		if err := s.Update(func(tx *store.Tx) error { return tx.GiveTo("1", "2") }); err != nil {
			t.Fatal(err)
		}
		if all("1") != "" || all("2") != "ahis bher " {
			t.Errorf("handed on: %q, %q", all("1"), all("2"))
		}
		put("3", "a", "theirs")
		err = s.Update(func(tx *store.Tx) error {
			if got := tx.Owners(); fmt.Sprint(got) != "[2 3]" || tx.Entries("2") != 2 {
				t.Errorf("owners %v", got)
			}
			return tx.DropOwner("2")
		})
		if err != nil || all("2") != "" || all("3") != "atheirs " {
			t.Errorf("dropped: %v, %q, %q", err, all("2"), all("3"))
		}
	})
}
