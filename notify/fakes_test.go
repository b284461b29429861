package notify

import (
	"context"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeBackend keeps what it was asked to show.
type fakeBackend struct {
	clicks    bool
	responses chan Response
	ready     chan struct{}
	refuses   error
	mu        sync.Mutex
	notes     []Notification
	withdrawn []string
	closed    bool
}

func (b *fakeBackend) Show(_ context.Context, n Notification) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses != nil {
		return b.refuses
	}
	b.notes = append(b.notes, n)
	return nil
}

func (b *fakeBackend) Withdraw(_ context.Context, slot string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.withdrawn = append(b.withdrawn, slot)
	return nil
}

// able has everything refused from now on, or nothing.
func (b *fakeBackend) able(refuses error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses = refuses
}

func (b *fakeBackend) Clicks(context.Context) bool { return b.clicks }

func (b *fakeBackend) Responses() <-chan Response {
	if b.responses == nil {
		return nil
	}
	return b.responses
}

func (b *fakeBackend) Ready() <-chan struct{} { return b.ready }

func (b *fakeBackend) Close() error { b.closed = true; return nil }

func (b *fakeBackend) shown() []Notification {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notes)
}

func english(string) *i18n.Catalogue { return i18n.New("en") }

func tab(id, from, host, title string) localapi.InboxEntry {
	return localapi.InboxEntry{
		ID: id, Kind: localapi.KindTab, From: from, FromID: "id of " + from, Title: title,
		URL: "https://" + host + "/path?secret=1", Host: host, CanOpen: true,
	}
}

func received(entries ...localapi.InboxEntry) localapi.Update {
	return localapi.Update{
		Snapshot: localapi.Snapshot{Settings: on()},
		Events:   []localapi.Event{{Kind: localapi.TabsReceived, Entries: entries}},
	}
}

func on() localapi.Settings {
	return localapi.Settings{Notifications: true, Grouped: true, Browser: "my-browser"}
}

// quietBackend shows nothing and keeps nothing.
type quietBackend struct{}

func (quietBackend) Show(context.Context, Notification) error { return nil }
func (quietBackend) Withdraw(context.Context, string) error   { return nil }
func (quietBackend) Clicks(context.Context) bool              { return true }
func (quietBackend) Responses() <-chan Response               { return make(chan Response) }
func (quietBackend) Ready() <-chan struct{}                   { return nil }
func (quietBackend) Close() error                             { return nil }
