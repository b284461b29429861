package agent_test

import (
	"os"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Whoever chose to keep nothing over a file that is of no use works on in memory, whatever is asked of that file
// later: it is never opened beside what is in use, and is still set aside when something is to be kept after all.
func TestNothingOpensBesideTheMemory(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	desk.end()
	good, err := os.ReadFile(desk.storeFile())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"mended": good, "still damaged": make([]byte, len(good))} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(desk.storeFile(), make([]byte, len(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			desk.run()
			defer desk.end()
			desk.await("the problem", func(s localapi.Snapshot) bool { return s.Storage.BeginAnew })
			if err := desk.face.Protect(t.Context(), localapi.MemoryOnly, ""); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(desk.storeFile(), file, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := desk.face.Unlock(t.Context(), ""); err != nil && code(err) != localapi.CodeLocked {
				t.Errorf("unlocking: %v", err)
			}
			if s := desk.snapshot(); s.Storage.Protection != localapi.MemoryOnly || s.Storage.Locked || s.Account.State != localapi.SignedOut {
				t.Errorf("after unlocking: %+v, %s", s.Storage, s.Account.State)
			}
			err := desk.face.Protect(t.Context(), localapi.ProtectedByPassphrase, "a good phrase")
			if s := desk.snapshot().Storage; (err == nil) != (name == "still damaged") || s.Locked || s.Kept != (err == nil) {
				t.Errorf("keeping it after all: %v, %+v", err, s)
			}
		})
	}
}

// A file that another program held opens by itself, soon after that has let go of it.
func TestOpensWhenItIsLetGo(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		desk.end()
		other, err := bbolt.Open(desk.storeFile(), 0o600, &bbolt.Options{Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		desk.run()
		time.Sleep(time.Minute)
		if s := desk.snapshot().Storage; !s.Locked || s.Problem == "" {
			t.Fatalf("while it is held: %+v", s)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if s := desk.snapshot(); s.Storage.Locked || s.Storage.Problem != "" || s.Account.State != localapi.SignedIn {
			t.Errorf("ten seconds after it was let go: %+v, %s", s.Storage, s.Account.State)
		}
	})
}
