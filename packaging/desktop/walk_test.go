//go:build desktop && linux

package desktop_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// TestTheWalk is the first hour of somebody who has never seen Tabferry, by mouse and keyboard, in the real
// program: from the first start to signing out again. With TABFERRY_KEEP it keeps a picture of each step.
func TestTheWalk(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Width: 1100, Height: 720})
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, app)
	p.sees("Welcome to Tabferry")
	p.keepSmall("walk-01-first-start")

	p.click("push button", "Open the browser", shows("Finish the sign-in in your browser"))
	p.keepSmall("walk-02-in-the-browser")
	page, err := app.UntilOpened(within(t, box.Patience), func(l string) bool { return strings.HasPrefix(l, "http") })
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Continue(within(t, box.Patience), page); err != nil {
		t.Fatal(err)
	}
	p.until("the account and its devices", func(s snapshot) bool {
		return s.Account.State == localapi.SignedIn && len(s.Devices.Items) >= 3 && s.Connection.Push.Connected
	})
	p.sees("Demo phone")
	p.keepSmall("walk-03-signed-in")

	p.sendsInFourWays()
	p.receives()
	p.pairs()
	p.namesAndChooses()

	p.pane("Account")
	p.wheelTo("push button", "Sign out…")
	p.click("push button", "Sign out…", shows("Sign out of Tabferry?"))
	p.keepSmall("walk-17-sign-out")
	p.click("push button", "Sign out", p.agent("being signed out", func(s snapshot) bool { return s.Account.State == localapi.SignedOut }))
	p.sees("Welcome to Tabferry")
	p.keepSmall("walk-18-signed-out")
}

// until waits for what the agent knows.
func (p *person) until(what string, fits func(snapshot) bool) snapshot {
	p.t.Helper()
	s, err := p.app.Until(within(p.t, box.Patience), what, fits)
	if err != nil {
		p.keepSmall("stuck")
		p.t.Fatal(err)
	}
	return s
}

// sendsInFourWays sends from the pane, from the tray, by pasting, and by a command.
func (p *person) sendsInFourWays() {
	p.t.Helper()
	p.click("entry", "Link", has(box.ToldFocused, "entry", "Link"))
	p.types("https://pane.example/an/article")
	p.click("check box", "Demo phone", has(box.ToldChecked, "check box", "Demo phone"))
	p.keepSmall("walk-04-send-by-pane")
	p.click("push button", "Send to Demo phone", shows("Leaving for Demo phone in"))
	p.keepSmall("walk-05-leaving")
	untilReceived(p.t, p.app, "Demo phone", "https://pane.example/an/article")

	copyText(p.t, p.app, "https://tray.example/copied")
	tray, err := p.app.Box.Tray(within(p.t, box.Patience))
	if err != nil {
		p.t.Fatal(err)
	}
	defer tray.Close()
	if _, err := tray.Until(within(p.t, box.Patience), "copied link", func(i box.MenuItem) bool { return strings.Contains(i.Label, "tray.example") }); err != nil {
		p.t.Fatal(err)
	}
	p.xdotool("mousemove", "1027", "15", "click", "3") // the tray sits left of the clock
	p.keepSmall("walk-06-tray")
	p.keys("Escape")
	phone, err := tray.Until(within(p.t, box.Patience), "Demo phone", func(i box.MenuItem) bool { return strings.Contains(i.Label, "Demo phone") && i.Enabled })
	if err == nil {
		err = tray.Click(phone)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.keepSmall("walk-07-sent-by-tray")
	untilReceived(p.t, p.app, "Demo phone", "https://tray.example/copied")

	copyText(p.t, p.app, "look: https://paste.example/one and https://paste.example/two")
	p.front()
	p.pane("Inbox")
	p.keys("ctrl+v") // anywhere in the window
	p.sees("paste.example/one")
	p.keepSmall("walk-08-pasted")
	p.keys("ctrl+Return")
	for _, link := range []string{"https://paste.example/one", "https://paste.example/two"} {
		untilReceived(p.t, p.app, "Demo phone", link)
	}

	r := command(p.t, p.app, 0, "send", "--to", "Demo tablet", "https://command.example/")
	p.t.Logf("the command says %q", r.Out)
	untilReceived(p.t, p.app, "Demo tablet", "https://command.example/")
	p.sees("command.example")
	p.keepSmall("walk-09-sent-by-command")
}

// front brings the window to the front again.
func (p *person) front() {
	p.t.Helper()
	p.activate()
}

// putAway closes the notifications.
func (p *person) putAway() {
	p.t.Helper()
	if out, err := p.output("dunstctl", "close-all"); err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
}

// untilNothingDisplayed waits until the notification server shows nothing.
func (p *person) untilNothingDisplayed() {
	p.t.Helper()
	err := box.Until(within(p.t, box.Patience), func() bool {
		out, err := p.output("dunstctl", "count", "displayed")
		return err == nil && strings.TrimSpace(out) == "0"
	})
	if err != nil {
		p.t.Fatal("a notification stays")
	}
}

// receives gets three tabs: one is opened from its notification, one copied in the window, one left for later.
func (p *person) receives() {
	p.t.Helper()
	p.putAway() // what the sends have said
	for _, name := range []string{"open", "copy", "later"} {
		command(p.t, p.app, 0, "demo", "send-me", "https://"+name+".example/page")
		p.until("a tab", func(s snapshot) bool {
			return len(s.Inbox.Recent) > 0 && strings.Contains(s.Inbox.Recent[0].Host, name)
		})
		if name != "open" {
			continue
		}
		p.keepSmall("walk-10-notification")
		if out, err := p.output("dunstctl", "action", "0"); err != nil {
			p.t.Fatalf("%v: %s", err, out)
		}
		if _, err := p.app.UntilOpened(within(p.t, box.Patience), func(l string) bool { return l == "https://open.example/page" }); err != nil {
			p.t.Fatal(err)
		}
	}
	p.putAway() // later
	p.front()
	p.pane("Inbox")
	p.click("list item", "copy.example", unseen)
	p.keepSmall("walk-11-inbox")
	p.clickIn("copy.example", "push button", "More", offers("menu item", "Copy link"))
	p.click("menu item", "Copy link", lacks("menu item", "Copy link"))
	untilCopied(p.t, p.app, "https://copy.example/page")
	p.clickIn("copy.example", "push button", "Open", p.agent("one unread tab", func(s snapshot) bool { return s.Inbox.Unread == 1 }))
	if _, err := p.app.UntilOpened(within(p.t, box.Patience), func(l string) bool { return l == "https://copy.example/page" }); err != nil {
		p.t.Fatal(err)
	}
	s := p.until("one unread tab", func(s snapshot) bool { return s.Inbox.Unread == 1 })
	if later := s.Inbox.Recent[0]; later.Read || later.Host != "later.example" {
		p.t.Errorf("for later is %+v", later)
	}
	p.keepSmall("walk-12-later")
}

// pairs lets a phone in that reads the code.
func (p *person) pairs() {
	p.t.Helper()
	p.pane("Pair")
	p.click("push button", "Show the code", shows("Stop showing it"))
	p.keepSmall("walk-13-code")
	command(p.t, p.app, 0, "demo", "scan")
	p.sees("Allow")
	p.keepSmall("walk-14-let-in")
	p.click("push button", "Allow", shows("The device is signed in to your account."))
	p.seesNot("New device") // whoever has just let it in needs no warning
	p.keepSmall("walk-15-paired")
}

// namesAndChooses gives this device another name, and the window another look.
func (p *person) namesAndChooses() {
	p.t.Helper()
	p.pane("Devices")
	p.click("push button", "Rename", effect{"a field with the focus", func(all []box.Told) bool {
		return slices.ContainsFunc(all, func(o box.Told) bool { return o.Role == "entry" && o.Is(box.ToldFocused) })
	}})
	p.types("Harbour desk") // in place of what is selected
	p.keys("Return")
	p.until("the new name", func(s snapshot) bool { return s.Devices.Items != nil && holdsOwn(s, "Harbour desk") })
	p.sees("Harbour desk")
	p.pane("Settings")
	p.click("combo box", "Appearance", offers("menu item", "High contrast, dark"))
	p.click("menu item", "High contrast, dark", p.agent("the appearance", func(s snapshot) bool { return s.Settings.Appearance == "contrast-dark" }))
	p.keepSmall("walk-16-settings")
}

func holdsOwn(s snapshot, name string) bool {
	for _, d := range s.Devices.Items {
		if d.This && d.Name == name {
			return true
		}
	}
	return false
}
