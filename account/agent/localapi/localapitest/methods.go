package localapitest

import (
	"context"
	"fmt"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// methods are those of [localapi.Agent], apart from the ones that tests use.
type methods struct{ a *Agent }

var _ localapi.Agent = (*Agent)(nil)

// Watch begins a watch. It waits for the first state, whose events it hears too.
func (m methods) Watch(face localapi.Face) *localapi.Watcher {
	m.a.mu.Lock()
	w := m.a.feed.Watch(face)
	m.a.mu.Unlock()
	<-m.a.begun
	return w
}

// Snapshot answers with the state.
func (m methods) Snapshot(ctx context.Context) (localapi.Snapshot, error) {
	return ask(ctx, m.a, func(s localapi.Snapshot) (localapi.Snapshot, error) { return s, nil }, "Snapshot")
}

// Send answers with a waiting entry for each link and device, o1, o2, … by their order in the call.
func (m methods) Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	return ask(ctx, m.a, func(localapi.Snapshot) (entries []localapi.OutboxEntry, _ error) {
		for _, link := range r.Links {
			for _, id := range r.Devices {
				entries = append(entries, localapi.OutboxEntry{
					ID: fmt.Sprintf("o%d", len(entries)+1), ToID: id, URL: link.URL, Close: r.Close, State: localapi.SendWaiting,
				})
			}
		}
		return entries, nil
	}, "Send", r)
}

// Admit admits a caller of the state, or one that is not there as our own.
func (m methods) Admit(ctx context.Context, r localapi.AdmitRequest) (localapi.Caller, error) {
	return ask(ctx, m.a, func(s localapi.Snapshot) (localapi.Caller, error) {
		for _, c := range s.Callers {
			if c.ID == r.ID {
				return c, nil
			}
		}
		return localapi.Caller{ID: r.ID, Own: true, Decision: localapi.CallerAllowed}, nil
	}, "Admit", r)
}

// ChangeCaller answers with the change.
func (m methods) ChangeCaller(ctx context.Context, c localapi.CallerChange) (localapi.Caller, error) {
	return ask(ctx, m.a, func(localapi.Snapshot) (localapi.Caller, error) {
		return localapi.Caller{ID: c.ID, Decision: c.Decision}, nil
	}, "ChangeCaller", c)
}

// Outbox answers with the state's entries.
func (m methods) Outbox(ctx context.Context) ([]localapi.OutboxEntry, error) {
	return ask(ctx, m.a, func(s localapi.Snapshot) ([]localapi.OutboxEntry, error) { return s.Outbox.Recent, nil }, "Outbox")
}

// Sent looks an entry of the state up.
func (m methods) Sent(ctx context.Context, id string) (localapi.OutboxEntry, error) {
	return ask(ctx, m.a, func(s localapi.Snapshot) (localapi.OutboxEntry, error) {
		for _, e := range s.Outbox.Recent {
			if e.ID == id {
				return e, nil
			}
		}
		return localapi.OutboxEntry{}, &localapi.Error{Code: localapi.CodeNotFound, Message: "There is no such entry."}
	}, "Sent", id)
}

// Inbox answers with the state's entries.
func (m methods) Inbox(ctx context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	return ask(ctx, m.a, func(s localapi.Snapshot) ([]localapi.InboxEntry, error) { return s.Inbox.Recent, nil }, "Inbox", q)
}

// What follows answers with nothing unless scripted.

func (m methods) BeginSignIn(ctx context.Context, email string) (localapi.SignIn, error) {
	return ask[localapi.SignIn](ctx, m.a, nil, "BeginSignIn", email)
}

func (m methods) Avatar(ctx context.Context) ([]byte, error) {
	return ask[[]byte](ctx, m.a, nil, "Avatar")
}

func (m methods) PageURL(ctx context.Context, p localapi.Page) (string, error) {
	return ask[string](ctx, m.a, nil, "PageURL", p)
}

func (m methods) ShowWindow(ctx context.Context, pane string) (bool, error) {
	return ask[bool](ctx, m.a, nil, "ShowWindow", pane)
}

func (m methods) Diagnostics(ctx context.Context) (string, error) {
	return ask[string](ctx, m.a, nil, "Diagnostics")
}

func (m methods) PairingCode(ctx context.Context) (string, error) {
	return ask[string](ctx, m.a, nil, "PairingCode")
}

func (m methods) ForgetEarlier(ctx context.Context) error { return m.tell(ctx, "ForgetEarlier") }

func (m methods) ForgetDamaged(ctx context.Context) error { return m.tell(ctx, "ForgetDamaged") }

func (m methods) FetchEvents(ctx context.Context) ([]localapi.AccountEvent, error) {
	return ask(ctx, m.a, func(localapi.Snapshot) ([]localapi.AccountEvent, error) { return nil, nil }, "FetchEvents")
}

func (m methods) Refresh(ctx context.Context, r localapi.RefreshRequest) error {
	if r.Why == localapi.RefreshAll && !r.Wait {
		return m.tell(ctx, "Refresh")
	}
	return m.tell(ctx, "Refresh", r)
}

func (m methods) SignInShown(ctx context.Context, form localapi.SignInForm) error {
	return m.tell(ctx, "SignInShown", form)
}

func (m methods) CompleteSignIn(ctx context.Context, address string) error {
	return m.tell(ctx, "CompleteSignIn", address)
}

func (m methods) CancelSignIn(ctx context.Context) error { return m.tell(ctx, "CancelSignIn") }

func (m methods) SignOut(ctx context.Context, deleteLocalData bool) error {
	return m.tell(ctx, "SignOut", deleteLocalData)
}

func (m methods) Undo(ctx context.Context, ids ...string) error  { return m.tell(ctx, "Undo", ids) }
func (m methods) Retry(ctx context.Context, ids ...string) error { return m.tell(ctx, "Retry", ids) }

func (m methods) DeleteSent(ctx context.Context, ids ...string) error {
	return m.tell(ctx, "DeleteSent", ids)
}

func (m methods) MarkRead(ctx context.Context, ids ...string) error {
	return m.tell(ctx, "MarkRead", ids)
}

func (m methods) DeleteReceived(ctx context.Context, ids ...string) error {
	return m.tell(ctx, "DeleteReceived", ids)
}

func (m methods) RenameDevice(ctx context.Context, name string) error {
	return m.tell(ctx, "RenameDevice", name)
}

func (m methods) DisconnectDevice(ctx context.Context, id string) error {
	return m.tell(ctx, "DisconnectDevice", id)
}

func (m methods) DisconnectClient(ctx context.Context, id string) error {
	return m.tell(ctx, "DisconnectClient", id)
}

func (m methods) Unlock(ctx context.Context, passphrase string) error {
	return m.tell(ctx, "Unlock", passphrase)
}

func (m methods) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	return m.tell(ctx, "Protect", p, passphrase)
}

func (m methods) SetSettings(ctx context.Context, s localapi.Settings) error {
	return m.tell(ctx, "SetSettings", s)
}

func (m methods) Quiet(ctx context.Context, minutes int) error { return m.tell(ctx, "Quiet", minutes) }

func (m methods) UseDesktop(ctx context.Context, d localapi.Desktop) error {
	return m.tell(ctx, "UseDesktop", d)
}

func (m methods) Renew(ctx context.Context, version string) error {
	return m.tell(ctx, "Renew", version)
}
func (m methods) Quit(ctx context.Context) error        { return m.tell(ctx, "Quit") }
func (m methods) ShowPairing(ctx context.Context) error { return m.tell(ctx, "ShowPairing") }

func (m methods) JoinPairing(ctx context.Context, address string) error {
	return m.tell(ctx, "JoinPairing", address)
}

func (m methods) ConfirmPairing(ctx context.Context, totp string) error {
	return m.tell(ctx, "ConfirmPairing", totp)
}

func (m methods) CancelPairing(ctx context.Context) error { return m.tell(ctx, "CancelPairing") }

// tell answers a method that returns nothing but an error.
func (m methods) tell(ctx context.Context, method string, args ...any) error {
	_, _, err := m.a.asked(ctx, method, args...)
	return err
}
