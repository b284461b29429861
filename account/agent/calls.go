package agent

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// The calls that belong to one part go there and nowhere else.

// on runs a call on the work on the open store.
func on(a *Agent, ctx context.Context, call func(*work) error) error {
	_, err := from(a, ctx, func(w *work) (struct{}, error) { return struct{}{}, call(w) })
	return err
}

// from is on for a call that returns something.
func from[T any](a *Agent, ctx context.Context, call func(*work) (T, error)) (T, error) {
	w, err := a.storage.Current(ctx)
	if err != nil {
		return *new(T), err
	}
	return call(w)
}

// onKnown is on once the account knows its own state.
func onKnown(a *Agent, ctx context.Context, call func(*work) error) error {
	w, err := a.known(ctx)
	if err != nil {
		return err
	}
	return call(w)
}

// CompleteSignIn takes the final address of a sign-in that does not come back by itself.
func (a *Agent) CompleteSignIn(ctx context.Context, address string) error {
	return onKnown(a, ctx, func(w *work) error { return w.signin.Complete(ctx, address) })
}

// CancelSignIn ends the sign-in under way.
func (a *Agent) CancelSignIn(ctx context.Context) error {
	return onKnown(a, ctx, func(w *work) error { w.signin.Cancel(ctx); return nil })
}

// ShowPairing begins to show a pairing code for a phone.
func (a *Agent) ShowPairing(ctx context.Context) error {
	return onKnown(a, ctx, func(w *work) error { return w.pairing.Show(ctx) })
}

// JoinPairing begins to join the device whose code reads as address.
func (a *Agent) JoinPairing(ctx context.Context, address string) error {
	return onKnown(a, ctx, func(w *work) error { return w.pairing.Join(ctx, address) })
}

// PairingCode returns the address to draw while the code is shown. It is in no snapshot and no log.
func (a *Agent) PairingCode(ctx context.Context) (string, error) {
	return from(a, ctx, func(w *work) (string, error) { return w.pairing.Code() })
}

// ConfirmPairing says yes to the peer shown.
func (a *Agent) ConfirmPairing(ctx context.Context, totp string) error {
	return on(a, ctx, func(w *work) error { return w.pairing.Confirm(ctx, totp) })
}

// CancelPairing declines the peer or ends the pairing, and clears an ended one.
func (a *Agent) CancelPairing(ctx context.Context) error {
	return on(a, ctx, func(w *work) error { return w.pairing.Cancel(ctx) })
}

// Unlock opens a store protected by a passphrase, or asks the keyring again when passphrase is empty.
func (a *Agent) Unlock(ctx context.Context, passphrase string) error {
	return a.storage.Unlock(ctx, passphrase)
}

// Protect chooses how an undecided store is protected: by a passphrase, memory only, or by the keyring.
func (a *Agent) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	return a.storage.Protect(ctx, p, passphrase)
}

// ForgetEarlier removes what those left here who were signed in before.
func (a *Agent) ForgetEarlier(ctx context.Context) error {
	return on(a, ctx, func(w *work) error { return w.people.ForgetEarlier(ctx) })
}

// ForgetDamaged removes the stored values that could not be read any more and were put aside.
func (a *Agent) ForgetDamaged(ctx context.Context) error {
	return on(a, ctx, func(w *work) error {
		return board.Refusal(w.vault.Write(ctx, (*store.Tx).ForgetDamaged, func() {
			a.board.Change(func(s *localapi.Snapshot) { s.Storage.Damaged = 0 })
		}))
	})
}

// FetchEvents asks the events server for what the accounts server told of this account.
func (a *Agent) FetchEvents(ctx context.Context) ([]localapi.AccountEvent, error) {
	w, err := a.known(ctx)
	if err != nil {
		return nil, err
	}
	return w.signals.Told(ctx)
}

// Quiet silences notifications for some minutes; zero ends the silence.
func (a *Agent) Quiet(ctx context.Context, minutes int) error {
	return on(a, ctx, func(w *work) error { return w.settings.Quiet(ctx, minutes) })
}

// Inbox returns a page of received entries, newest first.
func (a *Agent) Inbox(ctx context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	return from(a, ctx, func(w *work) ([]localapi.InboxEntry, error) { return w.inbox.Page(q) })
}

// MarkRead marks received entries as read. Entries that are gone are no error.
func (a *Agent) MarkRead(ctx context.Context, ids ...string) error {
	return on(a, ctx, func(w *work) error { return w.inbox.MarkRead(ctx, ids...) })
}

// DeleteReceived removes received entries. Entries that are gone are no error.
func (a *Agent) DeleteReceived(ctx context.Context, ids ...string) error {
	return on(a, ctx, func(w *work) error { return w.inbox.Delete(ctx, ids...) })
}

var otherVersion = localapi.NewPhrase("other_version", "Tabferry {running} is running, and {version} has called.", "")

// Send queues links for devices: one entry for each link and device, in the store before the answer. It
// waits for the server as long as the request says.
func (a *Agent) Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	if r.Start != nil && r.Start.Version != a.params.Version {
		return nil, otherVersion.Refuse(localapi.CodeUnsupported, "running", a.params.Version, "version", r.Start.Version)
	}
	w, err := a.storage.Current(ctx)
	if err != nil {
		return nil, err
	}
	chosen, entries, err := w.send(ctx, r)
	if w.missing(ctx, err) {
		chosen, entries, err = w.send(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	w.callers.Sent(chosen)
	if r.To != nil {
		w.roster.Seen() // whoever names a device looks
	}
	if r.Start != nil {
		defer a.offer(r.Start.Desktop)
	}
	limited, cancel := context.WithTimeout(ctx, time.Duration(r.WaitMillis)*time.Millisecond)
	defer cancel()
	defer context.AfterFunc(a.life, cancel)()
	return w.outbox.Settled(limited, entries), nil
}

// send finds the devices that a request means, and queues its links for them.
func (w *work) send(ctx context.Context, r localapi.SendRequest) (chosen localapi.SendRequest, entries []localapi.OutboxEntry, err error) {
	if chosen, err = w.outbox.Chosen(r); err == nil {
		entries, err = w.outbox.Send(ctx, chosen)
	}
	return chosen, entries, err
}

// missTime is how long a send whose device is not in the list waits for a newer one.
const missTime = 5 * time.Second

// missing reports whether a device was looked for in vain, in a list that has been fetched anew since.
func (w *work) missing(ctx context.Context, err error) bool {
	var refusal *localapi.Error
	if !errors.As(err, &refusal) || refusal.Code != localapi.CodeNoDevice {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, missTime)
	defer cancel()
	return w.roster.Refresh(ctx, localapi.RefreshMissing, true) == nil
}

// Admit reports who a caller is if it may do what it asks for, and counts the call.
func (a *Agent) Admit(ctx context.Context, r localapi.AdmitRequest) (localapi.Caller, error) {
	return from(a, ctx, func(w *work) (localapi.Caller, error) { return w.callers.Admit(ctx, r) })
}

// ChangeCaller does what a person decided about a caller.
func (a *Agent) ChangeCaller(ctx context.Context, c localapi.CallerChange) (localapi.Caller, error) {
	return from(a, ctx, func(w *work) (localapi.Caller, error) { return w.callers.Change(ctx, c) })
}

// Sent returns one entry as it is now.
func (a *Agent) Sent(ctx context.Context, id string) (localapi.OutboxEntry, error) {
	return from(a, ctx, func(w *work) (localapi.OutboxEntry, error) { return w.outbox.Entry(id) })
}

// Outbox returns all entries, newest first.
func (a *Agent) Outbox(ctx context.Context) ([]localapi.OutboxEntry, error) {
	return from(a, ctx, func(w *work) ([]localapi.OutboxEntry, error) { return w.outbox.Entries() })
}

// Undo takes back entries that are still held. Those that can be taken back are, even if others have
// left already.
func (a *Agent) Undo(ctx context.Context, ids ...string) error {
	return on(a, ctx, func(w *work) error { return w.outbox.Undo(ctx, ids...) })
}

// Retry tries failed or waiting entries now.
func (a *Agent) Retry(ctx context.Context, ids ...string) error {
	return on(a, ctx, func(w *work) error { return w.outbox.Retry(ctx, ids...) })
}

// DeleteSent removes entries; a waiting one is not sent then.
func (a *Agent) DeleteSent(ctx context.Context, ids ...string) error {
	return on(a, ctx, func(w *work) error { return w.outbox.Delete(ctx, ids...) })
}

// RenameDevice gives this device another name.
func (a *Agent) RenameDevice(ctx context.Context, name string) error {
	return onKnown(a, ctx, func(w *work) error { return w.roster.Rename(ctx, name) })
}

// DisconnectDevice signs another device out of the account.
func (a *Agent) DisconnectDevice(ctx context.Context, id string) error {
	return onKnown(a, ctx, func(w *work) error { return w.roster.DisconnectDevice(ctx, id) })
}

// DisconnectClient ends the access of another attached client.
func (a *Agent) DisconnectClient(ctx context.Context, id string) error {
	return onKnown(a, ctx, func(w *work) error { return w.roster.DisconnectClient(ctx, id) })
}

// Avatar returns the account's picture, PNG or JPEG.
func (a *Agent) Avatar(ctx context.Context) ([]byte, error) {
	return from(a, ctx, func(w *work) ([]byte, error) { return w.roster.Avatar(ctx) })
}

// PageURL returns the address of a page of the accounts server.
func (a *Agent) PageURL(ctx context.Context, p localapi.Page) (string, error) {
	return from(a, ctx, func(w *work) (string, error) { return w.roster.PageURL(ctx, p) })
}
