package window

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

const (
	// maxLinks bounds how many links one paste or file brings; what is left out is said.
	maxLinks = 10_000
	// fewLinks is how many links stand on the page itself; more get a frame that scrolls and a search.
	fewLinks = 6
	// linksHeight is the frame's height: the devices stay in sight below it.
	linksHeight = 160
)

// linkChoice is one of several links, with its box.
type linkChoice struct {
	localapi.Link
	on bool
}

// linkList is the several links that a paste or a file brought, to choose from.
type linkList struct {
	w       *Window
	object  *fyne.Container
	changed func()

	count  *widget.Line
	note   *widget.Text
	search *widget.Field
	tools  *fyne.Container
	few    *widget.RowList
	many   *widget.LongList

	links []linkChoice
	found int   // how many there were, maxLinks of them kept
	shown []int // those that fit the search
}

func newLinkList(w *Window, changed, clearAll func()) *linkList {
	l := &linkList{w: w, changed: changed}
	l.count = widget.NewBoldLine("", theme.ColorNameForeground, theme.SizeNameText)
	l.note = widget.NewMuted("")
	l.search = w.field(w.t("window.send.search"), w.t("window.send.search"))
	l.search.OnChanged = func(string) { l.filter(); l.changed() }
	l.few = widget.NewRowList(w.escape)
	l.many = widget.NewLongList(linksHeight, w.escape)
	every := func(on bool) func() {
		return func() {
			for _, i := range l.shown {
				l.links[i].on = on
			}
			l.changed()
		}
	}
	l.tools = widget.Beside(l.search, widget.HStack(widget.GapTiny,
		w.button(w.t("window.send.choose_all"), every(true)), w.button(w.t("window.send.choose_none"), every(false))))
	head := widget.Border(nil, nil, nil, w.button(w.t("window.send.clear"), clearAll).Quiet(), widget.Middle(l.count))
	l.object = widget.VStack(widget.GapTiny, head, l.note, l.tools, l.few, l.many)
	return l
}

// set takes links, all of them chosen; none empties the list.
func (l *linkList) set(links []localapi.Link) {
	l.found, l.links = len(links), nil
	for _, one := range links[:min(len(links), maxLinks)] {
		l.links = append(l.links, linkChoice{one, true})
	}
	l.search.Put("")
	l.filter()
	l.many.ScrollToTop()
}

// filter finds the links that hold what is searched for.
func (l *linkList) filter() {
	text := strings.ToLower(strings.TrimSpace(l.search.Text))
	l.shown = nil
	for i, one := range l.links {
		if text == "" || strings.Contains(strings.ToLower(one.Title), text) || strings.Contains(strings.ToLower(one.URL), text) {
			l.shown = append(l.shown, i)
		}
	}
}

// picked returns the chosen links, also those that the search hides.
func (l *linkList) picked() []localapi.Link {
	var links []localapi.Link
	for _, one := range l.links {
		if one.on {
			links = append(links, one.Link)
		}
	}
	return links
}

// row is a link as it is shown.
func (l *linkList) row(i int) widget.RowSpec {
	one := &l.links[i]
	return widget.RowSpec{
		ID: strconv.Itoa(i), Title: titleOf(one.Title, one.URL), Detail: i18n.Plain(one.URL), Chooses: true, Chosen: one.on, Calm: true,
		Tap: func() { one.on = !one.on; l.changed() },
	}
}

func (l *linkList) update() {
	long := len(l.links) > fewLinks
	var specs []widget.RowSpec
	if !long {
		for i := range l.links {
			specs = append(specs, l.row(i))
		}
	}
	l.few.Set(specs)
	many := 0
	if long {
		many = len(l.shown)
	}
	l.many.Set(many, func(i int) widget.RowSpec { return l.row(l.shown[i]) })
	// Afterwards: a list draws itself once more when the focus leaves it.
	widget.SetVisible(l.object, l.links != nil)
	widget.SetVisible(l.tools, long)
	widget.SetVisible(l.many, long)
	widget.SetVisible(l.few, !long)
	l.count.Set(l.w.words.N("window.send.links_chosen", len(l.picked()), "All", len(l.links)))
	switch {
	case l.found > len(l.links):
		l.note.Say(l.w.t("window.send.links_cut", "Count", len(l.links), "All", l.found))
	case len(l.shown) < len(l.links):
		l.note.Say(l.w.t("window.send.links_shown", "Count", len(l.shown), "All", len(l.links)))
	default:
		l.note.Say("")
	}
}
