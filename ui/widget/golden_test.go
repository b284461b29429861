package widget

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// TestWidgetsLookAsTheyDid compares a sheet of our own widgets with a picture. After a wanted
// change look at the picture under testdata/failed and move it up.
func TestWidgetsLookAsTheyDid(t *testing.T) {
	for name, look := range map[string]*Theme{"light": NewTheme("light"), "dark": NewTheme("dark"), "mirrored": NewTheme("light")} {
		t.Run(name, func(t *testing.T) {
			app := test.NewTempApp(t)
			look.Mirrored = name == "mirrored"
			app.Settings().SetTheme(look)
			window := test.NewTempWindow(t, sheet())
			window.SetPadded(false)
			window.Resize(fyne.NewSize(420, 560))
			for range 4 { // wrapped texts that learnt their width want another height
				window.Canvas().Content().Refresh()
			}
			test.AssertRendersToImage(t, "widgets-"+name+".png", window.Canvas())
		})
	}
}

// sheet holds every widget of our own in its states.
func sheet() fyne.CanvasObject {
	list := NewRowList(nil)
	list.Set([]RowSpec{
		{ID: "1", Icon: "phone", Title: "Pixel 9", Detail: "Last seen 4 minutes ago", Strong: true, Mark: "This device", Action: Action{Label: "Send"}, Menu: []MenuEntry{{Label: "x"}}},
		{ID: "2", Icon: "tablet", Title: "A device with a name that is much too long for its row", Detail: "Alerts off", Chooses: true, Chosen: true, Tap: func() {}},
		{ID: "3", Icon: "clock", Title: "A tab", Detail: "not sent: offline", DetailTone: ToneBad, IconColor: ColorBad, Action: Action{Label: "Retry", Main: true}},
	})
	list.rows["2"].FocusGained()
	selected, other := NewNavItem("send", "Send", nil), NewNavItem("inbox", "Inbox", nil)
	selected.Set(true, false, 0)
	other.Set(false, false, 123)
	box := NewOption("A box with words that are longer than one line of this sheet, so that they go on below", nil)
	box.Set(true)
	way := NewWay("One of several ways", nil)
	face := NewAvatar(40)
	face.Set("demo@example.com", nil)
	return NewSurface(theme.ColorNameBackground, 0, Pad(Gap, VStack(Gap, NewListCard(list), selected, other,
		NewCard(VStack(GapSmall, box, way, NewFact("Account", "demo@example.com"), Step("1", "Do this first."), face)))))
}
