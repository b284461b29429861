package window

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestToastKnowsItsPlace: it covers no row and no button of a pane, counts down, ends with its pane, and
// gives way when what it complained of has worked.
func TestToastKnowsItsPlace(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.w.sendPane().link.SetText("example.org/page")
		h.tap("Send to Pixel 9")
		relayout(h)
		h.want("Leaving for Pixel 9 in 5 seconds")
		toast := h.w.toasts.layer.Objects[0]
		d := h.app.Driver()
		bottom := d.AbsolutePositionForObject(toast).Y + toast.Size().Height
		if top := d.AbsolutePositionForObject(h.w.sendPane().page.Scroll).Y; bottom > top {
			t.Errorf("the toast reaches to %.0f, over the content that begins at %.0f", bottom, top)
		}
		h.advance(2 * time.Second)
		h.want("Leaving for Pixel 9 in 3 seconds")
		h.advance(4 * time.Second)
		h.wantNot("Leaving for")

		p := paneOf[*settingsPane](h, PaneSettings)
		refuse := func() {
			h.agent.Refuse("SetSettings", &localapi.Error{Code: localapi.CodeUsage, Message: "This cannot be used."})
			h.w.show(PaneSettings)
			p.login.Tapped(nil)
			h.settle()
			h.want("This cannot be used.")
		}
		refuse()
		h.w.show(PaneDevices)
		h.settle()
		h.wantNot("This cannot be used.")
		refuse()
		h.agent.Answer("SetSettings", nil)
		p.login.Tapped(nil)
		h.settle()
		h.wantNot("This cannot be used.")
	})
}

// TestUndoIsWhereItWasOffered: a message ends with its pane, also what counts; whoever comes back in time finds
// it again, with the seconds that are left, and so does who deleted or asked for a closing elsewhere.
func TestUndoIsWhereItWasOffered(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.w.sendPane().link.SetText("example.org/page")
		h.tap("Send to Pixel 9")
		h.w.show(PaneInbox)
		h.wantNot("Leaving for", "Undo")
		h.choose(h.row("How ferries work"), "Delete")
		h.want("Deleted")
		h.advance(2 * time.Second)
		h.w.show(PaneSend)
		h.wantNot("Deleted")
		h.want("Leaving for Pixel 9 in 3 seconds")
		h.w.show(PaneInbox)
		h.want("Deleted")
		h.tap("Undo")
		h.row("How ferries work")
		h.w.show(PaneDevices)
		h.advance(4 * time.Second)
		h.w.show(PaneSend)
		h.wantNot("Leaving for")
		h.w.show(PaneInbox)
		h.wantNot("Deleted")
	})
}

// TestUndoGivesTheLinksBack: what was taken back stands where it came from.
func TestUndoGivesTheLinksBack(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.agent.Answer("Send", []localapi.OutboxEntry{{ID: "o1", URL: "https://example.org/page", ToID: "phone"}})
		p := h.w.sendPane()
		p.link.SetText("https://example.org/page")
		h.tap("Send to Pixel 9")
		h.w.show(PaneInbox)
		h.w.show(PaneSend)
		h.tap("Undo")
		if p.link.Text != "https://example.org/page" {
			t.Errorf("the field holds %q", p.link.Text)
		}
	})
}

// TestNoticeLeavesNoHole: the pane takes the room of a notice that has gone.
func TestNoticeLeavesNoHole(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		top := func() float32 { return h.app.Driver().AbsolutePositionForObject(h.w.shell.front).Y }
		before := top()
		h.change(func(s *localapi.Snapshot) { s.QuietUntil = now().Add(time.Hour) })
		if top() <= before {
			t.Error("the notice takes no room")
		}
		h.change(func(s *localapi.Snapshot) { s.QuietUntil = time.Time{} })
		if top() != before {
			t.Errorf("the pane begins at %.0f, before the notice at %.0f", top(), before)
		}
	})
}

// A send that has failed is told once: by the desktop where it may, else by the window.
func TestFailuresAreToldOnce(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		failed := localapi.Event{Kind: localapi.SendGivenUp, Send: &localapi.OutboxEntry{ID: "x", To: "Pixel 9", State: localapi.SendFailed}}
		const words = "Pixel 9"
		h.send(signedIn())
		h.w.show(PaneAccount)
		for name, c := range map[string]struct {
			edit func(*localapi.Snapshot)
			told bool
		}{
			"the desktop tells":  {func(s *localapi.Snapshot) { s.Settings.Notifications = true }, false},
			"notifications off":  {func(s *localapi.Snapshot) { s.Settings.Notifications = false }, true},
			"notifications rest": {func(s *localapi.Snapshot) { s.Settings.Notifications, s.QuietUntil = true, h.w.p.Now().Add(time.Hour) }, true},
		} {
			h.send(with(signedIn(), c.edit), failed)
			if h.sees(words) != c.told {
				t.Errorf("%s: the window says %q", name, h.words())
			}
			h.advance(time.Minute)
			if h.sees(words) {
				t.Fatalf("%s: still told", name)
			}
		}
	})
}

// TestEveryPaneIsInTheRail: in a window of the least size no name is scrolled away, also when there are most.
func TestEveryPaneIsInTheRail(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.w.win.Resize(fyne.NewSize(leastWidth, leastHeight))
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn }))
		relayout(h)
		for name, item := range h.w.shell.items {
			at := h.app.Driver().AbsolutePositionForObject(item)
			if bottom := at.Y + item.Size().Height; at.Y < 0 || bottom > leastHeight {
				t.Errorf("%s reaches from %.0f to %.0f", name, at.Y, bottom)
			}
		}
	})
}
