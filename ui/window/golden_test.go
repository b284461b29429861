package window

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// TestWidgetsLookAsTheyDid compares a sheet of our own widgets with a picture. After a wanted
// change look at the picture under testdata/failed and move it up.
func TestWidgetsLookAsTheyDid(t *testing.T) {
	for _, appearance := range []string{"light", "dark"} {
		t.Run(appearance, func(t *testing.T) {
			app := test.NewTempApp(t)
			app.Settings().SetTheme(newLook(appearance))
			window := test.NewTempWindow(t, sheet())
			window.SetPadded(false)
			window.Resize(fyne.NewSize(420, 560))
			settleLayout(window.Canvas().Content())
			test.AssertRendersToImage(t, "widgets-"+appearance+".png", window.Canvas())
		})
	}
}

// sheet holds every widget of our own in its states.
func sheet() fyne.CanvasObject {
	list := newRowList(nil)
	list.set([]rowSpec{
		{id: "1", icon: "phone", title: "Pixel 9", detail: "Last seen 4 minutes ago", strong: true, mark: "This device", action: rowAction{label: "Send"}, menu: []menuEntry{{label: "x"}}},
		{id: "2", icon: "tablet", title: "A device with a name that is much too long for its row", detail: "Alerts off", chooses: true, chosen: true, tap: func() {}},
		{id: "3", icon: "clock", title: "A tab", detail: "not sent: offline", detailIs: toneBad, iconColor: colorBad, action: rowAction{label: "Retry", main: true}},
	})
	list.rows["2"].FocusGained()
	selected, other := newNavItem("send", "Send", nil), newNavItem("inbox", "Inbox", nil)
	selected.set(true, false, 0)
	other.set(false, false, 123)
	w := &Window{}
	box := w.newOption("A box with words that are longer than one line of this sheet, so that they go on below", nil)
	box.set(true)
	way := w.newWay("One of several ways", nil)
	face := newAvatar(40)
	face.set("demo@example.com", nil)
	return newSurface(theme.ColorNameBackground, 0, pad(gap, vstack(gap, newListCard(list), selected, other,
		newCard(vstack(gapSmall, box, way, fact("Account", "demo@example.com"), step("1", "Do this first."), face)))))
}
