//go:build desktop && linux

package desktop_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/packaging/box"
)

// copied is a link of a page as Firefox copies it.
func copied(t *testing.T, app *box.App, address, title string) {
	t.Helper()
	if err := app.Box.CopyLink(t.Context(), address, title); err != nil {
		t.Fatal(err)
	}
	untilCopied(t, app, address)
}

// untilReceivedTitled waits until a demo device reports a link, and demands its title.
func untilReceivedTitled(t *testing.T, app *box.App, device, address, title string) {
	t.Helper()
	untilReceived(t, app, device, address)
	tabs := report(t, app).Received
	i := slices.IndexFunc(tabs, func(r door.Received) bool { return r.Device == device && r.URL == address })
	if i < 0 || tabs[i].Title != title {
		t.Errorf("%s arrived with the title %q, want %q", address, tabs[i].Title, title)
	}
}

// TestACopiedLinkIsSentWithItsTitle: two clicks in the tray, and the window's field, which is offered what was
// copied before, and into which the next link is pasted, in place of the first and into the empty field.
func TestACopiedLinkIsSentWithItsTitle(t *testing.T) {
	t.Parallel()
	const tray, offered, over, pasted = "https://tray.example/a?b=c&d", "https://offered.example/", "https://over.example/", "https://pasted.example/"
	app := newApp(t, box.Params{Width: 1000, Height: 660})
	signedIn(t, app)
	copied(t, app, tray, "Fähren im Überblick – 日本語")
	menu, err := app.Box.Tray(within(t, box.Patience))
	if err != nil {
		t.Fatal(err)
	}
	defer menu.Close()
	for _, label := range []string{"tray.example", "Demo phone"} {
		item, err := menu.Until(within(t, box.Patience), label, func(i box.MenuItem) bool {
			return strings.Contains(i.Label, label) && (i.Enabled || label == "tray.example")
		})
		if err != nil {
			t.Fatal(err)
		}
		if label == "Demo phone" {
			err = menu.Click(item)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	untilReceivedTitled(t, app, "Demo phone", tray, "Fähren im Überblick – 日本語")

	copied(t, app, offered, "The harbour's timetable")
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, app)
	p.putAway() // what the tray's send has said
	send := func(address, title string) {
		t.Helper()
		p.sees(title)
		if address == offered {
			p.keepSmall("title-of-a-copied-link")
		}
		p.keys("ctrl+Return")
		untilReceivedTitled(t, app, "Demo phone", address, title)
	}
	send(offered, "The harbour's timetable")

	p.types("https://typed.example/")
	copied(t, app, over, "In place of another")
	p.keys("ctrl+a")
	p.keys("ctrl+v")
	send(over, "In place of another")

	copied(t, app, pasted, "Into the empty field")
	p.keys("ctrl+v")
	send(pasted, "Into the empty field")
}
