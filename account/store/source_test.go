package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/tabferry/tabferry/account/store"
)

// fakeSecrets is a keyring whose moods a test decides.
type fakeSecrets struct {
	mu      sync.Mutex
	entries map[string]string
	fail    error
	block   chan struct{} // calls wait for it to close
	forget  bool          // accepts secrets and keeps something else
	running int
	most    int
}

func newFakeSecrets() *fakeSecrets { return &fakeSecrets{entries: map[string]string{}} }

func (f *fakeSecrets) enter() error {
	f.mu.Lock()
	f.running++
	f.most = max(f.most, f.running)
	block, err := f.block, f.fail
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	f.mu.Lock()
	f.running--
	f.mu.Unlock()
	return err
}

func (f *fakeSecrets) Set(service, user, secret string) error {
	if err := f.enter(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forget {
		secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	}
	f.entries[service+"/"+user] = secret
	return nil
}

func (f *fakeSecrets) Get(service, user string) (string, error) {
	if err := f.enter(); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	secret, ok := f.entries[service+"/"+user]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return secret, nil
}

func (f *fakeSecrets) Delete(service, user string) error {
	if err := f.enter(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.entries[service+"/"+user]; !ok {
		return keyring.ErrNotFound
	}
	delete(f.entries, service+"/"+user)
	return nil
}

func (f *fakeSecrets) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.entries)
}

func (f *fakeSecrets) setBlock(c chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.block = c
}

// reopen closes a store and opens its file, locked.
func reopen(t *testing.T, s *store.Store, path string) *store.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	return again
}

func TestKeyringTroubles(t *testing.T) {
	s, path, ring, secrets := fileStore(t)
	s = reopen(t, s, path)

	secrets.fail = errors.New("no bus")
	if err := s.Unlock(t.Context(), ring); !errors.Is(err, store.ErrKeyring) {
		t.Errorf("a keyring that fails: %v", err)
	}
	secrets.fail = nil
	kept := secrets.entries
	secrets.entries = map[string]string{}
	if err := s.Unlock(t.Context(), ring); !errors.Is(err, store.ErrKeyMissing) {
		t.Errorf("a keyring without the key: %v", err)
	}
	for _, wrong := range []string{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "short", "!!"} {
		for name := range kept {
			secrets.entries[name] = wrong
		}
		if err := s.Unlock(t.Context(), ring); !errors.Is(err, store.ErrWrongKey) {
			t.Errorf("a keyring with the wrong key %q: %v", wrong, err)
		}
	}
	phrase, err := store.NewPassphrase("something")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(t.Context(), phrase); !errors.Is(err, store.ErrSource) {
		t.Errorf("a passphrase for a keyring's store: %v", err)
	}
	if !s.Locked() {
		t.Fatal("unlocked by a failure")
	}
	secrets.entries = kept
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Errorf("with all in order again: %v", err)
	}
}

func TestKeyringThatForgets(t *testing.T) {
	secrets := newFakeSecrets()
	secrets.forget = true
	if _, err := store.Create(t.Context(), pathIn(t), store.NewKeyring(secrets, "test")); !errors.Is(err, store.ErrKeyring) {
		t.Errorf("got %v", err)
	}
}

// A blocked keyring holds nobody longer than their context allows, at most one call hangs in it, and
// when it wakes up everything works.
func TestKeyringThatBlocks(t *testing.T) {
	s, path, ring, secrets := fileStore(t)
	s = reopen(t, s, path)
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		secrets.setBlock(block)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := s.Unlock(ctx, store.NewKeyring(secrets, "test")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("held its caller for %v", took)
		}
		close(block)
		secrets.setBlock(nil)
		synctest.Wait()
	})
	if err := s.Unlock(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
}

// A key that nobody waits for any more does not stay in the keyring.
func TestAbandonedKeyIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := newFakeSecrets()
		block := make(chan struct{})
		secrets.setBlock(block)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var h store.Header
		if _, err := store.NewKeyring(secrets, "test").Create(ctx, rand.Reader, &h); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(block)
		secrets.setBlock(nil)
		synctest.Wait()
		if n := secrets.count(); n != 0 {
			t.Errorf("%d entries stay in the keyring", n)
		}
	})
}

func TestKeyringCallsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secrets := newFakeSecrets()
		ring := store.NewKeyring(secrets, "test")
		block := make(chan struct{})
		secrets.setBlock(block)
		var wg sync.WaitGroup
		late := 0
		var mu sync.Mutex
		for range 5 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := ring.Key(ctx, store.Header{Entry: "x"}); errors.Is(err, context.DeadlineExceeded) {
					mu.Lock()
					late++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if late != 5 {
			t.Errorf("%d of 5 callers came back late", late)
		}
		close(block)
		secrets.setBlock(nil)
		synctest.Wait()
		if secrets.most != 1 {
			t.Errorf("%d calls at once", secrets.most)
		}
		if _, err := ring.Key(t.Context(), store.Header{Entry: "x"}); !errors.Is(err, store.ErrKeyMissing) {
			t.Errorf("after it woke up: %v", err)
		}
	})
}

func TestPassphrase(t *testing.T) {
	if _, err := store.NewPassphrase(""); !errors.Is(err, store.ErrEmptyPassphrase) {
		t.Errorf("the empty passphrase: %v", err)
	}
	right, err := store.NewPassphrase("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := store.NewPassphrase("Correct horse")
	if err != nil {
		t.Fatal(err)
	}
	path := pathIn(t)
	s, err := store.Create(t.Context(), path, right)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "kept")
	s = reopen(t, s, path)
	if s.Protection() != store.ByPassphrase {
		t.Errorf("protection %q", s.Protection())
	}
	if err := s.Unlock(t.Context(), wrong); !errors.Is(err, store.ErrWrongKey) || !s.Locked() {
		t.Errorf("the wrong passphrase: %v, locked %v", err, s.Locked())
	}
	if err := s.Unlock(t.Context(), right); err != nil {
		t.Fatal(err)
	}
	if text, _ := get(t, s, "a"); text != "kept" {
		t.Errorf("got %q", text)
	}
	if err := s.Delete(t.Context(), right); err != nil {
		t.Error(err)
	}
}

func TestKeysDoNotShow(t *testing.T) {
	var k store.Key
	for i := range k {
		k[i] = 0x41
	}
	if k.String() != k.GoString() || len(k.String()) > 20 {
		t.Errorf("a key shows as %q and %q", k.String(), k.GoString())
	}
}

// crashingSecrets is a keyring library that fails in the middle of a call, as go-keyring does when
// the session bus goes away under an open password dialog.
type crashingSecrets struct{ *fakeSecrets }

func (crashingSecrets) Get(string, string) (string, error) { panic("nil signal") }

func TestKeyringCrashIsAnError(t *testing.T) {
	ring := store.NewKeyring(crashingSecrets{newFakeSecrets()}, "test")
	for range 2 { // the second call finds the way free
		if _, err := ring.Key(t.Context(), store.Header{Entry: "store-00"}); !errors.Is(err, store.ErrKeyring) {
			t.Fatalf("a crash of the keyring is told as %v", err)
		}
	}
}
