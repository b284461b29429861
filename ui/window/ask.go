package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/widget"
)

// question is a decision that a person must take before something happens.
type question struct {
	title, text string
	extra       fyne.CanvasObject // fields and choices below the text, or nil
	first       fyne.Focusable    // what gets the focus; the safe button when nil
	yes, no     string
	danger      bool
	do          func()
	// check may refuse the answer; the dialog then stays open.
	check func() bool
}

// asking is an open question. There is at most one.
type asking struct {
	w    *Window
	pop  *fynewidget.PopUp
	yes  *widget.Button
	no   *widget.Button
	q    question
	text *widget.Text
}

// dialogWidth is as wide as a dialog gets, in units.
const dialogWidth = 420

// ask puts a question. The safe answer has the focus; Escape answers so too.
func (w *Window) ask(q question) *asking {
	if w.dialog != nil {
		w.dialog.dismiss()
	}
	d := &asking{w: w, q: q}
	if q.no == "" {
		q.no = w.t("window.cancel")
	}
	d.no = w.button(q.no, d.dismiss)
	buttons := widget.HStack(widget.GapSmall, layout.NewSpacer(), d.no)
	if q.yes != "" {
		d.yes = w.button(q.yes, d.accept)
		d.yes.Importance = fynewidget.HighImportance
		if q.danger {
			d.yes.Importance = fynewidget.DangerImportance
		}
		buttons.Add(d.yes)
	}
	title := widget.NewBoldLine(q.title, theme.ColorNameForeground, theme.SizeNameSubHeadingText)
	d.text = widget.NewText(q.text)
	body := widget.VStack(widget.Gap, title, d.text)
	if q.extra != nil {
		body.Add(q.extra)
	}
	body.Add(widget.Spacer(1, 1))
	body.Add(buttons)
	width := min(dialogWidth, w.win.Canvas().Size().Width-2*widget.GapLarge)
	content := widget.NewSurface("", 10, widget.Pad(widget.Gap, body))
	content.Edge = widget.ColorEdge // black on black has no other one
	d.pop = fynewidget.NewModalPopUp(content, w.win.Canvas())
	w.dialog = d
	// Wrapped texts know their height once they know their width.
	d.pop.Resize(fyne.NewSize(width, 10))
	d.pop.Show()
	d.pop.Resize(fyne.NewSize(width, d.pop.MinSize().Height))
	if q.first != nil {
		w.win.Canvas().Focus(q.first)
	} else {
		w.win.Canvas().Focus(d.no)
	}
	return d
}

// tell explains something; there is nothing to decide.
func (w *Window) tell(title, words string) {
	w.ask(question{title: title, text: words, no: w.t("window.understood")})
}

func (d *asking) accept() {
	if d.q.check != nil && !d.q.check() {
		return
	}
	d.dismiss()
	if d.q.do != nil {
		d.q.do()
	}
}

// dismiss closes the dialog without an answer.
func (d *asking) dismiss() {
	d.pop.Hide()
	if d.w.dialog == d {
		d.w.dialog = nil
	}
	d.w.release()
}

// button makes a button that passes Escape on to the window.
func (w *Window) button(label string, tapped func()) *widget.Button {
	b := widget.NewButton(label, nil, tapped)
	b.OnEscape = w.escape
	return b
}

func (w *Window) iconButton(label string, res fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButton(label, res, tapped)
	b.OnEscape = w.escape
	return b
}

// mainButton makes the one button of a page that leads on.
func (w *Window) mainButton(label string, tapped func()) *widget.Button {
	b := w.button(label, tapped)
	b.Importance = fynewidget.HighImportance
	return b
}

// linkButton makes a button that looks like a link: it leads to a page on the web.
func (w *Window) linkButton(label string, tapped func()) *widget.Button {
	b := widget.NewButton(label, widget.Icon("globe", widget.ColorMuted), tapped)
	b.OnEscape = w.escape
	b.Importance = fynewidget.LowImportance
	b.Alignment = fynewidget.ButtonAlignLeading
	return b
}

// field makes a field that passes the window's keys on.
func (w *Window) field(name, placeholder string) *widget.Field {
	f := widget.NewField(name, placeholder)
	f.OnEscape, f.OnShortcut = w.escape, w.fieldShortcut
	return f
}

// secretField makes a field whose text is not shown.
func (w *Window) secretField(name string) *widget.Field {
	f := widget.NewSecretField(name, name)
	f.OnEscape, f.OnShortcut = w.escape, w.fieldShortcut
	return f
}

// option makes a box to tick that passes Escape on to the window.
func (w *Window) option(label string, changed func(on bool)) *widget.Option {
	o := widget.NewOption(label, changed)
	o.OnEscape = w.escape
	return o
}

// way makes one of several ways to choose from.
func (w *Window) way(label string, chosen func()) *widget.Option {
	o := widget.NewWay(label, chosen)
	o.OnEscape = w.escape
	return o
}
