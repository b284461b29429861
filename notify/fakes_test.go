package notify

import (
	"context"
	"iter"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeAgent gives the updates of a channel and remembers what was read.
type fakeAgent struct {
	updates chan localapi.Update
	err     error // what Watch ends with when updates is closed
	mu      sync.Mutex
	read    []string
}

func (a *fakeAgent) Watch(ctx context.Context, face localapi.Face) iter.Seq2[localapi.Update, error] {
	return func(yield func(localapi.Update, error) bool) {
		if face != localapi.FaceNotify {
			panic("watches as " + face)
		}
		for {
			select {
			case u, ok := <-a.updates:
				if !ok {
					yield(localapi.Update{}, a.err)
					return
				}
				if !yield(u, nil) {
					return
				}
			case <-ctx.Done():
				yield(localapi.Update{}, ctx.Err())
				return
			}
		}
	}
}

func (a *fakeAgent) MarkRead(_ context.Context, ids ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read = append(a.read, ids...)
	return nil
}

func (a *fakeAgent) wasRead() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.read)
}

// fakeBackend keeps what it was asked to show.
type fakeBackend struct {
	clicks    bool
	responses chan Response
	mu        sync.Mutex
	notes     []Notification
	closed    bool
}

func (b *fakeBackend) Show(_ context.Context, n Notification) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, n)
	return nil
}

func (b *fakeBackend) Clicks(context.Context) bool { return b.clicks }

func (b *fakeBackend) Responses() <-chan Response {
	if b.responses == nil {
		return nil
	}
	return b.responses
}

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
