package window

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// scene is a state of the window worth looking at.
type scene struct {
	name string
	snap func() localapi.Snapshot // nil for no agent
	pane string
	then func(h *harness)
	down bool
}

func scenes() []scene {
	demo := func() localapi.Snapshot {
		return with(signedIn(), func(s *localapi.Snapshot) { s.Demo = true })
	}
	out := func(edit func(*localapi.Snapshot)) func() localapi.Snapshot {
		return func() localapi.Snapshot { return with(signedOut(), edit) }
	}
	in := func(edit func(*localapi.Snapshot)) func() localapi.Snapshot {
		return func() localapi.Snapshot { return with(signedIn(), edit) }
	}
	show := func(p localapi.Pairing, edits ...func(*localapi.Pairing)) func() localapi.Snapshot {
		return func() localapi.Snapshot {
			p := p
			p.Until = now().Add(4*time.Minute + 7*time.Second)
			for _, e := range edits {
				e(&p)
			}
			s := signedIn()
			if !p.Authority {
				s = signedOut()
			}
			s.Pairing = &p
			return s
		}
	}
	return []scene{
		{name: "signin", snap: signedOut},
		{name: "signin-problem", snap: out(func(s *localapi.Snapshot) {
			s.Account.Cause = "The sign-in page was open for too long. Please start again."
			s.Account.Server = "https://accounts.example.org"
			s.Demo = true
		})},
		{name: "signin-waiting", snap: out(func(s *localapi.Snapshot) {
			s.Account.State = localapi.SigningIn
			s.SignIn = &localapi.SignIn{URL: "https://x.example", Loopback: true}
		})},
		{name: "signin-final", snap: out(func(s *localapi.Snapshot) {
			s.Account.State = localapi.SigningIn
			s.SignIn = &localapi.SignIn{URL: "https://x.example", RedirectPrefix: "https://accounts.firefox.com/oauth/success/"}
		})},
		{name: "signin-again", snap: in(func(s *localapi.Snapshot) {
			s.Account.State = localapi.NeedsSignIn
			s.Account.Cause = "The password was changed."
		}), pane: PaneSignIn},
		{name: "locked", snap: out(func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.ProtectedByPassphrase, Locked: true}
		})},
		{name: "keyring", snap: out(func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true })},
		{name: "undecided", snap: out(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided })},
		{name: "no-keyring-yet", snap: out(func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.Undecided, NoKeyringYet: true}
		})},
		{name: "lost", down: true},
		{name: "send", snap: demo, pane: PaneSend, then: func(h *harness) {
			h.w.sendPane().setLinks([]localapi.Link{{URL: "https://en.wikipedia.org/wiki/Ferry", Title: "Ferry: a boat that carries people and things"}}, "")
		}},
		{name: "send-scrolled", snap: signedIn, pane: PaneSend, then: func(h *harness) { h.w.sendPane().page.Scroll.ScrollToBottom() }},
		{name: "send-many", snap: signedIn, pane: PaneSend, then: func(h *harness) {
			h.w.pasted("see https://one.example/a and https://two.example/b?x=1, or (https://three.example/c)")
		}},
		{name: "send-thousands", snap: signedIn, pane: PaneSend, then: func(h *harness) { h.w.take(manyLinks(1500), "") }},
		{name: "send-thousands-search", snap: signedIn, pane: PaneSend, then: func(h *harness) {
			h.w.take(manyLinks(12345), "")
			h.w.sendPane().list.search.SetText("page 149")
		}},
		{name: "send-refused", snap: signedIn, pane: PaneSend, then: func(h *harness) { h.w.pasted("https://exa%20mple.org/") }},
		{name: "send-empty", snap: in(func(s *localapi.Snapshot) { s.Devices.Items = s.Devices.Items[1:2]; s.Outbox = localapi.Outbox{} }), pane: PaneSend},
		{name: "send-offline", snap: in(func(s *localapi.Snapshot) { s.Connection.Online = false; s.Connection.Since = ago(12 * time.Minute) }), pane: PaneSend},
		{name: "send-toast", snap: signedIn, pane: PaneSend, then: func(h *harness) {
			h.w.sendPane().link.SetText("example.org/page")
			h.w.sendPane().submit()
			h.settle()
		}},
		{name: "inbox", snap: demo, pane: PaneInbox},
		{name: "inbox-empty", snap: in(func(s *localapi.Snapshot) { s.Inbox = localapi.Inbox{} }), pane: PaneInbox},
		{name: "inbox-search", snap: signedIn, pane: PaneInbox, then: func(h *harness) {
			p := paneOf[*inboxPane](h, PaneInbox)
			p.search.SetText("nowhere")
			p.look()
		}},
		{name: "inbox-ask", snap: in(func(s *localapi.Snapshot) { s.Inbox = manyTabs(30) }), pane: PaneInbox, then: func(h *harness) { h.tap(h.w.words.N("window.inbox.open_new", 30)) }},
		{name: "devices", snap: signedIn, pane: PaneDevices},
		{name: "devices-rename", snap: signedIn, pane: PaneDevices, then: func(h *harness) { h.tap(h.w.t("window.devices.rename")) }},
		{name: "devices-menu", snap: signedIn, pane: PaneDevices, then: func(h *harness) { h.part(h.row("Pixel 9"), h.row("Pixel 9").Spec.More).Tapped(nil) }},
		{name: "devices-disconnect", snap: signedIn, pane: PaneDevices, then: func(h *harness) { h.choose(h.row("Pixel 9"), h.w.t("window.devices.disconnect")) }},
		{name: "devices-loading", snap: in(func(s *localapi.Snapshot) { s.Devices = localapi.DeviceList{}; s.Clients = localapi.ClientList{} }), pane: PaneDevices},
		{name: "devices-error", snap: in(func(s *localapi.Snapshot) {
			s.Devices = localapi.DeviceList{ListState: localapi.ListState{Problem: "The server answered with an error."}}
		}), pane: PaneDevices},
		{name: "pair-phone", snap: signedIn, pane: PanePair},
		{name: "pair-code", snap: show(pairing(localapi.PairShowing, true)), pane: PanePair},
		{name: "pair-asked", snap: show(pairing(localapi.PairAsked, true), func(p *localapi.Pairing) { p.NeedsTOTP = true; p.Peer.Known = false }), pane: PanePair},
		{name: "pair-waiting", snap: show(pairing(localapi.PairWaiting, false)), pane: PanePair},
		{name: "pair-expired", snap: show(pairing(localapi.PairTimedOut, true)), pane: PanePair},
		{name: "pair-computer", snap: signedOut, pane: PanePair},
		{name: "pair-confirm", snap: show(pairing(localapi.PairConfirming, false)), pane: PanePair},
		{name: "account", snap: signedIn, pane: PaneAccount},
		{name: "account-out", snap: signedIn, pane: PaneAccount, then: func(h *harness) { h.tap(h.w.t("window.account.sign_out")) }},
		{name: "settings", snap: in(func(s *localapi.Snapshot) {
			s.Settings.Open = localapi.OpenFrom
			s.Settings.OpenFrom = []string{"phone"}
		}), pane: PaneSettings},
		{name: "settings-privacy", snap: in(func(s *localapi.Snapshot) { s.Settings.UsageData = true }), pane: PaneSettings, then: func(h *harness) {
			paneOf[*settingsPane](h, PaneSettings).page.Scroll.ScrollToBottom()
		}},
		{name: "settings-extensions", snap: in(extensions), pane: PaneSettings, then: func(h *harness) {
			paneOf[*settingsPane](h, PaneSettings).page.Scroll.ScrollToBottom()
		}},
		{name: "settings-others", snap: in(func(s *localapi.Snapshot) {
			s.Settings.StartAtLogin, s.Settings.Notifications = false, false
			s.Storage.Earlier = localapi.Earlier{People: 1, Entries: 42, Since: now().Add(-3 * 24 * time.Hour)}
		}), pane: PaneSettings, then: func(h *harness) {
			paneOf[*settingsPane](h, PaneSettings).page.Scroll.ScrollToBottom()
		}},
		{name: "settings-advanced", snap: signedIn, pane: PaneSettings, then: func(h *harness) {
			h.tap(h.w.t("window.settings.advanced"))
			relayout(h)
			paneOf[*settingsPane](h, PaneSettings).page.Scroll.ScrollToBottom()
		}},
	}
}

// enter brings a window into a scene, in an appearance; empty for the system's.
func (s scene) enter(h *harness, appearance string) {
	h.t.Helper()
	h.agent.Down(s.down)
	if s.snap != nil {
		h.send(with(s.snap(), func(s *localapi.Snapshot) { s.Settings.Appearance = appearance }))
	}
	if s.down {
		h.w.lose(&localapi.Error{Code: localapi.CodeNotReachable})
	}
	if s.pane != "" {
		h.w.show(s.pane)
	}
	h.settle()
}

// act does what a person does in the scene.
func (s scene) act(h *harness) {
	if s.then != nil {
		s.then(h)
	}
	h.settle()
}

// relayout does what a real driver does between frames: wrapped texts that learnt their width want
// another height, and what is around them follows.
func relayout(h *harness) {
	for range 4 {
		for _, root := range h.roots() {
			root.Refresh()
		}
	}
}

// view is how a scene is drawn.
type view struct {
	name, appearance string
	size             fyne.Size
	scale            float32
}

// TestShots draws every scene into the folder that TABFERRY_SHOTS names, for people to look at.
func TestShots(t *testing.T) {
	folder := os.Getenv("TABFERRY_SHOTS")
	if folder == "" {
		t.Skip("draws pictures for people to look at, into the folder that TABFERRY_SHOTS names")
	}
	only := os.Getenv("TABFERRY_SHOTS_ONLY")
	language := firstOf(os.Getenv("TABFERRY_SHOTS_LANGUAGE"), "en")
	for _, s := range scenes() {
		if ok, err := filepath.Match(only, s.name); only != "" && (err != nil || !ok) {
			continue
		}
		for _, v := range []view{
			{"light", "light", fyne.NewSize(760, 540), 1},
			{"dark", "dark", fyne.NewSize(760, 540), 1},
			{"small", "light", fyne.NewSize(480, 400), 1},
			{"large-text", "dark", fyne.NewSize(760, 540), 1.6},
			{"wide", "light", fyne.NewSize(1920, 1000), 1},
		} {
			inBubble(t, func(p *Params) {
				p.Icon = theme.AccountIcon()
				p.GrabScreen = nil
				p.LogFolder = "/home/demo/.local/state/tabferry"
				p.Contact, p.ClientID, p.ClientName = "https://github.com/tabferry/tabferry/issues", "3c49430b43dfba77", "Reference browser"
				p.Words = func(string) *i18n.Catalogue { return i18n.New(language) }
			}, func(h *harness) {
				h.shoot(s, v, filepath.Join(folder, fmt.Sprintf("%s-%s.png", s.name, v.name)))
			})
		}
	}
}

// shoot draws a scene into a file.
func (h *harness) shoot(s scene, v view, file string) {
	h.w.win.Resize(v.size)
	look := widget.NewTheme(v.appearance)
	look.TextScale, look.Mirrored = v.scale, h.w.words.RightToLeft()
	h.app.Settings().SetTheme(look)
	h.w.appearance = v.appearance // so that the scene's does not replace it
	s.enter(h, v.appearance)
	relayout(h)
	s.act(h)
	relayout(h)
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, h.w.win.Canvas().Capture()); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(file, drawn.Bytes(), 0o600); err != nil {
		h.t.Fatal(err)
	}
}
