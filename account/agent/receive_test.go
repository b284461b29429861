package agent_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// A crash before the transaction leaves the tab on the server; a crash after it leaves it in the
// store. Either way it is shown once.
func TestReceiveOnceAcrossCrashes(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")

	lap.end()
	before, err := os.ReadFile(lap.storeFile())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		desk.awaitSent(desk.send(to, fmt.Sprintf("https://example.com/%d", i), "").ID, localapi.SendAlerted, localapi.SendPushOff, localapi.SendAccepted)
	}
	lap.run().await("the tabs", func(s localapi.Snapshot) bool { return s.Inbox.Total == 3 })

	// After the transaction: another start shows nothing new.
	events := func() func() []localapi.Event { lap.again(); return lap.events() }()
	lap.await("the restart", settled)
	desk.awaitSent(desk.send(to, "https://example.com/after", "").ID, localapi.SendAlerted)
	lap.await("the next tab alone", func(s localapi.Snapshot) bool { return s.Inbox.Total >= 4 })
	if n := len(lap.inbox()); n != 4 {
		t.Errorf("%d entries after a restart", n)
	}
	if e := lap.awaitEvent(events, localapi.TabsReceived); len(e.Entries) != 1 || e.Entries[0].URL != "https://example.com/after" {
		t.Errorf("told of %+v", e.Entries)
	}

	// Before the transaction: the store is as it was before the tabs came.
	lap.end()
	if err := os.WriteFile(lap.storeFile(), before, 0o600); err != nil {
		t.Fatal(err)
	}
	lap.run().await("the tabs again", func(s localapi.Snapshot) bool { return s.Inbox.Total >= 4 })
	if n := len(lap.inbox()); n != 4 {
		t.Errorf("%d entries after the crash", n)
	}
}

func TestInbox(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	for i := range 60 {
		desk.send(to, fmt.Sprintf("https://example.com/%02d", i), fmt.Sprintf("Page %02d", i))
	}
	lap.await("sixty tabs", func(s localapi.Snapshot) bool { return s.Inbox.Total == 60 && s.Inbox.Unread == 60 })
	if n := len(lap.snapshot().Inbox.Recent); n != localapi.RecentEntries {
		t.Errorf("the snapshot holds %d entries", n)
	}
	var all []localapi.InboxEntry
	for before := ""; ; before = all[len(all)-1].ID {
		page, err := lap.face.Inbox(t.Context(), localapi.InboxQuery{Before: before, Limit: 25})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
	}
	if len(all) != 60 || all[0].Title != "Page 59" || all[59].Title != "Page 00" {
		t.Fatalf("%d entries in pages, from %q to %q", len(all), all[0].Title, all[len(all)-1].Title)
	}
	found, err := lap.face.Inbox(t.Context(), localapi.InboxQuery{Text: "pAGE 3"})
	if err != nil || len(found) != 10 {
		t.Errorf("a search finds %d entries, %v", len(found), err)
	}
	if err := lap.face.MarkRead(t.Context(), all[0].ID, all[1].ID, all[0].ID, "unknown"); err != nil {
		t.Error(err)
	}
	if err := lap.face.DeleteReceived(t.Context(), all[0].ID, all[2].ID, all[2].ID, "unknown"); err != nil {
		t.Error(err)
	}
	if s := lap.snapshot().Inbox; s.Total != 58 || s.Unread != 57 || s.Recent[0].ID != all[1].ID || !s.Recent[0].Read || len(s.Recent) != localapi.RecentEntries {
		t.Errorf("the inbox counts %d, unread %d", s.Total, s.Unread)
	}
	if unread, err := lap.face.Inbox(t.Context(), localapi.InboxQuery{Unread: true, Limit: 500}); err != nil || len(unread) != 57 {
		t.Errorf("%d unread entries, %v", len(unread), err)
	}
	if s := lap.again().snapshot().Inbox; s.Total != 58 || s.Unread != 57 {
		t.Errorf("after a restart the inbox counts %d, unread %d", s.Total, s.Unread)
	}
	// Many at once, from the middle: what is left is shown at once, and then nothing is.
	var ids []string
	for _, entry := range all[3:] {
		ids = append(ids, entry.ID)
	}
	for _, part := range []struct {
		ids  []string
		left int
	}{{ids[20:40], 38}, {append(ids, all[1].ID), 0}} {
		if err := lap.face.DeleteReceived(t.Context(), part.ids...); err != nil {
			t.Fatal(err)
		}
		if s := lap.snapshot().Inbox; s.Total != part.left || len(s.Recent) != part.left {
			t.Errorf("the inbox counts %d and shows %d, want %d", s.Total, len(s.Recent), part.left)
		}
	}
	desk.send(to, "https://example.com/after", "")
	lap.await("a tab after the deletion", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 && len(s.Inbox.Recent) == 1 })
}

// Only what may be opened is opened by itself, only from devices on the list, and it is read then.
func TestOpenByRule(t *testing.T) {
	w := newWorld(t)
	var mu sync.Mutex
	var opened []string
	lap := w.station("Laptop", func(p *agent.Params) {
		p.Open = func(_ context.Context, browser, url string) error {
			mu.Lock()
			defer mu.Unlock()
			opened = append(opened, browser+" "+url)
			return nil
		}
	}).run().signIn()
	desk, other := w.station("Desk").run().signIn(), w.station("Other").run().signIn()
	settings := lap.snapshot().Settings
	settings.Open, settings.OpenFrom, settings.Browser = localapi.OpenFrom, []string{desk.snapshot().Account.DeviceID}, "my-browser"
	if err := lap.face.SetSettings(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	other.send(other.alertable("Laptop"), "https://example.com/from-other", "")
	lap.await("the other's tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	to := desk.alertable("Laptop")
	desk.send(to, "file:///etc/passwd", "")
	desk.send(to, "https://example.com/from-desk", "")
	snap := lap.await("the opened tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 3 && s.Inbox.Unread == 2 })
	if !snap.Inbox.Recent[0].Read || snap.Inbox.Recent[1].CanOpen {
		t.Errorf("the inbox is %+v", snap.Inbox)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(opened) != 1 || opened[0] != "my-browser https://example.com/from-desk" {
		t.Errorf("opened %q", opened)
	}
}

// damaging changes the last letters of what is sent to a device.
type damaging struct{ next http.RoundTripper }

func (d damaging) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/invoke_command") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		text := string(body)
		end := strings.Index(text, `"encrypted":"`) + len(`"encrypted":"`)
		end += strings.IndexByte(text[end:], '"')
		text = text[:end-8] + "AAAAAAAA" + text[end:]
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(text))
	}
	return d.next.RoundTrip(r)
}

// What cannot be decrypted is shown as that, with its sender.
func TestUnreadableIsKept(t *testing.T) {
	w := newWorld(t)
	lap := w.station("Laptop").run().signIn()
	desk := w.station("Desk", func(p *agent.Params) {
		p.PushTransport, p.Transport = transport(t), damaging{transport(t)}
	}).run().signIn()
	lap.alertable("Desk") // and so by its name
	events := lap.events()
	desk.send(desk.alertable("Laptop"), "https://example.com/x", "")
	snap := lap.await("something", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	if e := snap.Inbox.Recent[0]; e.Kind != localapi.KindUnreadable || e.From != "Desk" || e.Reason == "" || e.CanOpen {
		t.Errorf("received %+v", e)
	}
	if e := lap.awaitEvent(events, localapi.TabsReceived); len(e.Entries) != 1 {
		t.Errorf("told of %+v", e)
	}
}
