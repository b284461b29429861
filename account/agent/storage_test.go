package agent_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// A keyring that blocks at the first start keeps nobody from signing in; the data moves into the
// store when it wakes up.
func TestKeyringBlockedAtFirst(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk")
	block := make(chan struct{})
	desk.secrets.mood(nil, block)
	desk.run().signIn()
	snap := desk.await("the notice", func(s localapi.Snapshot) bool { return s.Storage.WaitingForKeyring })
	if snap.Storage.Locked || desk.hasStoreFile() {
		t.Errorf("while the keyring blocks: %+v", snap.Storage)
	}
	desk.secrets.mood(nil, nil)
	close(block)
	snap = desk.await("the key", func(s localapi.Snapshot) bool { return !s.Storage.WaitingForKeyring })
	w.eventually("the store", desk.hasStoreFile)
	if snap.Storage.Protection != localapi.ProtectedByKeyring || snap.Storage.Problem != "" {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.again().await("the sign-in of before", settled)
}

// A start whose keyring blocks says so, answers everything with that, and goes on when it comes.
func TestKeyringBlockedLater(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		desk.end()
		block := make(chan struct{})
		desk.secrets.mood(nil, block)
		began := time.Now()
		desk.run()
		snap := desk.snapshot()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the first answer took %v", took)
		}
		if !snap.Storage.Locked || !snap.Storage.WaitingForKeyring || snap.Account.State != localapi.SignedOut {
			t.Errorf("while the keyring blocks: %s", describe(snap))
		}
		if err := desk.face.Refresh(t.Context()); code(err) != localapi.CodeLocked {
			t.Errorf("a call says %v", err)
		}
		if err := desk.face.SignOut(t.Context(), false); code(err) != localapi.CodeLocked {
			t.Errorf("signing out says %v", err)
		}
		desk.await("the end of patience", func(s localapi.Snapshot) bool { return s.Storage.Problem != "" && s.Storage.WaitingForKeyring })
		desk.secrets.mood(nil, nil)
		close(block)
		if snap := desk.await("the sign-in of before", settled); snap.Storage.Locked || snap.Storage.Problem != "" {
			t.Errorf("the storage is %+v", snap.Storage)
		}
	})
}

// An agent that ends while the keyring blocks does not wait for it.
func TestEndWhileKeyringBlocks(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		desk.end()
		block := make(chan struct{})
		desk.secrets.mood(nil, block)
		desk.run()
		desk.await("the notice", func(s localapi.Snapshot) bool { return s.Storage.WaitingForKeyring })
		began := time.Now()
		desk.end()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("ending took %v", took)
		}
		close(block)
		desk.secrets.mood(nil, nil)
		desk.run().await("the sign-in of before", settled)
	})
}

func TestNoKeyring(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk")
	desk.secrets.mood(errors.New("no bus"), nil)
	desk.run().signIn()
	snap := desk.snapshot()
	if snap.Storage.Protection != localapi.Undecided || snap.Storage.Problem == "" || snap.Storage.Locked || desk.hasStoreFile() {
		t.Errorf("without keyring: %+v", snap.Storage)
	}
	if err := desk.face.Unlock(t.Context(), ""); code(err) != localapi.CodeLocked {
		t.Errorf("asking again says %v", err)
	}
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, "a"); code(err) != localapi.CodeUsage {
		t.Errorf("a passphrase of one letter: %v", err)
	}
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, ""); code(err) != localapi.CodeUsage {
		t.Errorf("an empty passphrase: %v", err)
	}
	if err := desk.face.Protect(t.Context(), "magic", "x"); code(err) != localapi.CodeUsage {
		t.Errorf("another protection: %v", err)
	}
	const phrase = "a phrase to remember"
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, phrase); err != nil {
		t.Fatal(err)
	}
	if snap := desk.snapshot(); snap.Storage.Protection != localapi.ProtectedByPassphrase || snap.Storage.Problem != "" || !desk.hasStoreFile() {
		t.Errorf("with a passphrase: %+v", snap.Storage)
	}
	if err := desk.face.Protect(t.Context(), localapi.MemoryOnly, ""); code(err) != localapi.CodeConflict {
		t.Errorf("choosing again: %v", err)
	}
	snap = desk.again().snapshot()
	if !snap.Storage.Locked || snap.Storage.Protection != localapi.ProtectedByPassphrase || snap.Storage.WaitingForKeyring {
		t.Errorf("after a restart: %+v", snap.Storage)
	}
	if err := desk.face.Unlock(t.Context(), "another phrase"); code(err) != localapi.CodeLocked {
		t.Errorf("the wrong passphrase: %v", err)
	}
	if err := desk.face.Unlock(t.Context(), phrase); err != nil {
		t.Fatal(err)
	}
	desk.await("the sign-in of before", settled)
	if err := desk.face.Unlock(t.Context(), "whatever"); err != nil {
		t.Errorf("unlocking twice: %v", err)
	}
	raw, err := os.ReadFile(desk.storeFile())
	if err != nil || bytes.Contains(raw, []byte("someone@example.com")) || strings.Contains(desk.log.text(), phrase) {
		t.Errorf("something is in the clear (%v)", err)
	}
}

// Who cancels the waiting for the keyring goes on in memory, and the locked file stays.
func TestCancelWaiting(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	block := make(chan struct{})
	defer close(block)
	desk.secrets.mood(nil, block)
	desk.run().await("the notice", func(s localapi.Snapshot) bool { return s.Storage.WaitingForKeyring })
	if err := desk.face.Protect(t.Context(), localapi.MemoryOnly, ""); err != nil {
		t.Fatal(err)
	}
	snap := desk.snapshot()
	if snap.Storage.Locked || snap.Storage.WaitingForKeyring || snap.Storage.Protection != localapi.MemoryOnly || snap.Account.State != localapi.SignedOut {
		t.Errorf("after cancelling: %s", describe(snap))
	}
	if !desk.hasStoreFile() {
		t.Error("the locked file is gone")
	}
	desk.end()
}

func TestKeyLost(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	desk.secrets.mu.Lock()
	clear(desk.secrets.entries)
	desk.secrets.mu.Unlock()
	snap := desk.run().await("the problem", func(s localapi.Snapshot) bool { return s.Storage.Problem != "" })
	if !snap.Storage.Locked {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, "another phrase"); code(err) != localapi.CodeConflict {
		t.Errorf("protecting a locked store anew: %v", err)
	}
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if desk.hasStoreFile() {
		t.Error("the file that nobody can open is still there")
	}
	desk.signIn()
}

func TestDamagedStore(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	damaged := []byte("this was a store once")
	if err := os.WriteFile(desk.storeFile(), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	snap := desk.run().snapshot()
	if !snap.Storage.Locked || !strings.Contains(snap.Storage.Problem, "damaged") || snap.Storage.Protection != localapi.Undecided {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	if err := desk.face.Unlock(t.Context(), ""); code(err) != localapi.CodeLocked {
		t.Errorf("unlocking it: %v", err)
	}
	if kept, _ := os.ReadFile(desk.storeFile()); !bytes.Equal(kept, damaged) {
		t.Error("the damaged file was changed")
	}
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, "a good phrase"); err != nil {
		t.Fatal(err)
	}
	aside, err := filepath.Glob(desk.storeFile() + ".damaged-*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %v, %v", aside, err)
	}
	if kept, _ := os.ReadFile(aside[0]); !bytes.Equal(kept, damaged) {
		t.Error("the damaged file was not kept")
	}
	desk.signIn()
}

// Two agents on one folder: the second one touches nothing and says why.
func TestTwoStarts(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	second := w.station("Desk", func(p *agent.Params) { p.DataDir, p.Secrets = desk.params.DataDir, desk.params.Secrets }).run()
	snap := second.snapshot()
	if !snap.Storage.Locked || !strings.Contains(snap.Storage.Problem, "Another program") {
		t.Errorf("the second one's storage is %+v", snap.Storage)
	}
	if err := second.face.SignOut(t.Context(), true); code(err) != localapi.CodeLocked {
		t.Errorf("the second one deletes: %v", err)
	}
	desk.end()
	if err := second.face.Unlock(t.Context(), ""); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	second.await("the sign-in of the first", settled)
}
