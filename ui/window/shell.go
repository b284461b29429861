package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The widths of the rail, in units: with names beside the icons, and below this width of the
// window with names below them.
const (
	railWide, railNarrow = 188, 88
	narrowBelow          = 640
)

// shell is what surrounds the panes: rail, notice and toasts.
type shell struct {
	w      *Window
	object fyne.CanvasObject

	items  map[string]*navItem
	upper  *fyne.Container
	lower  *fyne.Container
	brand  *fyne.Container
	name   *line
	demo   *surface
	demoed *line
	narrow bool

	banner     *fyne.Container
	bannerBox  *surface
	bannerIcon *widget.Icon
	bannerText *text
	bannerDo   *button
	shownNote  notice

	holder *fyne.Container
	front  fyne.CanvasObject
}

func newShell(w *Window) *shell {
	s := &shell{w: w, items: map[string]*navItem{}}
	for _, name := range []string{PaneSignIn, PaneSend, PaneInbox, PaneDevices, PanePair, PaneAccount, PaneSettings} {
		item := newNavItem(railIcon(name), w.t("window."+name+".rail"), func() { w.show(name) })
		item.escape = w.escape
		s.items[name] = item
	}
	s.upper, s.lower = vstack(2), vstack(2)
	s.name = newLine(w.t("common.app"), theme.ColorNameForeground, theme.SizeNameSubHeadingText, true)
	s.demoed = newLine(w.t("window.demo"), colorWarn, theme.SizeNameCaptionText, true)
	s.demoed.natural = true
	s.demo = newSurface(colorWarnBox, 8, inset(2, 2, 8, 8, s.demoed))
	s.demo.Hide()
	s.brand = container.NewStack()
	rail := newSurface(colorRail, 0, container.NewVScroll(inset(gap, gap, 8, 8,
		vstack(2, s.brand, s.upper, layout.NewSpacer(), s.lower))))

	s.bannerIcon = widget.NewIcon(nil)
	s.bannerText = newText("")
	s.bannerDo = w.button("", s.act)
	s.bannerBox = newSurface(colorInfoBox, 10, inset(7, 7, 12, 8, container.NewBorder(nil, nil,
		inset(0, 0, 0, 6, container.NewCenter(s.bannerIcon)), container.NewCenter(s.bannerDo), container.New(middle{}, s.bannerText))))
	s.banner = inset(gap, 0, gapLarge, gapLarge, s.bannerBox)
	s.banner.Hide()

	s.holder = container.NewStack()
	body := container.NewBorder(s.banner, nil, nil, nil, s.holder)
	page := newSurface(theme.ColorNameBackground, 0, container.NewStack(body, w.toasts.layer))
	s.object = container.New(shellLayout{s}, rail, page)
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
	mark := spacer(1, 28)
	if s.w.p.Icon != nil {
		mark = container.NewGridWrap(fyne.NewSquareSize(26), widget.NewIcon(s.w.p.Icon))
	}
	switch {
	case !s.narrow:
		s.brand.Objects = []fyne.CanvasObject{inset(4, 14, 8, 2, container.NewBorder(nil, nil,
			inset(0, 0, 0, 4, container.NewCenter(mark)), container.NewCenter(s.demo), container.New(middle{}, s.name)))}
	case s.demo.Visible(): // the height is needed for the panes
		s.brand.Objects = []fyne.CanvasObject{inset(2, 8, 0, 0, container.NewCenter(s.demo))}
	default:
		s.brand.Objects = []fyne.CanvasObject{inset(2, 8, 0, 0, container.NewCenter(mark))}
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
		setVisible(s.demo, demo)
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
		item.set(name == s.w.current, s.narrow, count)
		if name == PaneAccount || name == PaneSettings {
			lower = append(lower, item)
		} else {
			upper = append(upper, item)
		}
	}
	replace(s.upper, upper)
	replace(s.lower, lower)
}

// replace changes the objects of a container if they are others.
func replace(c *fyne.Container, objects []fyne.CanvasObject) {
	same := len(c.Objects) == len(objects)
	for i := 0; same && i < len(objects); i++ {
		same = c.Objects[i] == objects[i]
	}
	if !same {
		c.Objects = objects
		c.Refresh()
	}
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
		s.banner.Hide()
		return
	}
	fill, ink := colorInfoBox, colorAccent
	switch n.tone {
	case toneWarn:
		fill, ink = colorWarnBox, colorWarn
	case toneBad:
		fill, ink = colorBadBox, colorBad
	}
	s.bannerBox.fill = fill
	s.bannerIcon.SetResource(theme.NewColoredResource(toneIcon(n.tone), ink))
	s.bannerText.set(n.text)
	s.bannerDo.relabel(n.label)
	setVisible(s.bannerDo, n.action != noAction)
	s.bannerBox.Refresh()
	s.banner.Show()
	s.banner.Refresh()
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

// shellLayout places rail and page. Its minimum is the window's, whatever the panes want: they
// scroll, wrap and shorten.
type shellLayout struct{ s *shell }

func (l shellLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.s.setNarrow(size.Width < scaled(narrowBelow))
	width := scaled(railWide)
	if l.s.narrow {
		width = (railNarrow + scaled(railNarrow)) / 2
	}
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(fyne.NewSize(width, size.Height))
	objects[1].Move(fyne.NewPos(width, 0))
	objects[1].Resize(fyne.NewSize(size.Width-width, size.Height))
}

func (shellLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(leastWidth, leastHeight)
}

// middle centres its objects from top to bottom and gives them the whole width.
type middle struct{}

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		h := o.MinSize().Height
		o.Resize(fyne.NewSize(size.Width, h))
		o.Move(fyne.NewPos(0, (size.Height-h)/2))
	}
}

func (middle) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}
