package window

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

// TestNobodyTypesIntoAPaneThatWasLeft: a field that is out of sight takes nothing.
func TestNobodyTypesIntoAPaneThatWasLeft(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		canvas := h.w.win.Canvas()
		p := h.w.sendPane()
		if canvas.Focused() != p.link {
			t.Fatalf("the focus is at a %T", canvas.Focused())
		}
		h.w.show(PaneAccount)
		if canvas.Focused() != nil {
			t.Errorf("the focus is at a %T, which nobody sees", canvas.Focused())
		}
		canvas.Focus(h.w.shell.items[PanePair])
		h.w.show(PaneDevices)
		if canvas.Focused() != h.w.shell.items[PanePair] {
			t.Error("the rail has lost the focus")
		}
	})
}

// press types a key where the focus is, which must be in sight.
func (h *harness) press(key fyne.KeyName) {
	h.t.Helper()
	h.wantFocus("")
	h.w.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
	h.settle()
}

// wantFocus compares how what has the focus begins to be called; it must be in sight. Empty is for anything, and nothing.
func (h *harness) wantFocus(name string) {
	h.t.Helper()
	if h.w.win.Canvas().Focused() == nil && name == "" {
		return
	}
	at, ok := h.w.win.Canvas().Focused().(interface {
		fyne.CanvasObject
		AccessibilityLabel() string
	})
	switch {
	case !ok:
		h.t.Fatalf("the focus is at a %T", h.w.win.Canvas().Focused())
	case !widget.Within(h.w.win.Canvas().Content(), at):
		h.t.Fatalf("%q has the focus, which nobody sees", at.AccessibilityLabel())
	case !strings.HasPrefix(at.AccessibilityLabel(), name):
		h.t.Errorf("%q has the focus, not %q", at.AccessibilityLabel(), name)
	}
}

// TestFocusIsHandedBack: what leaves the screen keeps the focus from nobody: what is typed would go
// where nobody sees it, and the Tab key would begin at the top again.
func TestFocusIsHandedBack(t *testing.T) {
	inbox := func(h *harness) *inboxPane {
		h.w.show(PaneInbox)
		h.settle()
		return paneOf[*inboxPane](h, PaneInbox)
	}
	for name, one := range map[string]struct {
		act  func(h *harness)
		then string // what has the focus
	}{
		"marking all as read": {func(h *harness) {
			h.w.focus(inbox(h).read)
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.Inbox.Unread = 0 })
		}, "Search"},
		"the last tab is gone while it is searched for": {func(h *harness) {
			h.w.focus(inbox(h).search)
			h.change(func(s *localapi.Snapshot) { s.Inbox = localapi.Inbox{} })
		}, "Settings"},
		"the banner's button": {func(h *harness) {
			h.change(func(s *localapi.Snapshot) { s.QuietUntil = now().Add(time.Hour) })
			h.w.focus(h.w.shell.bannerDo)
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.QuietUntil = time.Time{} })
		}, "Settings"},
		"a message whose time is over": {func(h *harness) {
			inbox(h).remove("i1")
			h.w.focus(h.button("Undo"))
			h.advance(localapi.HoldTime + time.Second)
		}, ""},
		"a new name": {func(h *harness) {
			h.w.show(PaneDevices)
			h.tap("Rename")
			h.wantFocus("New name")
			h.press(fyne.KeyReturn)
		}, "Workstation"},
		"no new name": {func(h *harness) {
			h.w.show(PaneDevices)
			h.tap("Rename")
			h.press(fyne.KeyEscape)
		}, "Workstation"},
		"a browser of one's own, thought better of": {func(h *harness) {
			h.w.show(PaneSettings)
			paneOf[*settingsPane](h, PaneSettings).browser.choice.SetSelectedIndex(1)
			h.wantFocus("Command")
			h.press(fyne.KeyEscape)
		}, "Open links with"},
		"many links in place of one": {func(h *harness) {
			h.wantFocus("Link")
			h.w.pasted("https://a.example/ https://b.example/")
		}, "All devices"},
		"one link in place of many": {func(h *harness) {
			h.w.pasted("https://a.example/ https://b.example/")
			h.w.focus(h.button("Clear"))
			h.press(fyne.KeyReturn)
		}, "Link"},
		"a list in place of its failure": {func(h *harness) {
			h.change(func(s *localapi.Snapshot) {
				s.Devices = localapi.DeviceList{ListState: localapi.ListState{Problem: "The accounts server is busy."}}
			})
			h.w.show(PaneDevices)
			h.w.focus(h.button("Retry"))
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.Devices = signedIn().Devices })
		}, ""},
		"the button that sends": {func(h *harness) {
			h.w.pasted("https://a.example/")
			h.w.focus(h.w.sendPane().send)
			h.press(fyne.KeyReturn)
		}, "Link"},
		"a sign-in that goes on in the browser": {func(h *harness) {
			h.send(signedOut())
			h.w.focus(h.button("Open the browser"))
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.SignIn = &localapi.SignIn{URL: "https://x.example", Loopback: true} })
		}, ""},
		"a sign-in that was cancelled": {func(h *harness) {
			h.send(with(signedOut(), func(s *localapi.Snapshot) { s.SignIn = &localapi.SignIn{URL: "https://x.example", Loopback: true} }))
			h.w.focus(h.button("Cancel"))
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.SignIn = nil })
		}, ""},
		"behind a dialog": {func(h *harness) {
			h.w.show(PaneAccount)
			h.w.focus(h.button("Sign out…"))
			h.press(fyne.KeyReturn)
			h.change(func(s *localapi.Snapshot) { s.Account.State = localapi.SignedOut })
			h.tap("Cancel")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(h *harness) {
				h.send(signedIn())
				one.act(h)
				h.wantFocus(one.then)
			})
		})
	}
}

// TestSignedInIsNeverAskedToSignIn: who signed in without choosing how it is kept is asked that, in its own words,
// and may use everything meanwhile.
func TestSignedInIsNeverAskedToSignIn(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided }))
		if h.w.current != PaneSend {
			t.Errorf("begins with %q", h.w.current)
		}
		h.want("You are signed in, but only until Tabferry ends", "Send", "Keep it")
		h.wantNot("Sign in")
		h.w.show(PaneSignIn)
		h.want("How should Tabferry keep your sign-in?")
		h.wantNot("Sign in", "You are signed in, but")
		h.change(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.ProtectedByPassphrase })
		if h.w.current != PaneSend {
			t.Errorf("goes on to %q", h.w.current)
		}
		h.wantNot("Keep it")
		h.change(func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn })
		h.want("Sign in")
	})
}

// TestTheCodeIsCoveredWhileTheWindowIsLeft: whoever comes to the desk meanwhile does not see it, and whoever
// looks elsewhere for a moment does not lose it.
func TestTheCodeIsCoveredWhileTheWindowIsLeft(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		front, ok := h.app.Lifecycle().(interface {
			OnEnteredForeground() func()
			OnExitedForeground() func()
		})
		if !ok {
			t.Fatalf("a %T tells nobody", h.app.Lifecycle())
		}
		showing := pairing(localapi.PairShowing, true)
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Pairing = &showing }))
		h.w.show(PanePair)
		h.settle()
		seen := func() bool { return paneOf[*pairPane](h, PanePair).parts.code.Code != nil }
		if !seen() {
			t.Fatal("no code is drawn")
		}
		front.OnExitedForeground()()
		h.advance(coverAfter / 2)
		if !seen() {
			t.Error("the code is covered at once")
		}
		h.advance(coverAfter)
		if seen() {
			t.Error("the code can be seen")
		}
		h.want("Covered while another window is in front.")
		h.take()
		front.OnEnteredForeground()()
		h.settle()
		if !seen() {
			t.Error("the code stays covered")
		}
		h.want("left")
		h.wantCalls() // the code is still known
	})
}
