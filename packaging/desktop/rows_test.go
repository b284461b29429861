//go:build desktop && linux

package desktop_test

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// The long lists: so many devices, of which every third cannot receive, and so many tabs, of which every second
// is read.
const (
	manyDevices = 500
	manyTabs    = 150
)

// TestRowsAreRight while they scroll past: a row is used again for what comes into sight, and shows nothing of what
// it showed before.
func TestRowsAreRight(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Width: 1000, Height: 660})
	app.Everyday = true
	h := &household{t, app, accounttest.New(t)}
	h.start()
	settings := h.until("settings", func(snapshot) bool { return true }).Settings
	settings.Server, settings.PushServer, settings.PairingServer = h.svc.URL(), h.svc.PushURL(), h.svc.PairingURL()
	settings.Appearance, settings.Notifications = "light", false
	if err := app.Client().SetSettings(within(t, box.Patience), settings); err != nil {
		t.Fatal(err)
	}
	anna := h.svc.NewAccount("anna@example.com", "a password of hers")
	phone := h.phoneOf(anna, "Annas phone")
	for i := range manyDevices {
		name := fmt.Sprintf("Device %d", 100+i)
		if able(i) {
			h.phoneOf(anna, name).Close()
		} else {
			h.deviceOf(anna, name).Close()
		}
	}
	h.signIn(anna)
	for i := range manyTabs {
		if _, err := phone.SendTab(t.Context(), h.desk(), fmt.Sprintf("Tab %d", 100+i), fmt.Sprintf("https://tab%d.example/", 100+i)); err != nil {
			t.Fatal(err)
		}
	}
	h.until("all tabs", func(s snapshot) bool { return s.Inbox.Total == manyTabs })
	var read []string
	all, err := app.Client().Inbox(within(t, box.Patience), localapi.InboxQuery{Limit: localapi.MaxInboxPage})
	if err != nil || len(all) != manyTabs {
		t.Fatalf("%d tabs, %v", len(all), err)
	}
	for _, e := range all {
		var n int
		if _, err := fmt.Sscanf(e.Title, "Tab %d", &n); err != nil {
			t.Fatalf("%q: %v", e.Title, err)
		}
		if n%2 == 0 {
			read = append(read, e.ID)
		}
	}
	if err := app.Client().MarkRead(within(t, box.Patience), read...); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, app)
	p.pane("Devices")
	p.scrollsThrough("Device", func(n int) (string, bool) { return "Cannot receive tabs", !able(n - 100) })
	p.pane("Inbox")
	p.scrollsThrough("Tab", func(n int) (string, bool) { return "New", n%2 != 0 })
}

// able reports whether a device of the many receives tabs.
func able(i int) bool { return i%3 != 0 }

// scrollsThrough goes through a list: there are its top, its end, its middle and its top again. Everywhere each row
// is there once, with its own words or without them, and the screen shows what is told.
func (p *person) scrollsThrough(kind string, words func(n int) (string, bool)) {
	p.t.Helper()
	look := func(where string) []string {
		p.t.Helper()
		rows := p.shown(kind, where)
		var titles []string
		for _, row := range rows {
			title, _, _ := strings.Cut(row, " · ")
			var n int
			if _, err := fmt.Sscanf(title, kind+" %d", &n); err != nil {
				p.t.Fatalf("%q: %v", row, err)
			}
			if said, want := words(n); strings.Contains(row, said) != want {
				p.t.Errorf("%s: the row says %q", where, row)
			}
			if slices.Contains(titles, title) {
				p.t.Errorf("%s: %s is there twice", where, title)
			}
			titles = append(titles, title)
		}
		p.keepSmall("rows-" + strings.ToLower(kind) + "-" + where)
		return titles
	}
	top := look("top")
	p.stopsAt(top[0])
	p.keys("End")
	p.untilTold(effect{"the end", func(all []box.Told) bool {
		return !slices.ContainsFunc(all, called("list item", top[0])) && slices.ContainsFunc(all, func(o box.Told) bool {
			return o.Role == "list item" && o.Is(box.ToldFocused)
		})
	}})
	end := look("end")
	p.untilTold(effect{"the focus in sight", func(all []box.Told) bool {
		i := slices.IndexFunc(all, func(o box.Told) bool { return o.Role == "list item" && o.Is(box.ToldFocused) })
		at := image.Rectangle{}
		if i >= 0 {
			at = p.place(all[i])
		}
		return !at.Empty() && at.In(p.place(all[0]))
	}})
	p.point(image.Rect(380, 250, 400, 270)) // the middle of the page
	for range 20 {
		p.xdotool("click", "4")
	}
	middle := look("middle")
	p.keys("Home")
	p.untilTold(has(box.ToldFocused, "list item", top[0]))
	again := look("again")
	if n := min(len(again), len(top)); !slices.Equal(again[:n], top[:n]) {
		p.t.Errorf("the top was %q, and is %q", top, again)
	}
	if slices.Contains(end, top[0]) || slices.Contains(middle, top[0]) || slices.Equal(end, middle) {
		p.t.Errorf("it did not scroll: %q, %q, %q", top, middle, end)
	}
}

// shown returns the rows of a kind that are told, once the screen shows most of them: reading is an art, and more of
// a list may come meanwhile.
func (p *person) shown(kind, where string) (rows []string) {
	p.t.Helper()
	told := func() (rows []string) {
		for _, o := range p.told() {
			if o.Role == "list item" && o.Is(box.ToldShowing) && strings.HasPrefix(o.Name, kind+" ") {
				rows = append(rows, o.Name)
			}
		}
		return rows
	}
	var text string
	err := box.Until(within(p.t, box.Patience), func() bool {
		rows = told()
		text = p.read()
		seen := 0
		for _, row := range rows {
			if title, _, _ := strings.Cut(row, " · "); strings.Contains(text, title) {
				seen++
			}
		}
		return len(rows) >= 4 && 2*seen > len(rows) && slices.Equal(rows, told())
	})
	if err != nil {
		p.t.Fatalf("%s: the screen does not show %q; it reads:\n%s", where, rows, text)
	}
	return rows
}
