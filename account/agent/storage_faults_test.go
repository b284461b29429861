package agent_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// spoilAtRest is what may have happened to a file before a start.
func spoilAtRest(t *testing.T, s *station) map[string]struct {
	do      func(good []byte) error
	problem string
	anew    bool
} {
	write := func(text []byte) error { return os.WriteFile(s.storeFile(), text, 0o600) }
	header := func(from, to string) func([]byte) error {
		return func(good []byte) error {
			if err := write(good); err != nil {
				return err
			}
			s.edit(func(tx *bbolt.Tx) error {
				b := tx.Bucket([]byte("header"))
				return b.Put([]byte("header"), bytes.Replace(b.Get([]byte("header")), []byte(from), []byte(to), 1))
			})
			return nil
		}
	}
	page := os.Getpagesize()
	endless := func(good []byte) error {
		text := bytes.Clone(good)
		for at := 2 * page; at < len(text); at += page {
			text[at+14] ^= 0x40 // of the number of pages that it goes on over
		}
		return write(text)
	}
	other := func(good []byte) error {
		if err := write(good); err != nil {
			return err
		}
		root := 0
		s.edit(func(tx *bbolt.Tx) error {
			root = int(tx.Bucket([]byte("account")).RootPage())
			return nil
		})
		text, err := os.ReadFile(s.storeFile())
		if err != nil || root == 0 {
			return fmt.Errorf("the account lies in page %d: %w", root, err)
		}
		text[root*page+8] ^= 0x40 // of what kind it is
		return write(text)
	}
	return map[string]struct {
		do      func(good []byte) error
		problem string
		anew    bool
	}{
		"endless pages": {endless, "damaged", true},
		"another page":  {other, "damaged", true},
		"empty":         {func([]byte) error { return write(nil) }, "damaged", true},
		"foreign":       {func([]byte) error { return write([]byte("a letter to a friend")) }, "damaged", true},
		"zeroed":        {func(good []byte) error { return write(make([]byte, len(good))) }, "damaged", true},
		"cut in half":   {func(good []byte) error { return write(good[:len(good)/2]) }, "damaged", true},
		"a bad header":  {header(`"keyring"`, `"magic"`), "damaged", true},
		"newer":         {header(`"version":2`, `"version":9`), "newer version", false},
		"another's key": {func(good []byte) error { s.secrets.swap(); return write(good) }, "does not fit", false},
	}
}

// swap puts another key in the place of each.
func (f *fakeSecrets) swap() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, secret := range f.entries {
		f.entries[name] = strings.Repeat("A", len(secret)-1) + "="
	}
}

func (f *fakeSecrets) copied() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.entries)
}

func (f *fakeSecrets) put(entries map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries = maps.Clone(entries)
}

// Each fault of a file has its own words and keeps the file as it is; a mended one opens by unlocking, and
// one that is of no use is set aside for every kind of protection.
func TestFaultsOfTheFile(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	good, err := os.ReadFile(desk.storeFile())
	if err != nil {
		t.Fatal(err)
	}
	entries := desk.secrets.copied()
	for name, c := range spoilAtRest(t, desk) {
		for _, way := range []localapi.Protection{localapi.ProtectedByKeyring, localapi.ProtectedByPassphrase, localapi.MemoryOnly, "mended"} {
			t.Run(name+"/"+string(way), func(t *testing.T) {
				desk.secrets.put(entries)
				if err := c.do(good); err != nil {
					t.Fatal(err)
				}
				bad, err := os.ReadFile(desk.storeFile())
				if err != nil {
					t.Fatal(err)
				}
				desk.run()
				defer desk.end()
				snap := desk.await("the problem", func(s localapi.Snapshot) bool { return s.Storage.Problem != "" })
				if !snap.Storage.Locked || !strings.Contains(snap.Storage.Problem, c.problem) || snap.Storage.BeginAnew != c.anew {
					t.Fatalf("the storage is %+v", snap.Storage)
				}
				if _, err := desk.face.Inbox(t.Context(), localapi.InboxQuery{}); err == nil || err.Error() != snap.Storage.Problem {
					t.Errorf("a call says %v", err)
				}
				if err := desk.face.Unlock(t.Context(), ""); code(err) != localapi.CodeLocked {
					t.Errorf("unlocking: %v", err)
				}
				if kept, err := os.ReadFile(desk.storeFile()); err != nil || !bytes.Equal(kept, bad) {
					t.Errorf("the file was changed (%v)", err)
				}
				if way == "mended" {
					desk.secrets.put(entries)
					if err := os.WriteFile(desk.storeFile(), good, 0o600); err != nil {
						t.Fatal(err)
					}
					if err := desk.face.Unlock(t.Context(), ""); err != nil {
						t.Fatalf("the mended file: %v", err)
					}
					desk.await("the sign-in of before", settled)
					return
				}
				err = desk.face.Protect(t.Context(), way, map[bool]string{true: "a good phrase"}[way == localapi.ProtectedByPassphrase])
				asides, globErr := filepath.Glob(desk.storeFile() + ".damaged-*")
				if globErr != nil {
					t.Fatal(globErr)
				}
				defer removeAll(t, asides)
				if way != localapi.MemoryOnly && !c.anew {
					if err == nil || len(asides) > 0 {
						t.Errorf("%s takes its place: %v", way, err)
					}
					return
				}
				if snap := desk.snapshot(); err != nil || snap.Storage.Protection != way || snap.Storage.Locked || snap.Storage.Problem != "" {
					t.Errorf("beginning anew: %v, %+v", err, snap.Storage)
				}
				kept := desk.storeFile()
				if way != localapi.MemoryOnly {
					if len(asides) != 1 {
						t.Fatalf("set aside: %v", asides)
					}
					kept = asides[0]
				}
				if text, err := os.ReadFile(kept); err != nil || !bytes.Equal(text, bad) {
					t.Errorf("the old file was not kept (%v)", err)
				}
			})
		}
	}
}

func removeAll(t *testing.T, files []string) {
	t.Helper()
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

// What happens to a file under a running agent is said, ends at once when asked to, and has a way out.
func TestFaultsWhileRunning(t *testing.T) {
	for name, c := range map[string]struct {
		do      func(path string) error
		problem string
	}{
		"cut short": {func(path string) error { return os.Truncate(path, 8192) }, "damaged"},
		"emptied":   {func(path string) error { return os.Truncate(path, 0) }, "damaged"},
		"removed":   {os.Remove, "moved away"},
		"replaced": {func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("mine"), 0o600))
		}, "moved away"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				desk := w.station("Desk", w.inBubble).run().signIn()
				if err := c.do(desk.storeFile()); err != nil {
					t.Fatal(err)
				}
				_ = desk.face.Quiet(t.Context(), 1) // whatever it says, it is noticed
				desk.await("the problem", func(s localapi.Snapshot) bool {
					return s.Storage.Locked && s.Storage.BeginAnew && strings.Contains(s.Storage.Problem, c.problem)
				})
				if err := desk.face.Protect(t.Context(), localapi.ProtectedByKeyring, ""); err != nil {
					t.Fatal(err)
				}
				desk.signIn()
				if err := c.do(desk.storeFile()); err != nil {
					t.Fatal(err)
				}
				_ = desk.face.Quiet(t.Context(), 1)
				began := time.Now()
				desk.end()
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("ending took %v", took)
				}
			})
		})
	}
}

// A keyring that is locked is not called an absent one, nor one that fails.
func TestKeyringsAreToldApart(t *testing.T) {
	for cause, want := range map[error]string{
		store.ErrNoKeyring: "There is no keyring", store.ErrKeyringLocked: "The keyring is locked", store.ErrKeyringCancelled: "was cancelled", errors.New("no"): "does not keep",
	} {
		w := newWorld(t)
		desk := w.station("Desk")
		desk.secrets.mood(cause, nil)
		desk.run()
		if snap := desk.snapshot(); snap.Storage.Kept || snap.Storage.Protection != localapi.ProtectedByKeyring {
			t.Errorf("before anything is kept: %+v", snap.Storage)
		}
		err := desk.face.Unlock(t.Context(), "")
		if snap := desk.snapshot(); code(err) != localapi.CodeLocked || err.Error() != snap.Storage.Problem || !strings.Contains(snap.Storage.Problem, want) {
			t.Errorf("%v: %v, %+v", cause, err, snap.Storage)
		}
		desk.secrets.mood(nil, nil)
		if err := desk.face.Unlock(t.Context(), ""); err != nil {
			t.Errorf("once it works: %v", err)
		}
		if snap := desk.snapshot(); !snap.Storage.Kept || snap.Storage.Protection != localapi.ProtectedByKeyring || !desk.hasStoreFile() {
			t.Errorf("once it works: %+v", snap.Storage)
		}
	}
}

// A desktop without a keyring is given one only when a person says so. A dialog that is cancelled leaves the
// choice, one that is answered keeps what there is.
func TestMakeKeyring(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk")
	desk.secrets.mood(store.ErrNoCollection, nil)
	desk.run().signIn()
	offered := func(problem string) {
		t.Helper()
		s := desk.snapshot().Storage
		if s.Protection != localapi.Undecided || !s.NoKeyringYet || s.WaitingForKeyring || !strings.Contains(s.Problem, problem) {
			t.Errorf("the storage is %+v, want one with %q", s, problem)
		}
	}
	offered("no keyring yet")
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByKeyring, ""); code(err) != localapi.CodeLocked || desk.secrets.made != 0 {
		t.Errorf("by the keyring that there is not: %v, made %d", err, desk.secrets.made)
	}
	desk.secrets.mood(store.ErrKeyringCancelled, nil)
	if err := desk.face.Protect(t.Context(), localapi.ByNewKeyring, ""); code(err) != localapi.CodeLocked || desk.secrets.made != 1 {
		t.Errorf("cancelled: %v, made %d", err, desk.secrets.made)
	}
	offered("cancelled")
	block := make(chan struct{})
	desk.secrets.mood(store.ErrKeyringCancelled, block)
	asked := make(chan error)
	go func() { asked <- desk.face.Protect(context.Background(), localapi.ByNewKeyring, "") }()
	waiting := desk.await("the dialog", func(s localapi.Snapshot) bool { return s.Storage.WaitingForKeyring })
	if waiting.Storage.Problem != "" {
		t.Errorf("while the dialog is open it says %q", waiting.Storage.Problem)
	}
	close(block)
	if err := <-asked; code(err) != localapi.CodeLocked {
		t.Errorf("cancelled late: %v", err)
	}
	offered("cancelled")
	desk.secrets.mood(nil, nil)
	desk.secrets.made = 1
	if err := desk.face.Protect(t.Context(), localapi.ByNewKeyring, ""); err != nil || desk.secrets.made != 2 {
		t.Errorf("making one: %v, made %d", err, desk.secrets.made)
	}
	if s := desk.snapshot().Storage; s.Protection != localapi.ProtectedByKeyring || !s.Kept || s.NoKeyringYet || !desk.hasStoreFile() {
		t.Errorf("with one the storage is %+v", s)
	}
	if err := desk.face.Protect(t.Context(), localapi.ByNewKeyring, ""); err != nil || desk.secrets.made != 2 {
		t.Errorf("once more: %v, made %d", err, desk.secrets.made)
	}
}
