package agent

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/roster"
	"github.com/tabferry/tabferry/account/store"
)

// patience is how long a test waits for something that should happen at once.
const patience = time.Minute

// station is an agent whose store a test exchanges; nothing of it runs by itself.
type station struct {
	t     *testing.T
	agent *Agent
	work  *work
}

// stationOn makes an agent that works on a store.
func stationOn(t *testing.T, s *store.Store, svc *accounttest.Service) station {
	t.Helper()
	a, err := New(Params{DataDir: t.TempDir(), Version: "1", DeviceName: "Desk", Service: Service{
		Server: svc.URL(), ClientID: accounttest.ReferenceClientID, PushServer: svc.PushURL(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := a.open(store.NewVault(s))
	if err != nil {
		t.Fatal(err)
	}
	w.ctx = t.Context()
	a.board.Open(w, localapi.Storage{Protection: localapi.ProtectedByPassphrase})
	t.Cleanup(w.Wait)
	return station{t, a, w}
}

// signIn signs the account in, and tells whose device this is.
func (s station) signIn(svc *accounttest.Service, who *accounttest.Account) {
	s.t.Helper()
	s.work.initialise(s.t.Context())
	state, err := s.work.acct.ProcessEvent(s.t.Context(), account.EventBeginOAuth{Scopes: scopes, Entrypoint: entrypoint})
	if err != nil {
		s.t.Fatal(err)
	}
	redirect, err := svc.Approve(state.OAuthURL, who)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.work.signin.Complete(s.t.Context(), redirect); err != nil {
		s.t.Fatal(err)
	}
}

// inbox is what is shown of the inbox.
func (s station) inbox() localapi.Inbox { return s.agent.board.Now().Inbox }

// sealed makes a store in a file.
func sealed(t *testing.T) (file *store.Store, path string, key store.KeySource) {
	t.Helper()
	phrase, err := store.NewPassphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "store.db")
	if file, err = store.Create(t.Context(), path, phrase); err != nil {
		t.Fatal(err)
	}
	return file, path, phrase
}

func inMemory(t *testing.T) *store.Store {
	t.Helper()
	memory, err := store.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	return memory
}

// A sign-out that cannot be stored leaves nothing undone: what was being asked, and was ended for it, is asked again,
// and nothing is deleted later.
func TestSignOutThatFails(t *testing.T) {
	const devices = "GET /v1/account/devices"
	svc := accounttest.New(t)
	s := stationOn(t, inMemory(t), svc)
	s.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	w := s.work
	asked := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(patience); len(svc.Requests(devices)) < n; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the devices were asked for %d times", len(svc.Requests(devices)))
			}
		}
	}
	svc.Faults.Next(devices, 0, accounttest.Delay(time.Hour))
	w.beside(w.roster.Run)
	w.roster.Mark(roster.Devices)
	asked(1)
	w.over.Store(true) // the account cannot be saved
	w.calls.End()
	if err := w.signOut(t.Context(), true); err == nil {
		t.Fatal("the sign-out went well")
	}
	asked(2)
	if w.settings.DeleteWhenDone() {
		t.Error("the data of somebody who is signed in is to be deleted")
	}
}

// A store that takes no transaction takes no tab either: the poll fails, nothing is shown, and the
// next poll gets the same tab, once.
func TestFailingStoreLosesNothing(t *testing.T) {
	svc := accounttest.New(t)
	who := svc.NewAccount("someone@example.com", "a password")
	file, path, key := sealed(t)
	s := stationOn(t, file, svc)
	s.signIn(svc, who)
	id, err := s.work.acct.CurrentDeviceID()
	if err != nil {
		t.Fatal(err)
	}
	sender := stationOn(t, inMemory(t), svc)
	sender.signIn(svc, who)
	if _, err := sender.work.acct.SendTab(t.Context(), id, "A page", "https://example.com/once"); err != nil {
		t.Fatal(err)
	}

	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = s.work.acct.PollCommands(t.Context())
	var save *account.SaveError
	if !errors.As(err, &save) {
		t.Fatalf("the poll says %v", err)
	}
	if s.inbox().Total != 0 {
		t.Errorf("the inbox shows %+v", s.inbox())
	}
	if code := board.Refusal(err).(*localapi.Error).Code; code != localapi.CodeInternal {
		t.Errorf("a face would hear %s", code)
	}
	again, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	if err := again.Unlock(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	s.work.vault = store.NewVault(again)
	for range 2 {
		if _, err := s.work.acct.PollCommands(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.inbox(); got.Total != 1 || got.Recent[0].URL != "https://example.com/once" {
		t.Errorf("the inbox shows %+v", got)
	}
	if got := stationOn(t, again, svc).inbox(); got.Total != 1 {
		t.Errorf("the store holds %+v", got)
	}
}

// TestATabWaitsForItsOwnTransactionAlone: the server is asked at once, whatever the store is doing, and not after the
// push was recorded; several pushes are recorded together. A tab is shown once it is stored, and once.
func TestATabWaitsForItsOwnTransactionAlone(t *testing.T) {
	svc := accounttest.New(t)
	who := svc.NewAccount("someone@example.com", "a password")
	s := stationOn(t, inMemory(t), svc)
	var writes atomic.Int64
	s.work.vault.Hear(func(o store.Outcome) {
		if o.Wrote {
			writes.Add(1)
		}
	})
	s.signIn(svc, who)
	s.work.beside(s.work.subscription.Connect)
	s.work.beside(s.work.subscription.Run)
	sender := stationOn(t, inMemory(t), svc)
	sender.signIn(svc, who)
	id, err := s.work.acct.CurrentDeviceID()
	if err != nil {
		t.Fatal(err)
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("waited in vain for %s", what)
			}
		}
	}
	const asks = "GET /v1/account/device/commands"
	until("the subscription", s.work.subscription.Alerted)
	s.work.beside(s.work.poller.Run)
	until("the first poll", func() bool { return len(svc.Requests(asks)) > 0 })
	before := len(svc.Requests(asks))
	send := func() error {
		_, err := sender.work.acct.SendTab(t.Context(), id, "A page", "https://example.com/once")
		return err
	}
	err = s.work.vault.Update(func(*store.Tx) error { // meanwhile nothing else is stored
		if err := send(); err != nil {
			return err
		}
		until("the request for the tab", func() bool { return len(svc.Requests(asks)) > before })
		if got := s.inbox(); got.Total != 0 {
			t.Errorf("shown before it is stored: %+v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	until("the tab", func() bool { return s.inbox().Total == 1 })
	const tabs = 12
	wrote, began := writes.Load(), time.Now()
	for i := range tabs {
		if err := send(); err != nil {
			t.Fatal(err)
		}
		until("a tab", func() bool { return s.inbox().Total == 2+i })
	}
	// At most one a second for all pushes; the first tab's may come as well.
	if n := writes.Load() - wrote; n > tabs+2+int64(time.Since(began)/time.Second) {
		t.Errorf("%d transactions for %d tabs", n, tabs)
	}
	until("the acknowledgements", func() bool { return len(svc.Push().Acks()) > tabs })
	if got, asked := s.inbox().Total, len(svc.Requests(asks))-before; got != tabs+1 || asked != tabs+1 {
		t.Errorf("%d tabs by %d requests", got, asked)
	}
}

// TestASendIsTwoTransactions: one notes the device, queues the tab and begins to send it, one holds what the server said.
func TestASendIsTwoTransactions(t *testing.T) {
	svc := accounttest.New(t)
	who := svc.NewAccount("someone@example.com", "a password")
	disk := inMemory(t)
	s := stationOn(t, disk, svc)
	var writes atomic.Int64
	s.work.vault.Hear(func(o store.Outcome) {
		if o.Wrote {
			writes.Add(1)
		}
	})
	other := stationOn(t, inMemory(t), svc)
	other.signIn(svc, who)
	s.signIn(svc, who)
	if _, err := s.work.acct.Devices(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.agent.board.Change(s.work.roster.Show)
	s.work.beside(s.work.outbox.Run)
	send := func() []localapi.OutboxEntry {
		t.Helper()
		r := localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, To: &localapi.Choice{}}
		_, queued, err := s.work.send(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return s.work.outbox.Settled(t.Context(), queued)
	}
	send() // the first may come before the sender runs
	before := writes.Load()
	sent := send()
	if n := writes.Load() - before; n != 2 || sent[0].State != localapi.SendPushOff {
		t.Errorf("%d transactions until it is %s", n, sent[0].State)
	}
	for _, s := range []station{s, stationOn(t, disk, svc)} {
		if d := s.agent.board.Now().Devices.Items[0]; d.ID != sent[0].ToID || d.LastSentTo.IsZero() {
			t.Errorf("the device that is shown first is %+v", d)
		}
	}
}

// Damage in single entries does not keep the others from being shown; damage in what everything
// depends on is told.
func TestDamagedEntries(t *testing.T) {
	svc := accounttest.New(t)
	memory := inMemory(t)
	put := func(bucket, key, value string) {
		t.Helper()
		if err := memory.Update(func(tx *store.Tx) error { return tx.Put(bucket, key, []byte(value)) }); err != nil {
			t.Fatal(err)
		}
	}
	s := stationOn(t, memory, svc)
	s.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	owner := s.work.people.Owner()
	put(owner+"/inbox", "01", `{"id":"01"}`)
	put(owner+"/inbox", "02", `not JSON`)
	put(owner+"/outbox", "03", `[]`)
	s = stationOn(t, memory, svc)
	if shown := s.agent.board.Now(); shown.Inbox.Total != 1 || len(shown.Outbox.Recent) != 0 || shown.Storage.Damaged != 2 {
		t.Errorf("inbox %+v, outbox %+v, %d damaged", shown.Inbox, shown.Outbox, shown.Storage.Damaged)
	}
	put("account", "state", `{"version":99}`)
	if _, err := s.agent.open(s.work.vault); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("an account state that cannot be read: %v", err)
	}
}

// TestOpeningWritesNothing: a file on which nothing has changed is read at a start, and not written: what is read
// last may be damaged, and such a file is left alone.
func TestOpeningWritesNothing(t *testing.T) {
	svc := accounttest.New(t)
	file, path, key := sealed(t)
	s := stationOn(t, file, svc)
	s.arrive(3)
	s.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	var before []byte
	for start := range 3 {
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if file, err = store.Open(path); err != nil {
			t.Fatal(err)
		}
		if err := file.Unlock(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		stationOn(t, file, svc)
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if start > 0 && !bytes.Equal(now, before) { // the first one learns whose all of it is
			t.Errorf("start %d has changed the file", start+1)
		}
		before = now
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
