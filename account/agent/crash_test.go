package agent

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// engineOn makes an engine on a store, without running it.
func engineOn(t *testing.T, s *store.Store, svc *accounttest.Service) *engine {
	t.Helper()
	a, err := New(Params{DataDir: t.TempDir(), Version: "1", DeviceName: "Desk", Service: Service{
		Server: svc.URL(), ClientID: accounttest.ReferenceClientID, PushServer: svc.PushURL(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(a, &vault{s: s})
	if err != nil {
		t.Fatal(err)
	}
	e.ctx = t.Context()
	a.engine = e
	t.Cleanup(func() {
		e.acct.Close()
		e.http.CloseIdleConnections()
		e.stopCalls()
	})
	return e
}

// process does one event of the account.
func process(t *testing.T, e *engine, event account.Event) account.State {
	t.Helper()
	state, err := e.acct.ProcessEvent(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// signInEngine signs an engine's account in.
func signInEngine(t *testing.T, e *engine, svc *accounttest.Service, who *accounttest.Account) {
	t.Helper()
	process(t, e, account.EventInitialize{Device: account.DeviceConfig{Name: "Desk", Type: account.DeviceDesktop, Capabilities: capabilities}})
	close(e.known)
	redirect, err := svc.Approve(process(t, e, account.EventBeginOAuth{Scopes: scopes, Entrypoint: entrypoint}).OAuthURL, who)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.completeSignIn(t.Context(), redirect); err != nil {
		t.Fatal(err)
	}
}

// A store that takes no transaction takes no tab either: the poll fails, nothing is shown, and the
// next poll gets the same tab, once.
func TestFailingStoreLosesNothing(t *testing.T) {
	svc := accounttest.New(t)
	who := svc.NewAccount("someone@example.com", "a password")
	path := filepath.Join(t.TempDir(), "store.db")
	phrase, err := store.NewPassphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	file, err := store.Create(t.Context(), path, phrase)
	if err != nil {
		t.Fatal(err)
	}
	e := engineOn(t, file, svc)
	signInEngine(t, e, svc, who)
	id, err := e.acct.CurrentDeviceID()
	if err != nil {
		t.Fatal(err)
	}
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	sender := engineOn(t, memory, svc)
	signInEngine(t, sender, svc, who)
	if _, err := sender.acct.SendTab(t.Context(), id, "A page", "https://example.com/once"); err != nil {
		t.Fatal(err)
	}

	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = e.acct.PollCommands(t.Context())
	var save *account.SaveError
	if !errors.As(err, &save) {
		t.Fatalf("the poll says %v", err)
	}
	if e.model.inbox.Total != 0 {
		t.Errorf("the inbox shows %+v", e.model.inbox)
	}
	if code := explain(err).(*localapi.Error).Code; code != localapi.CodeInternal {
		t.Errorf("a face would hear %s", code)
	}

	again, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Unlock(t.Context(), phrase); err != nil {
		t.Fatal(err)
	}
	e.vault.s = again
	for range 2 {
		if _, err := e.acct.PollCommands(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.model.inbox; got.Total != 1 || got.Recent[0].URL != "https://example.com/once" {
		t.Errorf("the inbox shows %+v", got)
	}
	if l, err := load(e.vault); err != nil || l.inbox.Total != 1 {
		t.Errorf("the store holds %+v, %v", l.inbox, err)
	}
}

// A send that was in flight when the agent ended comes back as waiting, and says that it may arrive
// twice.
func TestInFlightAtACrash(t *testing.T) {
	svc := accounttest.New(t)
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Second)
	entry := func(id string, state localapi.SendState, inFlight bool) sent {
		return sent{OutboxEntry: localapi.OutboxEntry{ID: id, State: state, At: at, URL: "https://example.com"}, InFlight: inFlight}
	}
	err = memory.Update(func(tx *store.Tx) error {
		for _, s := range []sent{
			entry("01", localapi.SendWaiting, true), entry("02", localapi.SendWaiting, false), entry("03", localapi.SendAlerted, false),
		} {
			if err := outboxTable.Put(tx, s.ID, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second start finds what the first has put right
		e := engineOn(t, memory, svc)
		want := map[string]bool{"01": true, "02": false, "03": false}
		if len(e.model.outbox) != 3 {
			t.Fatalf("the outbox holds %+v", e.model.outbox)
		}
		for _, s := range e.model.outbox {
			if s.InFlight || s.MayBeTwice != want[s.ID] {
				t.Errorf("entry %s is %+v", s.ID, s)
			}
		}
	}
}

// Damage in single entries does not keep the others from being shown; damage in what everything
// depends on is told.
func TestDamagedEntries(t *testing.T) {
	svc := accounttest.New(t)
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	put := func(bucket, key, value string) {
		t.Helper()
		if err := memory.Update(func(tx *store.Tx) error { return tx.Put(bucket, key, []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	put("inbox", "01", `{"id":"01"}`)
	put("inbox", "02", `not JSON`)
	put("outbox", "03", `[]`)
	e := engineOn(t, memory, svc)
	if e.model.inbox.Total != 1 || len(e.model.outbox) != 0 {
		t.Errorf("inbox %+v, outbox %+v", e.model.inbox, e.model.outbox)
	}
	put(accountBucket, onlyKey, `{"version":99}`)
	if _, err := newEngine(e.a, e.vault); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("an account state that cannot be read: %v", err)
	}
}

// The oldest entries make room, and what still waits never does.
func TestOutboxBound(t *testing.T) {
	var outbox []sent
	for i := range maxOutbox + 10 {
		state := localapi.SendAlerted
		if i >= maxOutbox+5 {
			state = localapi.SendWaiting
		}
		outbox = append(outbox, sent{OutboxEntry: localapi.OutboxEntry{ID: string(rune('a' + i)), State: state}})
	}
	gone := surplus(outbox)
	if len(gone) != 10 || gone[0] != outbox[maxOutbox+4].ID || gone[9] != outbox[maxOutbox-5].ID {
		t.Errorf("%d entries go: %q", len(gone), gone)
	}
	if gone := surplus(outbox[:maxOutbox]); len(gone) != 0 {
		t.Errorf("%d entries go from a list that is not too long", len(gone))
	}
}

func TestInboxBound(t *testing.T) {
	svc := accounttest.New(t)
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	e := engineOn(t, memory, svc)
	var received []account.IncomingCommand
	for i := range maxInbox + 7 {
		received = append(received, &account.TabReceived{
			Incoming: account.Incoming{Index: int64(i + 1)},
			Payload:  account.SendTabPayload{Entries: []account.TabEntry{{URL: "https://example.com"}}},
		})
	}
	for _, batch := range [][]account.IncomingCommand{received[:maxInbox], received[maxInbox:]} {
		if err := (saver{e}).Save(context.Background(), []byte("{}"), batch); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := load(e.vault); err == nil || l.inbox.Total == maxInbox {
		if e.model.inbox.Total != maxInbox || e.model.inbox.Unread != maxInbox || l.inbox.Total != maxInbox {
			t.Errorf("the inbox counts %d, unread %d; the store %d, %v", e.model.inbox.Total, e.model.inbox.Unread, l.inbox.Total, err)
		}
	} else {
		t.Errorf("the store holds %d entries, %v", l.inbox.Total, err)
	}
}

func TestDoubling(t *testing.T) {
	d := doubling{first: time.Second, most: 10 * time.Second}
	for i, want := range []time.Duration{1, 2, 4, 8, 10, 10, 10} {
		if got := d.next(); got != want*time.Second {
			t.Errorf("wait %d is %v", i, got)
		}
	}
	d.reset()
	if got := d.next(); got != time.Second {
		t.Errorf("after a success the wait is %v", got)
	}
}
