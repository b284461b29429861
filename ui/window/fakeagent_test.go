package window

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// fakeAgent records what the window asks and answers what a test prepared.
type fakeAgent struct {
	mu      sync.Mutex
	calls   []string
	refuse  map[string]error // by method name
	hold    map[string]chan struct{}
	sent    []localapi.SendRequest
	set     []localapi.Settings
	found   []localapi.InboxEntry
	picture []byte
	signIn  localapi.SignIn
	code    string
	newest  *localapi.Snapshot // what Snapshot gives, nil for a refusal

	updates chan localapi.Update
	down    bool // Watch refuses
	watches int
}

func newFakeAgent() *fakeAgent {
	return &fakeAgent{
		refuse: map[string]error{}, hold: map[string]chan struct{}{}, updates: make(chan localapi.Update, 16),
		code: "https://accounts.firefox.com/pair#channel_id=AAAAAAAAAAAAAAAAAAAAAA&channel_key=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
	}
}

// note records a call and gives the answer prepared for the method.
func (a *fakeAgent) note(ctx context.Context, method string, args ...any) error {
	a.mu.Lock()
	parts := []string{method}
	for _, arg := range args {
		parts = append(parts, fmt.Sprint(arg))
	}
	a.calls = append(a.calls, strings.Join(parts, " "))
	err, wait := a.refuse[method], a.hold[method]
	a.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}

// take gives the calls so far and forgets them.
func (a *fakeAgent) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := slices.Clone(a.calls)
	a.calls = nil
	return calls
}

// Snapshot is asked for by the way, so it is not noted.
func (a *fakeAgent) Snapshot(context.Context) (localapi.Snapshot, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.newest == nil {
		return localapi.Snapshot{}, io.EOF
	}
	return *a.newest, nil
}

func (a *fakeAgent) setRefusal(method string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse[method] = err
}

func (a *fakeAgent) setDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

func (a *fakeAgent) Watch(ctx context.Context, face localapi.Face) iter.Seq2[localapi.Update, error] {
	return func(yield func(localapi.Update, error) bool) {
		a.mu.Lock()
		down := a.down
		a.watches++
		a.mu.Unlock()
		if down {
			yield(localapi.Update{}, &localapi.Error{Code: localapi.CodeNotReachable, Message: "no agent"})
			return
		}
		for {
			select {
			case <-ctx.Done():
				yield(localapi.Update{}, context.Cause(ctx))
				return
			case u, ok := <-a.updates:
				if !ok {
					a.mu.Lock()
					a.updates = make(chan localapi.Update, 16)
					a.mu.Unlock()
					yield(localapi.Update{}, &localapi.Error{Code: localapi.CodeNotReachable, Message: io.EOF.Error()})
					return
				}
				if !yield(u, nil) {
					return
				}
			}
		}
	}
}

func (a *fakeAgent) Refresh(ctx context.Context) error { return a.note(ctx, "Refresh") }

func (a *fakeAgent) BeginSignIn(ctx context.Context, email string) (localapi.SignIn, error) {
	return a.signIn, a.note(ctx, "BeginSignIn", email)
}

func (a *fakeAgent) CompleteSignIn(ctx context.Context, address string) error {
	return a.note(ctx, "CompleteSignIn", address)
}

func (a *fakeAgent) CancelSignIn(ctx context.Context) error { return a.note(ctx, "CancelSignIn") }

func (a *fakeAgent) SignOut(ctx context.Context, purge bool) error {
	return a.note(ctx, "SignOut", purge)
}

func (a *fakeAgent) Unlock(ctx context.Context, passphrase string) error {
	return a.note(ctx, "Unlock", passphrase)
}

func (a *fakeAgent) Protect(ctx context.Context, p localapi.Protection, passphrase string) error {
	return a.note(ctx, "Protect", p, passphrase)
}

func (a *fakeAgent) Send(ctx context.Context, r localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	err := a.note(ctx, "Send", len(r.Links), strings.Join(r.Devices, ","))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, r)
	var entries []localapi.OutboxEntry
	for i := range r.Links {
		for _, d := range r.Devices {
			entries = append(entries, localapi.OutboxEntry{ID: fmt.Sprintf("new-%d-%s", i, d), ToID: d})
		}
	}
	return entries, nil
}

func (a *fakeAgent) Undo(ctx context.Context, ids ...string) error {
	return a.note(ctx, "Undo", strings.Join(ids, ","))
}

func (a *fakeAgent) Retry(ctx context.Context, ids ...string) error {
	return a.note(ctx, "Retry", strings.Join(ids, ","))
}

func (a *fakeAgent) DeleteSent(ctx context.Context, ids ...string) error {
	return a.note(ctx, "DeleteSent", strings.Join(ids, ","))
}

func (a *fakeAgent) Inbox(ctx context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	err := a.note(ctx, "Inbox", q.Text, q.Limit)
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.found), err
}

func (a *fakeAgent) MarkRead(ctx context.Context, ids ...string) error {
	return a.note(ctx, "MarkRead", strings.Join(ids, ","))
}

func (a *fakeAgent) DeleteReceived(ctx context.Context, ids ...string) error {
	return a.note(ctx, "DeleteReceived", strings.Join(ids, ","))
}

func (a *fakeAgent) RenameDevice(ctx context.Context, name string) error {
	return a.note(ctx, "RenameDevice", name)
}

func (a *fakeAgent) DisconnectDevice(ctx context.Context, id string) error {
	return a.note(ctx, "DisconnectDevice", id)
}

func (a *fakeAgent) DisconnectClient(ctx context.Context, id string) error {
	return a.note(ctx, "DisconnectClient", id)
}

func (a *fakeAgent) Avatar(ctx context.Context) ([]byte, error) {
	return a.picture, a.note(ctx, "Avatar")
}

func (a *fakeAgent) PageURL(ctx context.Context, p localapi.Page) (string, error) {
	return "https://accounts.example/" + string(p), a.note(ctx, "PageURL", p)
}

func (a *fakeAgent) SetSettings(ctx context.Context, s localapi.Settings) error {
	if err := a.note(ctx, "SetSettings"); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.set = append(a.set, s)
	return nil
}

func (a *fakeAgent) Quiet(ctx context.Context, minutes int) error {
	return a.note(ctx, "Quiet", minutes)
}

func (a *fakeAgent) Diagnostics(ctx context.Context) (string, error) {
	return "all is well", a.note(ctx, "Diagnostics")
}

func (a *fakeAgent) ShowPairing(ctx context.Context) error { return a.note(ctx, "ShowPairing") }

func (a *fakeAgent) PairingCode(ctx context.Context) (string, error) {
	return a.code, a.note(ctx, "PairingCode")
}

func (a *fakeAgent) JoinPairing(ctx context.Context, address string) error {
	return a.note(ctx, "JoinPairing", address)
}

func (a *fakeAgent) ConfirmPairing(ctx context.Context, totp string) error {
	return a.note(ctx, "ConfirmPairing", totp)
}

func (a *fakeAgent) CancelPairing(ctx context.Context) error { return a.note(ctx, "CancelPairing") }
