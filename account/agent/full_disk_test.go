package agent

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// With a disk that takes nothing any more every call that would change something says so, and what is
// shown stays what is stored.
func TestNothingChangesOnAFullDisk(t *testing.T) {
	t.Parallel()
	svc := accounttest.New(t)
	phrase, err := store.NewPassphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	file, err := store.Create(t.Context(), filepath.Join(t.TempDir(), "store.db"), phrase)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC()
	held := sent{OutboxEntry: localapi.OutboxEntry{ID: "01", ToID: "d", State: localapi.SendWaiting, At: at, HeldUntil: at.Add(time.Hour)}}
	failed := sent{OutboxEntry: localapi.OutboxEntry{ID: "02", ToID: "d", State: localapi.SendFailed, At: at, Reason: "It failed."}}
	err = file.Update(func(tx *store.Tx) error {
		return errors.Join(
			outboxTable.Put(tx, held.ID, held), outboxTable.Put(tx, failed.ID, failed),
			inboxTable.Put(tx, "03", localapi.InboxEntry{ID: "03", Kind: localapi.KindTab, URL: "https://example.com/", At: at}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	e := engineOn(t, file, svc)
	signInEngine(t, e, svc, svc.NewAccount("someone@example.com", "a password"))
	e.change(func(m *model) {
		m.account.State = localapi.SignedIn
		m.devices.Known, m.devices.Items = true, []localapi.Device{{ID: "d", Name: "Phone", CanReceiveTabs: true}}
	})
	a := e.a
	a.setReady()
	look := func() (settings localapi.Settings, inbox localapi.Inbox, outbox []sent, notes notes) {
		e.read(func(m *model) { settings, inbox, outbox, notes = m.settings, m.inbox, m.outbox, m.notes })
		return settings, inbox, outbox, notes
	}
	settings, inbox, outbox, before := look()
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func(ctx context.Context) error{
		"send": func(ctx context.Context) error {
			_, err := a.Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{"d"}})
			return err
		},
		"undo":            func(ctx context.Context) error { return a.Undo(ctx, held.ID) },
		"retry":           func(ctx context.Context) error { return a.Retry(ctx, failed.ID) },
		"delete sent":     func(ctx context.Context) error { return a.DeleteSent(ctx, failed.ID) },
		"mark read":       func(ctx context.Context) error { return a.MarkRead(ctx, "03") },
		"delete received": func(ctx context.Context) error { return a.DeleteReceived(ctx, "03") },
		"quiet":           func(ctx context.Context) error { return a.Quiet(ctx, 5) },
		"the inbox":       func(ctx context.Context) error { _, err := a.Inbox(ctx, localapi.InboxQuery{}); return err },
		"receive":         func(ctx context.Context) error { return explain(saver{e}.Save(ctx, []byte("{}"), nil)) },
		"push":            func(ctx context.Context) error { return explain(pushStore{e.vault}.Save(ctx, []byte("x"))) },
	} {
		var refused *localapi.Error
		if err := do(t.Context()); !errors.As(err, &refused) || refused.Code != localapi.CodeInternal || refused.Message != "This could not be saved." {
			t.Errorf("%s: %v", name, err)
		}
		s, i, o, n := look()
		if !reflect.DeepEqual(s, settings) || !reflect.DeepEqual(i, inbox) || !reflect.DeepEqual(o, outbox) || !reflect.DeepEqual(n, before) {
			t.Errorf("%s changed what is shown: %+v, %+v, %+v, %+v", name, s, i, o, n)
		}
	}
	// The sender sends nothing that it cannot note, and says why.
	svc.ForgetRequests()
	e.change(func(m *model) {
		ready := held
		ready.HeldUntil = time.Time{}
		m.putSent(ready)
	})
	e.sender.work(t.Context())
	if n := len(svc.Requests()); n != 0 {
		t.Errorf("%d requests for a send that could not be noted", n)
	}
	_, _, outbox, _ = look()
	if got := outbox[len(outbox)-1]; got.State != localapi.SendWaiting || got.Reason == "" || got.NextTry.IsZero() {
		t.Errorf("the entry is %+v", got)
	}
}
