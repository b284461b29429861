package agent_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// A passphrase chosen while the keyring blocks is what counts; when the keyring wakes up nothing of
// the first try is left.
func TestPassphraseInsteadOfBlockedKeyring(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk")
	block := make(chan struct{})
	desk.secrets.mood(nil, block)
	desk.run().signIn()
	desk.await("the notice", func(s localapi.Snapshot) bool { return s.Storage.WaitingForKeyring })
	if err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, "a good phrase"); err != nil {
		t.Fatal(err)
	}
	if snap := desk.snapshot(); snap.Storage.Protection != localapi.ProtectedByPassphrase || snap.Storage.WaitingForKeyring {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.secrets.mood(nil, nil)
	close(block)
	time.Sleep(50 * time.Millisecond)
	snap := desk.again().snapshot()
	if !snap.Storage.Locked || snap.Storage.Protection != localapi.ProtectedByPassphrase {
		t.Errorf("after a restart: %+v", snap.Storage)
	}
	if err := desk.face.Unlock(t.Context(), "a good phrase"); err != nil {
		t.Fatal(err)
	}
	desk.await("the sign-in of before", settled)
}

// An installation without any keyring (nil) asks how to protect the data, and can go on without.
func TestNoSecretsAtAll(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.Secrets = nil }).run()
	if snap := desk.snapshot(); snap.Storage.Protection != localapi.Undecided || snap.Storage.Locked {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.signIn()
	if err := desk.face.Protect(t.Context(), localapi.MemoryOnly, ""); err != nil {
		t.Fatal(err)
	}
	if snap := desk.snapshot(); snap.Storage.Protection != localapi.MemoryOnly || snap.Account.State != localapi.SignedIn {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.end()
	if desk.hasStoreFile() || w.liveTokens() != 0 {
		t.Errorf("file %v, %d tokens", desk.hasStoreFile(), w.liveTokens())
	}
}

// A store under a keyring that this start does not have is locked, and can be deleted.
func TestKeyringGone(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	desk.params.Secrets = nil
	snap := desk.run().snapshot()
	if !snap.Storage.Locked || snap.Storage.Problem == "" {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	if err := desk.face.Unlock(t.Context(), ""); code(err) != localapi.CodeLocked {
		t.Errorf("unlocking: %v", err)
	}
	if _, err := desk.face.Inbox(t.Context(), localapi.InboxQuery{}); code(err) != localapi.CodeLocked {
		t.Errorf("the inbox: %v", err)
	}
	for name, do := range map[string]func() error{
		"send":   func() error { _, err := desk.face.Send(t.Context(), localapi.SendRequest{}); return err },
		"signin": func() error { _, err := desk.face.BeginSignIn(t.Context(), ""); return err },
		"rename": func() error { return desk.face.RenameDevice(t.Context(), "x") },
		"pair":   func() error { return desk.face.ShowPairing(t.Context()) },
		"join":   func() error { return desk.face.JoinPairing(t.Context(), "x") },
		"quiet":  func() error { return desk.face.Quiet(t.Context(), 1) },
		"avatar": func() error { _, err := desk.face.Avatar(t.Context()); return err },
		"set":    func() error { return desk.face.SetSettings(t.Context(), localapi.Settings{}) },
		"page":   func() error { _, err := desk.face.PageURL(t.Context(), localapi.PageManageAccount); return err },
	} {
		if err := do(); code(err) != localapi.CodeLocked {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := desk.face.Diagnostics(t.Context()); err != nil || !strings.Contains(text, "locked true") {
		t.Errorf("diagnostics: %q, %v", text, err)
	}
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
}

// A damaged file can be deleted too.
func TestDeleteDamagedStore(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	if err := os.WriteFile(desk.storeFile(), make([]byte, 40_000), 0o600); err != nil {
		t.Fatal(err)
	}
	desk.run()
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if desk.hasStoreFile() {
		t.Error("the damaged file is still there")
	}
	desk.signIn()
}

// What could not be deleted is said, also where nobody waits for it any more.
func TestDataThatIsNotDeleted(t *testing.T) {
	const said = "Not all of Tabferry's data could be deleted."
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.secrets.mood(errors.New("it is locked"), nil)
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	desk.await("what is said", func(s localapi.Snapshot) bool { return s.Storage.Problem == said && !s.Storage.Kept })
	if desk.hasStoreFile() || desk.secrets.count() != 1 {
		t.Errorf("file %v, %d keys", desk.hasStoreFile(), desk.secrets.count())
	}
	desk.secrets.mood(nil, nil)
	if s := desk.signIn().snapshot(); s.Storage.Problem != "" || !s.Storage.Kept {
		t.Errorf("after the next sign-in: %+v", s.Storage)
	}
	desk.end()
	if err := errors.Join(os.Remove(desk.storeFile()), os.MkdirAll(filepath.Join(desk.storeFile(), "full"), 0o700)); err != nil {
		t.Fatal(err)
	}
	desk.run()
	if err := desk.face.SignOut(t.Context(), true); err == nil || err.Error() != said {
		t.Errorf("what cannot be removed: %v", err)
	}
}

// A sign-in that is damaged in the store is lost, which is said; everything else is there for the next
// sign-in of the same person, and the damaged value is kept until somebody removes it.
func TestDamagedSignIn(t *testing.T) {
	w := newWorld(t)
	phone, desk := w.station("Phone").run().signIn(), w.station("Desk").run().signIn()
	phone.awaitSent(phone.send(phone.alertable("Desk"), "https://example.com/kept", "").ID, localapi.SendAlerted)
	desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	desk.end()
	desk.edit(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("account")).Put([]byte("state"), []byte("spoilt")) })
	snap := desk.run().snapshot()
	if snap.Storage.Locked || snap.Storage.Damaged != 1 || snap.Account.State != localapi.SignedOut ||
		snap.Account.Cause == "" || snap.Inbox.Total != 0 || snap.Storage.Earlier.Entries != 1 {
		t.Errorf("with a damaged sign-in: %s", describe(snap))
	}
	desk.end()
	desk.edit(func(tx *bbolt.Tx) error {
		if kept := tx.Bucket([]byte("damaged")).Get([]byte("account/state")); string(kept) != "spoilt" {
			t.Errorf("kept is %q", kept)
		}
		return nil
	})
	desk.run().signIn().await("the tab, for the one whose it is", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	w.eventually("the deletion", func() bool { return !desk.hasStoreFile() && desk.secrets.count() == 0 })
}

// edit changes the store's file behind its back.
func (s *station) edit(change func(tx *bbolt.Tx) error) {
	s.t.Helper()
	db, err := bbolt.Open(s.storeFile(), 0o600, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// A file whose contents cannot be used, although its key fits, is left alone.
func TestUnusableContents(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	file, err := store.Open(desk.storeFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Unlock(t.Context(), store.NewKeyring(desk.secrets, agent.DefaultKeyringService)); err != nil {
		t.Fatal(err)
	}
	err = file.Update(func(tx *store.Tx) error { return tx.Put("account", "state", []byte(`{"version":99}`)) })
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(desk.storeFile())
	if err != nil {
		t.Fatal(err)
	}
	snap := desk.run().await("the problem", func(s localapi.Snapshot) bool { return s.Storage.Problem != "" })
	if !snap.Storage.Locked || !strings.Contains(snap.Storage.Problem, "damaged") {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.end()
	if after, err := os.ReadFile(desk.storeFile()); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
	desk.run()
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if desk.hasStoreFile() || desk.secrets.count() != 0 {
		t.Errorf("deleted: file %v, %d keys", desk.hasStoreFile(), desk.secrets.count())
	}
}

// The port of a loopback redirect may be taken; that is said, and nothing hangs.
func TestRedirectPortTaken(t *testing.T) {
	w := newWorld(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	desk := w.station("Desk", func(p *agent.Params) { p.Service.RedirectURI = "http://" + taken.Addr().String() + "/signin" }).run()
	if _, err := desk.face.BeginSignIn(t.Context(), ""); code(err) != localapi.CodeSignIn {
		t.Errorf("got %v", err)
	}
	if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut || snap.SignIn != nil {
		t.Errorf("afterwards: %s", describe(snap))
	}
}

func TestParams(t *testing.T) {
	for name, p := range map[string]agent.Params{
		"nothing": {}, "no folder": {Version: "1", DeviceName: "x"}, "no version": {DataDir: "/x", DeviceName: "x"}, "no name": {DataDir: "/x", Version: "1"},
	} {
		if _, err := agent.New(p); !errors.Is(err, agent.ErrParams) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The relay of pairing is the one that the accounts server names, unless the settings say otherwise.
func TestRelayIsDiscovered(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.Service.PairingServer = "" }).run().signIn()
	if err := desk.face.ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk.pairingState(localapi.PairShowing)
	if err := desk.face.CancelPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if snap := desk.snapshot(); snap.Pairing != nil || snap.Account.State != localapi.SignedIn {
		t.Errorf("afterwards: %s", describe(snap))
	}
}
