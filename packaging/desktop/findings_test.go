//go:build desktop && linux

package desktop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/packaging/box"
)

// TestFindings looks at what people once stumbled over, on the real window; docs/window.md lists it, with the
// picture of each that this test keeps where TABFERRY_KEEP says. The numbers are those of that list.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(t *testing.T){
		"light": findLight, "contrast": findByKeyboard, "troubles": findTroubles, "keyring": findKeyring, "passphrase": findPassphrase,
		"twice": findTwice, "wide": findWide, "mirrored": findMirrored,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); look(t) })
	}
}

// sitDown is in front of the window of somebody who is signed in.
func sitDown(t *testing.T, place box.Params, appearance string, env ...string) *person {
	t.Helper()
	app := newApp(t, place)
	for i := 0; i+1 < len(env); i += 2 {
		app.Setenv(env[i], env[i+1])
	}
	signedIn(t, app)
	p := &person{&screen{t: t, app: app}}
	p.choose(func(s *localapi.Settings) { s.Appearance = appearance })
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	return newPerson(t, app)
}

// choose changes a setting.
func (p *person) choose(edit func(*localapi.Settings)) {
	p.t.Helper()
	s, err := p.app.Client().Snapshot(p.t.Context())
	if err == nil {
		edit(&s.Settings)
		err = p.app.Client().SetSettings(p.t.Context(), s.Settings)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// stopsAt presses Tab until something has the focus.
func (p *person) stopsAt(name string) {
	p.t.Helper()
	for range 30 {
		p.move("Tab")
		if strings.HasPrefix(p.focus().Name, name) {
			return
		}
	}
	p.t.Fatalf("Tab does not come to %q", name)
}

func findLight(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1000, Height: 660}, "light")
	p.pane("Pair")
	p.stopsAt("Show the code")
	p.keepSmall("01-ring-light")

	copyText(t, p.app, "https://prefilled.example/")
	p.goes("alt+1", "Send")
	p.sees("From your clipboard")
	p.types("https://typed.example/") // in place of what stood there
	p.keepSmall("05-typed-over-prefilled")
	p.click("check box", "Demo tablet", has(box.ToldChecked, "check box", "Demo tablet"))
	p.keys("ctrl+Return")
	s := p.until("a send", func(s snapshot) bool { return len(s.Outbox.Recent) > 0 })
	if got := s.Outbox.Recent[0].URL; got != "https://typed.example/" {
		t.Errorf("5: %q was sent", got)
	}
	p.click("push button", "Undo", p.agent("nothing sent", func(s snapshot) bool { return len(s.Outbox.Recent) == 0 }))
	p.keepSmall("16-undo-gives-back")

	p.keys("alt+1") // it is there: begin at the field
	p.types("https://long.example/" + strings.Repeat("path/", 40))
	p.keepSmall("34-long-link")

	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, "https://many.example/%d\n", i)
	}
	copyText(t, p.app, many.String())
	p.keys("Escape")
	p.pane("Inbox")
	p.keys("ctrl+v")
	p.sees("300 of 300 links chosen")
	p.sees("Demo phone") // still in sight
	p.keepSmall("10-many-links")
	p.click("push button", "Clear", lacks("push button", "Clear"))

	if err := p.app.Client().RenameDevice(t.Context(), "Demo phone"); err != nil {
		t.Fatal(err)
	}
	p.pane("Devices")
	p.until("two of one name", func(s snapshot) bool { return holdsOwn(s, "Demo phone") })
	p.keepSmall("20-same-names")
	p.clickIn("Demo tablet", "push button", "More", offers("menu item", "Close a tab there…"))
	p.keepSmall("08-menu")
	p.click("menu item", "Close a tab there…", lacks("menu item", "Close a tab there…"))
	p.types("https://close.example/")
	p.keys("Return")
	p.sees("Asking Demo tablet to close it")
	p.keepSmall("15-closing")
	if err := p.app.Client().RenameDevice(t.Context(), "هاتف سارة 📱"); err != nil {
		t.Fatal(err)
	}
	p.until("a name from right to left", func(s snapshot) bool { return holdsOwn(s, "هاتف سارة 📱") })
	p.keepSmall("36-right-to-left")

	p.putAway()
	command(t, p.app, 0, "demo", "send-me", "https://leaves.example/")
	untilDisplayed(t, p.app)
	if out, err := p.output("dunstctl", "action", "0"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := p.app.UntilOpened(within(t, box.Patience), func(l string) bool { return l == "https://leaves.example/" }); err != nil {
		t.Fatal(err)
	}
	p.pane("Inbox")
	p.untilNothingDisplayed()
	p.keepSmall("38-notification-left")

	p.pane("Settings")
	p.click("combo box", "Open links with", offers("menu item", ""))
	p.keepSmall("33-browsers")
	p.keys("Escape")
	p.wheelTo("push button", "Advanced")
	p.keepSmall("30-wheel")
	p.choose(func(s *localapi.Settings) { s.Language = "de" })
	p.pane("Geräte")
	p.keepSmall("37-german")
}

// findMirrored meets the window in the language for tests that goes from right to left: panes are chosen at the right,
// where a person sees them, the Left key leads from a row to its buttons, and their menu opens.
func findMirrored(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1000, Height: 660}, "light")
	words := i18n.New(i18n.PseudoRight)
	command(t, p.app, 0, "demo", "send-me", "https://ferry.example/timetable")
	command(t, p.app, 0, "demo", "send-me", "https://harbour.example/")
	p.until("two tabs", func(s snapshot) bool { return s.Inbox.Total == 2 })
	p.putAway()
	p.choose(func(s *localapi.Settings) { s.Language = i18n.PseudoRight })
	p.pane(words.T("window.send.rail"))
	all := p.told()
	rail := all[slices.IndexFunc(all, called("page tab", words.T("window.send.rail")))]
	if at := p.place(rail); at.Min.X < 500 {
		t.Errorf("the rail is told to lie at %v", at)
	}
	p.pane(words.T("window.inbox.rail"))
	p.keepSmall("40-mirrored")
	p.stopsAt("Sent from")
	p.move("Left")
	p.untilFocus(words.T("window.inbox.open"))
	p.move("Left")
	p.untilFocus(words.T("window.more"))
	p.move("Right")
	p.untilFocus(words.T("window.inbox.open"))
}

func findByKeyboard(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1000, Height: 660}, "contrast-dark")
	for i := range 14 {
		command(t, p.app, 0, "demo", "send-me", fmt.Sprintf("https://tab%02d.example/", i))
	}
	p.until("fourteen tabs", func(s snapshot) bool { return s.Inbox.Total == 14 })
	p.putAway()
	p.goes("alt+2", "Inbox")
	p.stopsAt("Sent from")
	p.keys("Home") // the keyboard stood at the row that came first
	p.untilFocus("tab13.example")
	for range 11 {
		p.move("Down")
	}
	p.untilFocus("tab02.example")
	if ring := p.untilWide(100, 30); ring.Dx() < 100 || ring.Dy() < 30 {
		t.Errorf("2: eleven rows down the ring is %v", ring)
	}
	p.keepSmall("02-focus-in-sight")
	for _, key := range []string{"Home", "Delete"} {
		p.keys(key)
	}
	p.until("thirteen tabs", func(s snapshot) bool { return s.Inbox.Total == 13 })
	p.untilTold(lacks("list item", "tab13.example"), effect{"a row with the focus", func(all []box.Told) bool {
		return slices.ContainsFunc(all, func(o box.Told) bool { return o.Role == "list item" && o.Is(box.ToldFocused) })
	}})
	if ring := p.untilWide(100, 0); ring.Dx() < 100 {
		t.Errorf("3: after a row has gone the ring is %v", ring)
	}
	p.keepSmall("03-focus-stays")
	p.keys("ctrl+f")
	p.types("tab07")
	p.keys("Down")
	p.untilFocus("tab07.example")
	if ring := p.untilWide(100, 45); ring.Dy() < 45 {
		t.Errorf("4: what was found is not whole in sight, the ring is %v", ring)
	}
	p.keepSmall("04-search-to-the-hit")

	p.goes("alt+4", "Pair")
	p.stopsAt("Show the code")
	p.keys("Return")
	p.until("a code", func(s snapshot) bool { return s.Pairing != nil && s.Pairing.State == localapi.PairShowing })
	command(t, p.app, 0, "demo", "scan")
	p.sees("Allow")
	p.stopsAt("Allow")
	p.keepSmall("01-ring-contrast")
	p.click("push button", "Decline", shows("Declined"))
	p.keepSmall("23-declined")
}

func findTroubles(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1000, Height: 660, NoPanel: true}, "dark", "TABFERRY_OPENER", "/bin/false")
	p.sees("This desktop shows no tray icons")
	p.keepSmall("19-no-tray")
	p.click("push button", "Got it", lacks("push button", "Got it"))
	p.keepSmall("27-no-hole")
	command(t, p.app, 0, "demo", "send-me", "https://unopened.example/")
	p.until("a tab", func(s snapshot) bool { return s.Inbox.Unread == 1 })
	p.putAway()
	p.pane("Inbox")
	p.clickIn("unopened.example", "push button", "Open", shows("The browser could not be opened."))
	p.keepSmall("13-not-opened")
	if s := p.until("an inbox", func(snapshot) bool { return true }); s.Inbox.Unread != 1 {
		t.Error("13: what could not be opened is read")
	}
	before := p.until("an agent", func(s snapshot) bool { return s.PID != 0 })
	killAgent(t, p.app)
	p.until("another agent", func(s snapshot) bool { return s.PID != before.PID && s.Account.State == localapi.SignedIn })
	p.keepSmall("19-agent-again")
	command(t, p.app, 0, "demo", "stop")
	command(t, p.app, 6, "send", "--wait", "1s", "--to", "Demo phone", "https://waits.example/")
	p.pane("Send")
	p.sees("Offline")
	p.keepSmall("22-offline")
}

func findKeyring(t *testing.T) {
	app := newApp(t, box.Params{Width: 1000, Height: 700, Keyring: box.KeyringNone})
	app.Everyday = true // the demo keeps nothing, and asks nothing
	h := &household{t, app, accounttest.New(t)}
	h.start()
	settings := h.until("settings", func(snapshot) bool { return true }).Settings
	settings.Server, settings.PushServer, settings.PairingServer = h.svc.URL(), h.svc.PushURL(), h.svc.PairingURL()
	settings.Appearance = "light"
	if err := app.Client().SetSettings(within(t, box.Patience), settings); err != nil {
		t.Fatal(err)
	}
	if r := command(t, app, 3, "signin"); !strings.Contains(r.Err, "--keep new-keyring") {
		t.Errorf("the command line says %q", r.Err)
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, app)
	asked := effect{"the dialog of the keyring", func([]box.Told) bool { return app.Box.KeyringAsks() }}
	p.sees("Make a keyring")
	p.keepSmall("11-no-keyring-yet")
	p.click("push button", "Make a keyring", asked)
	p.keepSmall("11-make-a-keyring")
	if err := p.app.Box.RefuseKeyring(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	p.sees("was cancelled")
	p.keepSmall("18-cancelled")
	p.click("push button", "Make a keyring", asked)
	if err := p.app.Box.ProtectKeyring(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	p.until("data under the keyring's protection", func(s snapshot) bool {
		return s.Storage.Kept && s.Storage.Protection == localapi.ProtectedByKeyring
	})

	anna := h.svc.NewAccount("anna@example.com", "a password of hers")
	h.phoneOf(anna, "Annas phone")
	h.signIn(anna)
	p.sees("Annas phone")
	anna.ChangePassword()
	if err := app.Client().Refresh(within(t, box.Patience)); err != nil {
		t.Logf("asking the server: %v", err) // it refuses: that is what ends the sign-in
	}
	p.until("the end of the sign-in", func(s snapshot) bool { return s.Account.State == localapi.NeedsSignIn })
	p.pane("Sign in")
	p.sees("Sign in again")
	p.seesNot("Signed in")
	p.putAway()
	p.keepSmall("21-ended")
}

func findPassphrase(t *testing.T) {
	app := newApp(t, box.Params{Width: 1000, Height: 660, Keyring: box.KeyringAbsent})
	signedIn(t, app)
	if err := app.Client().Protect(t.Context(), localapi.ProtectedByPassphrase, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	killAgent(t, app)
	app.Setenv("FYNE_THEME", "dark")
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, app)
	p.sees("Start again without the saved data")
	p.click("password text", "Passphrase", has(box.ToldFocused, "password text", "Passphrase"))
	p.types("a wrong one")
	p.keys("Return")
	p.sees("That is not the passphrase.")
	p.keepSmall("09-wrong-passphrase-dark")
}

func findTwice(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1366, Height: 768}, "light", "FYNE_SCALE", "2")
	p.untilTold(offers("page tab", "Send"))
	p.keepSmall("26-twice")
	p.wheelTo("check box", "Open in a private window")
	p.types("https://typed.example/")
	p.untilTold(offers("entry", "Link"))
	p.keepSmall("06-typing-into-sight")
}

func findWide(t *testing.T) {
	p := sitDown(t, box.Params{Width: 1920, Height: 1080}, "dark")
	for _, link := range []string{"https://one.example/", "https://two.example/"} {
		command(t, p.app, 0, "send", "--to", "Demo phone", link)
	}
	p.putAway()
	if out, err := p.output("wmctrl", "-r", "Tabferry", "-b", "add,maximized_vert,maximized_horz"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.untilTold(offers("page tab", "Send"))
	p.keepSmall("35-wide")
}
