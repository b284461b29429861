package localapi_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// recorder is an agent that writes down what it is asked and answers as told.
type recorder struct {
	feed localapi.Feed

	mu    sync.Mutex
	calls []string
	fail  error
}

func (r *recorder) note(name string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, fmt.Sprint(append([]any{name}, args...)...))
	return r.fail
}

// taken gives the calls so far and forgets them.
func (r *recorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

func (r *recorder) failWith(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
}

func (r *recorder) Snapshot(context.Context) (localapi.Snapshot, error) {
	return localapi.Snapshot{Revision: 7, Version: "1.2.3"}, r.note("Snapshot")
}

func (r *recorder) Watch(face localapi.Face) *localapi.Watcher {
	_ = r.note("Watch ", face)
	return r.feed.Watch(face)
}
func (r *recorder) Refresh(context.Context) error { return r.note("Refresh") }
func (r *recorder) BeginSignIn(_ context.Context, email string) (localapi.SignIn, error) {
	return localapi.SignIn{URL: "https://example.com/page", Loopback: true}, r.note("BeginSignIn ", email)
}

func (r *recorder) CompleteSignIn(_ context.Context, address string) error {
	return r.note("CompleteSignIn ", address)
}
func (r *recorder) CancelSignIn(context.Context) error { return r.note("CancelSignIn") }
func (r *recorder) SignOut(_ context.Context, all bool) error {
	return r.note("SignOut ", all)
}

func (r *recorder) Send(_ context.Context, q localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	return []localapi.OutboxEntry{{ID: "o1", URL: q.Links[0].URL}}, r.note("Send ", fmt.Sprintf("%+v", q))
}
func (r *recorder) Undo(_ context.Context, ids ...string) error  { return r.note("Undo ", ids) }
func (r *recorder) Retry(_ context.Context, ids ...string) error { return r.note("Retry ", ids) }
func (r *recorder) DeleteSent(_ context.Context, ids ...string) error {
	return r.note("DeleteSent ", ids)
}

func (r *recorder) Sent(_ context.Context, id string) (localapi.OutboxEntry, error) {
	return localapi.OutboxEntry{ID: id}, r.note("Sent ", id)
}

func (r *recorder) Outbox(context.Context) ([]localapi.OutboxEntry, error) {
	return []localapi.OutboxEntry{{ID: "o1"}}, r.note("Outbox")
}

func (r *recorder) Inbox(_ context.Context, q localapi.InboxQuery) ([]localapi.InboxEntry, error) {
	return []localapi.InboxEntry{{ID: "i1"}}, r.note("Inbox ", fmt.Sprintf("%+v", q))
}

func (r *recorder) MarkRead(_ context.Context, ids ...string) error { return r.note("MarkRead ", ids) }

func (r *recorder) DeleteReceived(_ context.Context, ids ...string) error {
	return r.note("DeleteReceived ", ids)
}

func (r *recorder) RenameDevice(_ context.Context, name string) error {
	return r.note("RenameDevice ", name)
}

func (r *recorder) DisconnectDevice(_ context.Context, id string) error {
	return r.note("DisconnectDevice ", id)
}

func (r *recorder) DisconnectClient(_ context.Context, id string) error {
	return r.note("DisconnectClient ", id)
}

func (r *recorder) Avatar(context.Context) ([]byte, error) {
	return []byte{0x89, 'P', 'N', 'G'}, r.note("Avatar")
}

func (r *recorder) PageURL(_ context.Context, p localapi.Page) (string, error) {
	return "https://example.com/settings", r.note("PageURL ", p)
}

func (r *recorder) Unlock(_ context.Context, phrase string) error { return r.note("Unlock ", phrase) }

func (r *recorder) Protect(_ context.Context, p localapi.Protection, phrase string) error {
	return r.note("Protect ", p, " ", phrase)
}

func (r *recorder) SetSettings(_ context.Context, s localapi.Settings) error {
	return r.note("SetSettings ", fmt.Sprintf("%+v", s))
}
func (r *recorder) Quiet(_ context.Context, minutes int) error { return r.note("Quiet ", minutes) }
func (r *recorder) ShowWindow(_ context.Context, pane string) (bool, error) {
	return true, r.note("ShowWindow ", pane)
}
func (r *recorder) Quit(context.Context) error { return r.note("Quit") }
func (r *recorder) Diagnostics(context.Context) (string, error) {
	return "all is well\n", r.note("Diagnostics")
}
func (r *recorder) ShowPairing(context.Context) error { return r.note("ShowPairing") }
func (r *recorder) PairingCode(context.Context) (string, error) {
	return "https://example.com/pair#channel_id=x", r.note("PairingCode")
}

func (r *recorder) JoinPairing(_ context.Context, address string) error {
	return r.note("JoinPairing ", address)
}

func (r *recorder) ConfirmPairing(_ context.Context, totp string) error {
	return r.note("ConfirmPairing ", totp)
}
func (r *recorder) CancelPairing(context.Context) error { return r.note("CancelPairing") }
