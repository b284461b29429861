package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/widget"
)

// The widths of the rail, in units: with names beside the icons, and below this width of the
// window with names below them.
const (
	railWide, railNarrow = 188, 88
	narrowBelow          = 640
	railEdge             = 8   // beside the names
	railGrowth           = 1.4 // of the narrow rail for long names, at most
)

// shell is what surrounds the panes: rail, notice and toasts.
type shell struct {
	w      *Window
	object fyne.CanvasObject

	items   map[string]*widget.NavItem
	upper   *fyne.Container
	lower   *fyne.Container
	brand   *fyne.Container
	name    *widget.Line
	demo    *widget.Surface
	demoed  *widget.Line
	narrow  bool
	crowded bool // all panes can be reached

	banner     *fyne.Container
	bannerBox  *widget.Surface
	bannerIcon *fynewidget.Icon
	bannerText *widget.Text
	bannerDo   *widget.Button
	shownNote  notice

	body   *fyne.Container // notice and pane
	holder *fyne.Container
	front  fyne.CanvasObject
}

func newShell(w *Window) *shell {
	s := &shell{w: w, items: map[string]*widget.NavItem{}}
	for _, name := range []string{PaneSignIn, PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings} {
		item := widget.NewNavItem(railIcon(name), w.t("window."+name+".rail"), func() { w.show(name) })
		item.OnEscape = w.escape
		s.items[name] = item
	}
	s.upper, s.lower = widget.VStack(2), widget.VStack(2)
	s.name = widget.NewBoldLine(w.t("common.app"), theme.ColorNameForeground, theme.SizeNameSubHeadingText)
	s.demoed = widget.NewBoldLine(w.t("window.demo"), widget.ColorWarn, theme.SizeNameCaptionText)
	s.demoed.Whole = true
	s.demo = widget.NewSurface(widget.ColorWarnBox, 8, widget.Inset(2, 2, 8, 8, s.demoed))
	s.demo.Hide()
	s.brand = widget.Stack()
	rail := widget.NewSurface(widget.ColorRail, 0, widget.NewScroll(widget.Inset(widget.Gap, widget.Gap, railEdge, railEdge,
		widget.VStack(2, s.brand, s.upper, layout.NewSpacer(), s.lower))))

	s.bannerIcon = fynewidget.NewIcon(nil)
	s.bannerText = widget.NewText("")
	s.bannerDo = w.button("", s.act)
	s.bannerBox = widget.NewSurface(widget.ColorInfoBox, 10, widget.Inset(7, 7, 12, 8, widget.Border(nil, nil,
		widget.Inset(0, 0, 0, 6, widget.Centred(s.bannerIcon)), widget.Centred(s.bannerDo), widget.Middle(s.bannerText))))
	s.bannerBox.Says = true
	s.banner = widget.Inset(widget.Gap, 0, widget.GapLarge, widget.GapLarge, s.bannerBox)
	s.banner.Hide()

	s.holder = widget.Stack()
	s.body = widget.Border(s.banner, nil, nil, nil, widget.Stack(s.holder, w.toasts.layer))
	s.object = widget.Arranged(shellLayout{s}, rail, s.body) // the toolkit clears a frame with the colour of the page
	s.layBrand()
	return s
}

func railIcon(pane string) string {
	switch pane {
	case PaneSignIn:
		return "login"
	case PaneDevices:
		return "laptop"
	case PanePair:
		return "code"
	}
	return pane
}

// layBrand shows mark, name and the demo mark as the rail's width allows.
func (s *shell) layBrand() {
	mark := widget.Spacer(1, 28)
	if s.w.p.Icon != nil {
		mark = widget.Glyph(26, s.w.p.Icon)
	}
	switch {
	case !s.narrow:
		s.brand.Objects = []fyne.CanvasObject{widget.Inset(4, 14, 8, 2, widget.Border(nil, nil,
			widget.Inset(0, 0, 0, 4, widget.Centred(mark)), widget.Centred(s.demo), widget.Middle(s.name)))}
	case s.demo.Visible(): // the height is needed for the panes
		s.brand.Objects = []fyne.CanvasObject{widget.Inset(2, 8, 0, 0, widget.Centred(s.demo))}
	case s.crowded: // every name is in sight in a window of the least size
		s.brand.Objects = nil
	default:
		s.brand.Objects = []fyne.CanvasObject{widget.Inset(2, 8, 0, 0, widget.Centred(mark))}
	}
	s.brand.Refresh()
}

// setNarrow changes between the wide and the narrow rail.
func (s *shell) setNarrow(narrow bool) {
	if s.narrow == narrow {
		return
	}
	s.narrow = narrow
	s.layBrand()
	s.updateItems()
}

// update shows the reachable panes, the selected one, and what is not fine.
func (s *shell) update() {
	if demo := s.w.model.snap.Demo; demo != s.demo.Visible() {
		widget.SetVisible(s.demo, demo)
		s.layBrand()
	}
	s.updateItems()
	s.updateNotice()
}

func (s *shell) updateItems() {
	var upper, lower []fyne.CanvasObject
	for _, name := range s.w.model.panes() {
		count := 0
		if name == PaneInbox {
			count = s.w.model.snap.Inbox.Unread
		}
		item := s.items[name]
		if name == PaneSignIn {
			item.Call(s.w.signInName())
		}
		item.Set(name == s.w.current, s.narrow, count)
		if name == PaneAccount || name == PaneSettings {
			lower = append(lower, item)
		} else {
			upper = append(upper, item)
		}
	}
	widget.SetObjects(s.upper, upper)
	widget.SetObjects(s.lower, lower)
	if crowded := len(upper)+len(lower) == len(s.items); crowded != s.crowded {
		s.crowded = crowded
		s.layBrand()
	}
}

// signInName is what the first pane is called in the rail.
func (w *Window) signInName() string {
	if w.model.unkept() {
		return w.t("window.notice.keep")
	}
	return w.t("window.signin.rail")
}

func (s *shell) updateNotice() {
	n := s.w.model.notice(s.w.words, s.w.p.Now())
	if n.action == actSignIn && s.w.current == PaneSignIn {
		n = notice{} // the pane itself says so
	}
	if n == s.shownNote {
		return
	}
	s.shownNote = n
	if n.text == "" {
		widget.SetVisible(s.banner, false)
		s.body.Refresh() // so that the pane takes its room
		return
	}
	fill, ink := widget.ColorInfoBox, widget.ColorAccent
	switch n.tone {
	case widget.ToneWarn:
		fill, ink = widget.ColorWarnBox, widget.ColorWarn
	case widget.ToneBad:
		fill, ink = widget.ColorBadBox, widget.ColorBad
	}
	s.bannerBox.Fill = fill
	s.bannerIcon.SetResource(theme.NewColoredResource(n.tone.Icon(), ink))
	s.bannerText.Set(n.text)
	s.bannerDo.Relabel(n.label)
	widget.SetVisible(s.bannerDo, n.action != noAction)
	s.bannerBox.Refresh()
	s.banner.Show()
	s.body.Refresh()
}

// act does what the notice's button says.
func (s *shell) act() {
	switch s.shownNote.action {
	case actRetry:
		s.w.retryServers()
	case actSignIn:
		s.w.show(PaneSignIn)
	case actUnderstood:
		s.w.trayUnderstood()
	case actForgetDamaged:
		s.w.do(s.w.p.Agent.ForgetDamaged)
	case actEndQuiet:
		s.w.do(func(ctx context.Context) error { return s.w.p.Agent.Quiet(ctx, 0) })
	}
}

// bring shows a pane.
func (s *shell) bring(o fyne.CanvasObject) {
	s.front = o
	s.holder.Objects = []fyne.CanvasObject{o}
	s.holder.Refresh()
}

// narrowWidth is wide enough for the names in every language, but leaves the room to the panes.
func (s *shell) narrowWidth() float32 {
	least := (railNarrow + widget.Scaled(railNarrow)) / 2
	width := least
	for _, item := range s.items {
		width = max(width, item.NarrowWidth()+2*railEdge)
	}
	return min(width, least*railGrowth)
}

// shellLayout places rail and page. Its minimum is the window's, whatever the panes want: they
// scroll, wrap and shorten.
type shellLayout struct{ s *shell }

func (l shellLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.s.setNarrow(size.Width < widget.Scaled(narrowBelow))
	width := widget.Scaled(railWide)
	if l.s.narrow {
		width = l.s.narrowWidth()
	}
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(width, size.Height))
	objects[1].Move(fyne.NewPos(width, 0))
	objects[1].Resize(fyne.NewSize(size.Width-width, size.Height))
}

func (l shellLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	least := fyne.NewSize(leastWidth, leastHeight)
	if l.s.w.most.IsZero() {
		return least
	}
	return least.Min(l.s.w.most)
}
