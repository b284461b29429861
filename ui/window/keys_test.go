package window

import (
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
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
