//go:build unix

package agent

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// fullDiskVariable makes TestNothingChangesOnAFullDisk do its work, in a process of its own: what the
// system refuses it, it refuses the whole process.
const fullDiskVariable = "TABFERRY_TEST_FULL_DISK"

// fullDisk makes the system refuse every write to a file, as it does at the end of a disk or of a quota,
// until the test or free ends that.
func fullDisk(t *testing.T) (free func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before)
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: before.Max})
	}
	if err != nil {
		t.Fatal(err)
	}
	free = sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	})
	t.Cleanup(free)
	return free
}

// With a disk that takes nothing any more every call that would change something says so, and what is
// shown stays what is stored.
func TestNothingChangesOnAFullDisk(t *testing.T) {
	if os.Getenv(fullDiskVariable) == "" {
		self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingChangesOnAFullDisk$")
		self.Env = append(os.Environ(), fullDiskVariable+"=1")
		if out, err := self.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	svc := accounttest.New(t)
	file, _, _ := sealed(t)
	at := time.Now().UTC()
	tab := localapi.InboxEntry{ID: "03", Kind: localapi.KindTab, URL: "https://example.com/", At: at}
	held := localapi.OutboxEntry{ID: "01", ToID: "d", State: localapi.SendWaiting, At: at, HeldUntil: at.Add(time.Hour)}
	failed := localapi.OutboxEntry{ID: "02", ToID: "d", State: localapi.SendFailed, At: at, Reason: "It failed."}
	ready := localapi.OutboxEntry{ID: "04", ToID: "d", State: localapi.SendWaiting, At: at, NextTry: at.Add(time.Hour)}
	s := stationOn(t, file, svc)
	s.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	owner := s.work.people.Owner()
	outbox := store.NewTable[localapi.OutboxEntry]("outbox").Of(owner)
	err := file.Update(func(tx *store.Tx) error {
		return errors.Join(
			outbox.Put(tx, held.ID, held), outbox.Put(tx, failed.ID, failed), outbox.Put(tx, ready.ID, ready),
			store.NewTable[localapi.InboxEntry]("inbox").Of(owner).Put(tx, tab.ID, tab),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	s = stationOn(t, file, svc)
	b, w := s.agent.board, s.work
	b.Change(func(s *localapi.Snapshot) {
		s.Devices.Known, s.Devices.Items = true, []localapi.Device{{ID: "d", Name: "Phone", CanReceiveTabs: true}}
	})
	before := b.Now()
	free := fullDisk(t)
	for name, do := range map[string]func(ctx context.Context) error{
		"send": func(ctx context.Context) error {
			_, err := w.outbox.Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{"d"}})
			return err
		},
		"undo":            func(ctx context.Context) error { return w.outbox.Undo(ctx, held.ID) },
		"retry":           func(ctx context.Context) error { return w.outbox.Retry(ctx, failed.ID) },
		"delete sent":     func(ctx context.Context) error { return w.outbox.Delete(ctx, failed.ID) },
		"mark read":       func(ctx context.Context) error { return w.inbox.MarkRead(ctx, tab.ID) },
		"delete received": func(ctx context.Context) error { return w.inbox.Delete(ctx, tab.ID) },
		"quiet":           func(ctx context.Context) error { return w.settings.Quiet(ctx, 5) },
		"settings":        func(ctx context.Context) error { return board.Refusal(w.settings.Replace(ctx, localapi.Settings{})) },
		"receive":         func(ctx context.Context) error { return board.Refusal(w.SaveParts(ctx, []byte("{}"), nil, nil)) },
	} {
		var refused *localapi.Error
		if err := do(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeInternal || refused.Message != "The disk is full." {
			t.Errorf("%s: %v", name, err)
		}
		after := b.Now()
		if after.Revision != before.Revision || !reflect.DeepEqual(after, before) {
			t.Errorf("%s changed what is shown: %+v", name, after)
		}
	}
	// The sender sends nothing that it cannot note, and says why.
	svc.ForgetRequests()
	w.outbox.Resume()
	w.beside(w.outbox.Run)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		got, err := w.outbox.Entry(ready.ID)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the entry is %+v, %v", got, err)
		}
		if got.Reason != "" {
			if got.State != localapi.SendWaiting || got.NextTry.IsZero() {
				t.Errorf("the entry is %+v", got)
			}
			break
		}
	}
	if n := len(svc.Requests()); n != 0 {
		t.Errorf("%d requests for a send that could not be noted", n)
	}
	if page, err := w.inbox.Page(localapi.InboxQuery{}); err != nil || len(page) != 1 {
		t.Errorf("reading: %v, %v", page, err)
	}
	free()
	if err := w.inbox.MarkRead(t.Context(), tab.ID); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
