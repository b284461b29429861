package window

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

func TestSendFromTheClipboardToTheLastDevice(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.app.Clipboard().SetContent("https://example.org/page")
		h.send(signedIn())
		h.want("From your clipboard", "Send to Pixel 9")
		h.tap("Send to Pixel 9")
		h.wantCalls("Send 1 phone")
		r := asked[localapi.SendRequest](h)
		if !r.Hold || r.Links[0].URL != "https://example.org/page" || r.Private || r.Close {
			t.Errorf("request %+v", r)
		}
		h.want("Leaving for Pixel 9")
		if h.w.sendPane().link.Text != "" {
			t.Error("the link stays in the field")
		}
		h.w.show(PaneInbox)
		h.w.show(PaneSend)
		if h.w.sendPane().link.Text != "" {
			t.Error("the same clipboard is offered again after it was sent")
		}
		h.want("Leaving for Pixel 9")
		h.change(func(s *localapi.Snapshot) { s.Outbox = localapi.Outbox{} }) // the toast has the only such button
		h.tap("Undo")
		h.wantCalls("Undo o1")
		h.want("nothing was sent")
	})
}

func TestSendManyLinksToManyDevices(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.pasted("https://one.example https://two.example https://three.example")
		h.want("3 of 3 links chosen", "3 links")
		h.row("two.example").Tapped(nil)
		h.row("All devices").Tapped(nil)
		h.settle()
		h.want("2 of 3 links chosen", "Send to 3 devices")
		h.row("Old laptop").Tapped(nil)
		h.row("Old laptop").TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
		h.row("Old laptop").TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		h.settle()
		h.tap("Send to 2 devices")
		h.wantCalls("Send 2 phone,tablet")
		h.wantNot("links chosen")
	})
}

func TestSendNeedsALinkAndADevice(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.want("Add a link to send.")
		p := h.w.sendPane()
		p.link.SetText("not a link")
		h.want("This is no web link.")
		p.submit()
		p.link.SetText("example.org/page")
		h.row("Pixel 9").Tapped(nil)
		h.want("Choose a device.")
		if !p.send.Disabled() {
			t.Error("Send is offered without a device")
		}
		p.submit()
		h.settle()
		h.wantCalls()
		h.row("Old laptop").Tapped(nil)
		h.tap("Send to Old laptop")
		h.wantCalls("Send 1 laptop")
	})
}

func TestARefusedSendKeepsTheLink(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.agent.Refuse("Send", &localapi.Error{Code: localapi.CodeNoDevice, Message: "x"})
		h.w.sendPane().link.SetText("https://example.org/page")
		h.tap("Send to Pixel 9")
		h.want("no longer there")
		if got := h.w.sendPane().link.Text; got != "https://example.org/page" {
			t.Errorf("the field holds %q", got)
		}
	})
}

func TestSentEntries(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.want("leaves in 3 seconds", "device alerted", "when next opened", "waiting: offline", "not sent: the device is gone", "Show all 7")
		h.wantNot("Close: Close me")
		h.advance(time.Second)
		h.want("leaves in 2 seconds")
		h.tap("Show all 7")
		h.want("Close: Close me", "Show fewer")
		h.take()
		h.act("Ferry")
		h.act("Map")
		h.choose(h.row("Map"), "Remove from this list")
		h.settle()
		got := h.take()
		slices.Sort(got)
		if want := []string{"DeleteSent o5", "Retry o5", "Undo o1"}; !slices.Equal(got, want) {
			t.Errorf("calls %q, want %q", got, want)
		}
		h.choose(h.row("Tide tables"), "Send again…")
		if p := h.w.sendPane(); p.link.Text != "https://tides.example/" || !p.chosen["phone"] || p.title != "Tide tables" {
			t.Errorf("link %q, chosen %v, title %q", p.link.Text, p.chosen, p.title)
		}
		h.choose(h.row("Tide tables"), "Copy link")
		if got := h.app.Clipboard().Content(); got != "https://tides.example/" {
			t.Errorf("clipboard %q", got)
		}
	})
}

func TestDeviceListsInEveryState(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*localapi.Snapshot)
		want string
	}{
		{"loading", func(s *localapi.Snapshot) { s.Devices = localapi.DeviceList{} }, "Fetching your devices"},
		{"empty", func(s *localapi.Snapshot) { s.Devices.Items = s.Devices.Items[1:2] }, "Connect a phone"},
		{"error", func(s *localapi.Snapshot) {
			s.Devices = localapi.DeviceList{ListState: localapi.ListState{Problem: "The server is confused."}}
		}, "The server is confused."},
		{"offline", func(s *localapi.Snapshot) { s.Connection.Online = false }, "Shown as last known (1 minute ago)."},
		{"old", func(s *localapi.Snapshot) { s.Devices.At = ago(6 * time.Minute) }, "Shown as last known (6 minutes ago)."},
		{"not offered", func(s *localapi.Snapshot) {
			s.Account.DevicesUnavailable = true
			s.Devices = localapi.DeviceList{}
		}, "does not offer device features"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, nil, func(h *harness) {
				h.t = t
				for _, pane := range []string{PaneSend, PaneDevices} {
					h.send(with(signedIn(), c.edit))
					h.w.show(pane)
					h.settle()
					h.want(c.want)
				}
				h.send(signedIn())
				h.w.show(PaneSend)
				h.settle()
				h.wantNot("as last known") // a list of a minute ago is fresh
			})
		})
	}
}

func TestDevices(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneDevices)
		h.want("This computer", "Alerts off", "Cannot receive tabs", "Mozilla Monitor", "Web session", "Berlin, Germany")
		h.tap("Rename")
		p := paneOf[*devicesPane](h, PaneDevices)
		if h.w.win.Canvas().Focused() != p.newName {
			t.Fatal("the name field has no focus")
		}
		p.newName.SetText("  ")
		h.tap("Save")
		h.advance(time.Minute)
		h.want("1 to 255 characters") // beside the field, as long as it is so
		p.newName.SetText(" Desk ")
		h.tap("Save")
		h.wantCalls("RenameDevice Desk")
		h.wantNot("Save")

		h.act("Old laptop")
		h.settle()
		if h.w.current != PaneSend {
			t.Errorf("pane %q, want send", h.w.current)
		}
		h.want("Send to Old laptop")

		h.w.show(PaneDevices)
		h.choose(h.row("Television"), "Disconnect…")
		h.want("Disconnect Television?")
		h.wantCalls()
		h.tap("Disconnect")
		h.wantCalls("DisconnectDevice tv")
		h.choose(h.row("Web session"), "Disconnect…")
		h.tap("Disconnect")
		h.wantCalls("DisconnectClient c2")
		h.tap("Manage on the web")
		h.wantCalls("PageURL manage_devices")
		if !slices.Contains(h.opened, "https://accounts.example/manage_devices") {
			t.Errorf("opened %q", h.opened)
		}
	})
}

func TestDevicesOfOneNameAreToldApart(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) {
			for i := range s.Devices.Items {
				if !s.Devices.Items[i].This {
					s.Devices.Items[i].Name = "Demo phone"
				}
			}
			for i := range s.Inbox.Recent {
				s.Inbox.Recent[i].From = "Demo phone"
			}
		}))
		for _, pane := range []string{PaneSend, PaneDevices, PaneInbox} {
			h.w.show(pane)
			h.want("Demo phone (phone, 4 minutes ago)")
		}
		h.w.show(PaneDevices)
		h.choose(h.row("Demo phone (phone, 4 minutes ago)"), "Disconnect…")
		h.want("Disconnect Demo phone (phone, 4 minutes ago)?")
	})
}

func TestCloseATabOnAnotherDevice(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneDevices)
		h.choose(h.row("Pixel 9"), "Close a tab there…")
		h.tap("Close the tab")
		h.want("This is no web link.")
		if f, ok := h.w.dialog.q.extra.(*widget.Field); ok {
			f.SetText("example.org/x")
		}
		h.tap("Close the tab")
		h.wantCalls("Send 1 phone")
		if r := asked[localapi.SendRequest](h); !r.Close || r.Links[0].URL != "https://example.org/x" {
			t.Errorf("sent %+v", r)
		}
	})
}

func TestAccount(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		newest := signedIn()
		newest.Connection.Push.LastPong = now().Add(-3 * time.Minute)
		h.agent.Answer("Snapshot", newest)
		h.w.show(PaneAccount)
		h.settle()
		h.want("Last sign of life: 3 minutes ago.")
		h.want("Demo Person", "demo@example.com", "Signed in", "2 minutes ago", "Connected (50 minutes ago)", "shares usage data", mozillaServer)
		h.change(func(s *localapi.Snapshot) {
			s.Account.State, s.Account.Cause = localapi.NeedsSignIn, "The password was changed."
			s.Account.MetricsEnabled = nil
			s.Connection.Push = localapi.Push{NextRetry: now().Add(5 * time.Minute), LastMessage: now().Add(-2 * time.Hour)}
		})
		h.want("Needs you to sign in again. The password was changed.", "does not say", "Not connected", "Next try at", "Last message: 2 hours ago.")
		h.tap("Sign out…")
		purge, ok := h.w.dialog.q.extra.(*widget.Option)
		if !ok {
			t.Fatal("no choice about the data")
		}
		purge.Tapped(nil)
		h.tap("Sign out")
		h.wantCalls("SignOut true")
		h.send(signedOut())
		h.want("Welcome to Tabferry")
	})
}

func TestTheAvatarIsFetchedOnceAndDrawn(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.agent.Answer("Avatar", picture(t, "x"))
		s := with(signedIn(), func(s *localapi.Snapshot) { s.Account.HasAvatar = true })
		h.send(s)
		h.w.show(PaneAccount)
		h.settle()
		h.send(s)
		h.wantCalls("Avatar")
		p := paneOf[*accountPane](h, PaneAccount)
		if p.picture.Picture == nil {
			t.Error("the picture is not shown")
		}
	})
}

func TestSettings(t *testing.T) {
	inBubble(t, func(p *Params) { p.Words = func(l string) *i18n.Catalogue { return i18n.New(firstOf(l, "en")) } }, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		p := paneOf[*settingsPane](h, PaneSettings)
		last := func() localapi.Settings { return asked[localapi.Settings](h) }
		h.wantCalls() // showing sets nothing
		p.login.Tapped(nil)
		if s := last(); !s.StartAtLogin || !s.Notifications {
			t.Errorf("set %+v", s)
		}
		p.openAsk.Tapped(nil)
		if s := last(); s.Open != localapi.OpenAsk {
			t.Errorf("set %+v", s)
		}
		p.openSome.Tapped(nil)
		if s := last(); s.Open != localapi.OpenFrom {
			t.Errorf("set %+v", s)
		}
		h.change(func(s *localapi.Snapshot) { s.Settings.Open = localapi.OpenFrom })
		h.row("Pixel 9").Tapped(nil)
		if s := last(); !slices.Equal(s.OpenFrom, []string{"phone"}) {
			t.Errorf("set %+v", s)
		}
		p.appearance.SetSelectedIndex(2)
		if s := last(); s.Appearance != "dark" {
			t.Errorf("set %+v", s)
		}
		p.language.SetSelected("Deutsch")
		if s := last(); s.Language != "de" {
			t.Errorf("set %+v", s)
		}
		p.browser.choice.SetSelected("Another program…")
		p.browser.command.SetText("firefox -P work")
		p.browser.command.OnSubmitted("")
		if s := last(); s.Browser != "firefox -P work" {
			t.Errorf("set %+v", s)
		}
		h.take()
		h.tap("Quiet for an hour")
		h.wantCalls("Quiet 60")
		h.change(func(s *localapi.Snapshot) { s.QuietUntil = now().Add(time.Hour) })
		p.toggleQuiet()
		h.settle()
		h.wantCalls("Quiet 0")
	})
}

// Who is here sees that others left something, not what, and can have it deleted; and is offered to sign out
// when nothing uses the account any more.
func TestDataOfOthers(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		h.wantNot("Data of earlier sign-ins", "Nothing chosen here uses your account")
		h.change(func(s *localapi.Snapshot) {
			s.Storage.Earlier = localapi.Earlier{People: 1, Entries: 42, Since: now().Add(-3 * 24 * time.Hour)}
		})
		h.want("Data of earlier sign-ins", "left 42 received and sent tabs")
		h.tap("Delete it…")
		h.take()
		h.tap("Delete it")
		h.wantCalls("ForgetEarlier")
		h.change(func(s *localapi.Snapshot) { s.Storage.Earlier = localapi.Earlier{} })
		h.wantNot("Data of earlier sign-ins")
		h.change(func(s *localapi.Snapshot) { s.Settings.StartAtLogin, s.Settings.Notifications = false, false })
		h.want("Nothing chosen here uses your account")
		h.tap("Sign out…")
		h.tap("Sign out")
		h.wantCalls(`SignOut false`)
	})
}

// What one person typed, searched for and found is nothing for the next one.
func TestNextPersonSeesNothing(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.w.sendPane().link.SetText("https://hers.example/page")
		h.w.show(PaneInbox)
		p := paneOf[*inboxPane](h, PaneInbox)
		p.search.SetText("something of hers")
		p.look()
		h.settle()
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Inbox.Total++ })) // the same person
		if paneOf[*inboxPane](h, PaneInbox) != p {
			t.Error("an update made the panes anew")
		}
		h.send(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.Locked = true })) // the agent starts
		h.send(signedIn())
		if paneOf[*inboxPane](h, PaneInbox) != p {
			t.Error("an agent that starts made the panes anew")
		}
		h.send(signedOut())
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Account.UID = "another"; s.Inbox = localapi.Inbox{} }))
		h.w.show(PaneInbox)
		h.settle()
		if got := paneOf[*inboxPane](h, PaneInbox); got.search.Text != "" || got.found != nil {
			t.Errorf("the next person finds %q", got.search.Text)
		}
		h.w.show(PaneSend)
		if text := h.w.sendPane().link.Text; text != "" {
			t.Errorf("the next person finds %q", text)
		}
	})
}

// Until it is known whether the account exists nobody is told to sign in again.
func TestUnexplainedEnd(t *testing.T) {
	m := model{known: true, snap: signedIn()}
	m.snap.Account.State = localapi.NeedsSignIn
	words := i18n.New("en")
	if n := m.notice(words, now()); n.action != actSignIn {
		t.Errorf("an explained end: %+v", n)
	}
	m.snap.Account.Cause, m.snap.Account.CauseSaid.Key = "It is being asked.", "signin.asking"
	if n := m.notice(words, now()); n.action == actSignIn || n.text != "It is being asked." {
		t.Errorf("an unexplained end: %+v", n)
	}
}

// The person sees which extensions may send and what they sent, and decides.
func TestExtensions(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		h.want("None has called yet")
		h.change(extensions)
		h.wantNot("None has called yet")
		h.want("Tabferry in Firefox", "128 links sent", "harbour.example", "sees received tabs", "allowed", "Tree Style Tab", "treestyletab@piro.sakura.ne.jp", "asks", "chromium:abcdefghijklmnop", "1 link sent", "denied")
		for _, c := range []struct{ row, button, call string }{
			{"Tree Style Tab", "Allow", `ChangeCaller {"id":"firefox:treestyletab@piro.sakura.ne.jp","decision":"allowed"}`},
			{"Tabferry in Firefox", "Revoke", `ChangeCaller {"id":"firefox:send@tabferry.github.io","decision":"denied"}`},
			{"chromium:abcdefghijklmnopabcdefghijklmnop", "Allow", `ChangeCaller {"id":"chromium:abcdefghijklmnopabcdefghijklmnop","decision":"allowed"}`},
		} {
			h.part(h.row(c.row), c.button).Tapped(nil)
			h.settle()
			h.wantCalls(c.call)
		}
		h.choose(h.row("Tree Style Tab"), "Deny")
		h.wantCalls(`ChangeCaller {"id":"firefox:treestyletab@piro.sakura.ne.jp","decision":"denied"}`)
		h.choose(h.row("Tree Style Tab"), "Forget")
		h.wantCalls(`ChangeCaller {"id":"firefox:treestyletab@piro.sakura.ne.jp","decision":"forgotten"}`)
	})
}

func TestARefusedSettingShowsTheOldState(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSettings)
		p := paneOf[*settingsPane](h, PaneSettings)
		h.agent.Refuse("SetSettings", &localapi.Error{Code: localapi.CodeInternal, Message: "The disk is full"})
		p.login.Tapped(nil)
		h.settle()
		if p.login.On {
			t.Error("the box shows what was refused")
		}
		h.want("The disk is full")
	})
}

func TestAdvancedSettings(t *testing.T) {
	about := func(p *Params) {
		p.LogFolder = "/var/log/tabferry"
		p.Contact, p.ClientID, p.ClientName = "https://makers.example", "0123456789abcdef", "A browser"
	}
	inBubble(t, about, func(h *harness) {
		h.send(signedOut())
		h.w.show(PaneSettings)
		h.wantNot("Account server")
		h.tap("Advanced")
		h.want("Account server", "the key is in the keyring", "/var/log/tabferry", "0.1.0", "https://makers.example", "0123456789abcdef; sign-in pages say “A browser”", "Events server")
		p := paneOf[*settingsPane](h, PaneSettings)
		p.advanced.server.SetText("https://accounts.example.org")
		h.change(func(s *localapi.Snapshot) { s.Inbox.Total++ }) // an update does not disturb typing
		if p.advanced.server.Text != "https://accounts.example.org" {
			t.Error("an update took away what was typed")
		}
		h.agent.Refuse("SetSettings", &localapi.Error{Code: localapi.CodeInternal, Message: "The setting for the server cannot be used"})
		p.advanced.store()
		h.advance(time.Minute)
		h.want("The setting for the server cannot be used") // beside the field, as long as it is so
		h.agent.Refuse("SetSettings", nil)
		p.advanced.store()
		h.settle()
		h.want("Saved")
		h.wantNot("cannot be used")
		if s := asked[localapi.Settings](h); s.Server != "https://accounts.example.org" || !s.Notifications {
			t.Errorf("set %+v", s)
		}
		if p.usage.On {
			t.Error("usage data is allowed before anybody was asked")
		}
		p.usage.Tapped(nil)
		h.settle()
		if !asked[localapi.Settings](h).UsageData {
			t.Error("the yes to usage data does not reach the agent")
		}
		p.advanced.events.SetText(" https://events.example ")
		p.advanced.store()
		h.settle()
		if got := asked[localapi.Settings](h).EventsServer; got != "https://events.example" {
			t.Errorf("the events server became %q", got)
		}
		h.change(func(s *localapi.Snapshot) { s.Settings.ClientID = "fedcba9876543210" })
		h.want("fedcba9876543210")
		h.wantNot("A browser")
		h.tap("Copy diagnostics")
		if got := h.app.Clipboard().Content(); got != "all is well" {
			t.Errorf("clipboard %q", got)
		}
		h.send(signedIn())
		h.w.show(PaneSettings)
		if !p.advanced.server.Disabled() || p.advanced.push.Disabled() {
			t.Error("while signed in the account server is fixed and the push server is not")
		}
	})
}

// Whoever looks has old lists fetched: with every pane that is brought, and with the window that comes to the
// front. A list that is older than somebody expects says of when it is, until a newer one is there.
func TestLooking(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		toFront := func() {
			h.w.p.App.Lifecycle().(interface{ OnEnteredForeground() func() }).OnEnteredForeground()()
			h.settle()
		}
		looks := func() int {
			h.take()
			n := h.looks
			h.looks = 0
			return n
		}
		s := signedIn()
		s.Devices.At = h.w.p.Now()
		h.send(s)
		h.w.show(PaneDevices)
		h.settle()
		h.wantNot("Shown as last known")
		looks()
		h.w.show(PaneSend)
		h.settle()
		if n := looks(); n != 1 {
			t.Errorf("%d looks for a pane", n)
		}
		toFront()
		if n := looks(); n != 1 {
			t.Errorf("%d looks for a window that comes to the front", n)
		}
		s.Devices.At = h.w.p.Now().Add(-20 * time.Minute)
		h.send(s)
		h.w.show(PaneDevices)
		h.settle()
		h.want("Shown as last known (20 minutes ago).")
		s.Devices.At = h.w.p.Now()
		h.send(s)
		h.wantNot("Shown as last known")
		h.send(localapi.Snapshot{})
		looks()
		toFront()
		if n := looks(); n != 0 {
			t.Errorf("%d looks while nobody is signed in", n)
		}
	})
}
