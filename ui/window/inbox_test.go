package window

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

func TestInbox(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneInbox)
		h.want("Pixel 9 · Today", "Old laptop · Yesterday", "unknown device", "A tab that could not be read", "Asks to close 2 tabs", "No web link: can be copied only")
		h.act("How ferries work")
		h.settle()
		h.wantCalls("MarkRead i1")
		h.tap("Open the 2 new")
		h.wantCalls("MarkRead i1,i2")
		want := []string{"https://en.wikipedia.org/wiki/Ferry", "https://en.wikipedia.org/wiki/Ferry", "https://harbour.example/timetable?x=1"}
		slices.Sort(h.opened)
		if !slices.Equal(h.opened, want) {
			t.Errorf("opened %q, want %q", h.opened, want)
		}
		file := h.row("Setup file")
		if file.Spec.Action.Label != "" {
			t.Error("a file can be opened")
		}
		h.choose(file, "Copy link")
		if got := h.app.Clipboard().Content(); got != "file:///etc/hosts" {
			t.Errorf("clipboard %q", got)
		}
		h.choose(file, "Delete")
		h.wantCalls() // in a moment
		h.advance(localapi.HoldTime)
		h.wantCalls("DeleteReceived i6")
		h.choose(h.row("Asks to close 2 tabs"), "Copy links")
		if got := h.app.Clipboard().Content(); got != "https://news.example/today\nhttps://weather.example/" {
			t.Errorf("clipboard %q", got)
		}
	})
}

// TestRowIsNoTrap: a click on a row shows the whole link and opens nothing, reading an entry leaves it where
// it is, one that could not be opened stays unread, and a deletion can be taken back.
func TestRowIsNoTrap(t *testing.T) {
	refuse := false
	inBubble(t, func(p *Params) {
		open := p.Open
		p.Open = func(browser, address string) error {
			if refuse {
				return errors.New("no browser")
			}
			return open(browser, address)
		}
	}, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneInbox)
		titles := func() (list []string) {
			for _, r := range h.rows() {
				list = append(list, r.Spec.Title)
			}
			return list
		}
		before := titles()
		h.row("How ferries work").Tapped(nil)
		h.settle()
		h.want("https://en.wikipedia.org/wiki/Ferry")
		if len(h.opened) > 0 {
			t.Errorf("a click opened %q", h.opened)
		}
		h.row("How ferries work").Tapped(nil)
		h.settle()
		h.wantNot("https://en.wikipedia.org/wiki/Ferry")

		refuse = true
		h.act("How ferries work")
		h.settle()
		h.wantCalls()
		h.want("Copy link")
		refuse = false
		h.act("How ferries work")
		h.settle()
		h.wantCalls("MarkRead i1")
		h.change(func(s *localapi.Snapshot) {
			s.Inbox.Recent = slices.Clone(s.Inbox.Recent)
			s.Inbox.Recent[0].Read = true
		})
		if got := titles(); !slices.Equal(got, before) {
			t.Errorf("order %q, want %q", got, before)
		}
		h.w.show(PaneSend)
		h.w.show(PaneInbox)
		if got := titles(); slices.Equal(got, before) {
			t.Error("what was read still stands before what was not")
		}

		row := h.row("How ferries work")
		row.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
		h.settle()
		h.wantNot("How ferries work")
		h.want("Deleted")
		h.tap("Undo")
		h.want("How ferries work")
		h.row("How ferries work").TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete}) // a moment of its own
		h.advance(localapi.HoldTime / 2)
		h.tap("Undo")
		h.row("How ferries work").TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
		h.advance(localapi.HoldTime * 3 / 4)
		h.tap("Undo")
		h.want("How ferries work")
		h.advance(2 * localapi.HoldTime)
		h.wantCalls()
		h.row("How ferries work").TypedKey(&fyne.KeyEvent{Name: fyne.KeyDelete})
		h.settle()
		h.w.Stop() // closed before the moment is over
		h.wantCalls("DeleteReceived i1")
	})
}

func TestOpeningManyAsksFirst(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Inbox = manyTabs(11) }))
		h.w.show(PaneInbox)
		h.tap("Open the 11 new")
		if len(h.opened) != 0 {
			t.Fatal("opened without asking")
		}
		h.want("Open 11 tabs?")
		h.w.escape()
		h.wantNot("Open 11 tabs?")
		h.tap("Open the 11 new")
		test.Tap(h.w.dialog.yes)
		h.settle()
		if len(h.opened) != 11 {
			t.Errorf("%d opened, want 11", len(h.opened))
		}
	})
}

func TestInboxSearchAndOlderPages(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Inbox = manyTabs(50) }))
		h.w.show(PaneInbox)
		p := paneOf[*inboxPane](h, PaneInbox)
		test.Type(p.search, "ferry")
		h.settle()
		h.wantCalls() // typing rests first
		h.advance(searchDelay)
		h.wantCalls("Inbox ferry 100")
		h.want("Nothing found for “ferry”")
		h.agent.Answer("Inbox", signedIn().Inbox.Recent[:1])
		p.search.SetText("ferr")
		h.advance(searchDelay)
		h.want("How ferries work")
		h.wantNot("Page 1")
		h.agent.Refuse("Inbox", &localapi.Error{Code: localapi.CodeOffline})
		p.search.SetText("fer")
		h.advance(searchDelay)
		h.want("The inbox could not be read", "Retry")
		h.agent.Answer("Inbox", signedIn().Inbox.Recent[:1])
		p.escape()
		h.advance(searchDelay)
		h.want("Page 1", "Show older")
		h.take()
		h.tap("Show older")
		h.wantCalls("Inbox  150")
		h.tap("Mark all as read")
		if got := h.take(); len(got) != 2 || got[0] != "Inbox  500" || got[1] != "MarkRead i1" {
			t.Errorf("calls %q", got)
		}
	})
}

// TestTheWholeInboxIsReachedByScrolling: page after page is asked for as its end comes near, only rows near what
// is seen exist, and a change of the inbox, but no other, asks anew, once things rest.
func TestTheWholeInboxIsReachedByScrolling(t *testing.T) {
	all := manyTabs(1_200).Recent
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) {
			s.Inbox = localapi.Inbox{Total: len(all), Unread: len(all), Recent: all[:50]}
		}))
		refused := false
		h.agent.Script("Inbox", func(c localapitest.Call) (any, error) {
			if refused {
				return nil, &localapi.Error{Code: localapi.CodeOffline}
			}
			q, _ := c.Args[0].(localapi.InboxQuery)
			begin := 1 + slices.IndexFunc(all, func(e localapi.InboxEntry) bool { return e.ID == q.Before })
			return all[begin:min(len(all), begin+q.Limit)], nil
		})
		h.w.show(PaneInbox)
		p := paneOf[*inboxPane](h, PaneInbox)
		relayout(h)
		h.take()
		for range 300 {
			p.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -2000)})
			h.settle()
			relayout(h)
			if n := len(h.rows()); n > 80 {
				t.Fatalf("%d rows exist of %d", n, len(p.found))
			}
		}
		if len(p.found) != len(all) || h.row("Page 1199") == nil || p.more.Visible() {
			t.Errorf("%d entries, and more to come: %v", len(p.found), p.more.Visible())
		}
		if got := h.take(); len(got) != 12 || got[0] != "Inbox  150" || got[1] != "Inbox  100" {
			t.Errorf("calls %q", got)
		}
		h.change(func(s *localapi.Snapshot) { s.Connection.Online = false })
		h.advance(2 * againAfter)
		h.wantCalls()
		h.change(func(s *localapi.Snapshot) { s.Inbox.Unread-- })
		h.advance(againAfter / 2)
		h.change(func(s *localapi.Snapshot) { s.Inbox.Unread-- })
		h.advance(againAfter)
		h.wantCalls("Inbox  500", "Inbox  500", "Inbox  250")
		h.row("Page 1199")

		refused = true
		p.want, p.all, p.found = 100, false, all[:100]
		p.update()
		relayout(h)
		for range 3 {
			p.page.Scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.NewDelta(0, -9000)})
			h.settle()
			relayout(h)
		}
		h.wantCalls("Inbox  100")
		h.want("Page 99", "Show older")
		refused = false
		h.tap("Show older")
		h.wantCalls("Inbox  100")
		if len(p.found) != 200 {
			t.Errorf("%d entries", len(p.found))
		}
	})
}
