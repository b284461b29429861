package window

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// pairPane connects a phone to the account, or this computer to the account of another device.
type pairPane struct {
	w    *Window
	page *widget.Page

	holder *fyne.Container
	face   string
	parts  pairParts

	large   bool
	code    image.Image
	codeFor string // which shown code the picture belongs to
	asking  bool
	copied  string // the address that was put on the clipboard, until the code is gone
}

// pairParts are the parts of the present face that change while it is shown.
type pairParts struct {
	code    *widget.QRView
	size    *widget.Button
	left    *widget.Line
	problem *widget.Text
	totp    *widget.Field
	safe    *widget.Button
	yes     *widget.Button
	address *widget.Field
}

func newPairPane(w *Window) pane {
	p := &pairPane{w: w, holder: widget.Stack()}
	p.page = widget.NewPage(w.t("window.pair.title"), nil, p.holder, nil)
	return p
}

func (p *pairPane) object() fyne.CanvasObject { return p.page.Object }

func (p *pairPane) shown() {
	switch {
	case p.parts.totp != nil:
		p.w.focus(p.parts.totp)
	case p.parts.safe != nil:
		p.w.focus(p.parts.safe)
	case p.parts.address != nil:
		p.w.focus(p.parts.address)
	}
}

func (p *pairPane) escape() {
	if p.w.model.snap.Pairing != nil {
		p.cancel()
	}
}

// cancel ends the pairing, and says so where somebody wanted to be let in.
func (p *pairPane) cancel() {
	w := p.w
	s := w.model.snap.Pairing
	declines := s != nil && s.Authority && s.State == localapi.PairAsked
	w.call(w.p.Agent.CancelPairing, func(err error) {
		if err == nil && declines {
			w.toasts.say(widget.ToneInfo, w.t("window.pair.declined"))
			return
		}
		w.failed(err)
	})
}

// faceName returns which face fits the model.
func (p *pairPane) faceName() string {
	m := &p.w.model
	if pairing := m.snap.Pairing; pairing != nil {
		side := "join "
		if pairing.Authority {
			side = "show "
		}
		if pairing.State == localapi.PairAsked && pairing.NeedsTOTP {
			side += "totp "
		}
		if pairing.ConfirmedHere {
			side += "confirmed "
		}
		if pairing.Scanned && pairing.State == localapi.PairShowing {
			side += "scanned "
		}
		if pairing.Silent {
			side += "silent "
		}
		return side + string(pairing.State)
	}
	switch {
	case m.snap.Account.State == localapi.SignedIn && m.canShowCode() && p.w.p.DrawCode != nil:
		return "phone"
	case m.snap.Account.State == localapi.SignedIn:
		return "phone on the web"
	default:
		return "computer"
	}
}

func (p *pairPane) update() {
	if name := p.faceName(); name != p.face {
		p.face, p.parts = name, pairParts{}
		p.holder.Objects = []fyne.CanvasObject{p.build()}
		p.holder.Refresh()
		if p.w.shell != nil && p.w.shell.front == p.object() && p.w.dialog == nil {
			p.shown()
		}
	}
	p.fill()
}

func (p *pairPane) build() fyne.CanvasObject {
	w := p.w
	pairing := w.model.snap.Pairing
	if pairing == nil {
		switch p.face {
		case "phone":
			return p.buildPhone()
		case "phone on the web":
			return p.buildPhoneOnTheWeb()
		}
		return p.buildComputer()
	}
	switch pairing.State {
	case localapi.PairShowing:
		if pairing.Scanned { // the code is used up
			return p.progress(w.t("window.pair.scanned"))
		}
		return p.buildCode()
	case localapi.PairAsked, localapi.PairConfirming:
		if pairing.Silent {
			return p.progress(i18n.Plain(pairing.Problem))
		}
		if pairing.ConfirmedHere {
			return p.progress(w.t("window.pair.waiting_there"))
		}
		return p.buildConfirm(*pairing)
	case localapi.PairDone, localapi.PairCancelled, localapi.PairFailed, localapi.PairTimedOut:
		return p.buildEnd(*pairing)
	}
	if pairing.Silent {
		return p.progress(i18n.Plain(pairing.Problem))
	}
	return p.progress(w.t("window.pair." + string(pairing.State)))
}

// buildConfirm shows who is on the other side; declining is the safe answer.
func (p *pairPane) buildConfirm(pairing localapi.Pairing) fyne.CanvasObject {
	w := p.w
	title, words, yes, no := w.t("window.pair.asked"), w.t("window.pair.asked_text"), w.t("window.pair.allow"), w.t("window.pair.decline")
	if !pairing.Authority {
		title, words, yes, no = w.t("window.pair.confirming"), w.t("window.pair.confirming_text"), w.t("window.pair.confirm"), w.t("window.cancel")
	}
	body := widget.VStack(widget.Gap, widget.NewSubheading(title), widget.NewText(words), widget.NewSurface(widget.ColorQuiet, 10, widget.Pad(widget.Gap, p.peer(pairing))))
	if peer := pairing.Peer; peer != nil && !peer.Known && pairing.Authority {
		body.Add(widget.NewSurface(widget.ColorWarnBox, 10, widget.Pad(widget.Gap, widget.NewText(w.t("window.pair.unknown_application")))))
	}
	if pairing.NeedsTOTP {
		p.parts.totp = w.field(w.t("window.pair.totp"), w.t("window.pair.totp"))
		p.parts.totp.OnSubmitted = func(string) { p.confirm() }
		body.Add(widget.NewMuted(w.t("window.pair.totp_text")))
		body.Add(widget.Capped(220, p.parts.totp))
	}
	p.parts.problem = widget.NewProblem()
	p.parts.left = widget.NewLine("", widget.ColorMuted, theme.SizeNameCaptionText)
	p.parts.safe = w.button(no, p.cancel)
	p.parts.yes = w.mainButton(yes, p.confirm)
	body.Add(p.parts.problem)
	body.Add(widget.Border(nil, nil, widget.HStack(widget.GapSmall, p.parts.safe, p.parts.yes), nil, widget.Inset(0, 0, widget.Gap, 0, widget.Middle(p.parts.left))))
	return widget.NewCard(body)
}

// peer lists what is known of the other side.
func (p *pairPane) peer(pairing localapi.Pairing) fyne.CanvasObject {
	w := p.w
	rows := widget.VStack(widget.GapSmall)
	add := func(key, value string) {
		if value = i18n.Plain(value); value != "" {
			rows.Add(widget.NewFact(w.t("window.pair.peer_"+key), value))
		}
	}
	if peer := pairing.Peer; peer != nil {
		add("account", peer.Email)
		add("device", peer.DeviceName)
		add("application", peer.Application)
		add("system", peer.System)
		add("place", peer.Place)
		add("address", peer.Address)
	}
	if len(rows.Objects) == 0 {
		rows.Add(widget.NewText(w.t("window.pair.peer_unknown")))
	}
	return rows
}

func (p *pairPane) confirm() {
	w := p.w
	code := ""
	if p.parts.totp != nil {
		if code = digits(p.parts.totp.Text); code == "" {
			p.parts.problem.Fail(w.t("window.pair.totp_needed"))
			return
		}
	}
	if p.asking {
		return
	}
	p.asking = true
	p.fill()
	w.call(func(ctx context.Context) error { return w.p.Agent.ConfirmPairing(ctx, code) }, func(err error) {
		p.asking = false
		if err != nil && p.parts.problem != nil {
			p.parts.problem.Fail(w.sentence(err))
		}
		p.fill()
	})
}

// digits returns the digits of a two-step code, which people type with spaces.
func digits(words string) string {
	var kept []rune
	for _, r := range words {
		if r >= '0' && r <= '9' {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

// progress says what happens now, with the way out.
func (p *pairPane) progress(words string) fyne.CanvasObject {
	stop := p.w.button(p.w.t("window.cancel"), p.cancel)
	p.parts.safe = stop
	p.parts.left = widget.NewLine("", widget.ColorMuted, theme.SizeNameCaptionText)
	return widget.NewCard(widget.VStack(widget.Gap, widget.NewSubheading(words), p.parts.left, widget.Wrap(stop)))
}

func (p *pairPane) buildEnd(pairing localapi.Pairing) fyne.CanvasObject {
	w := p.w
	title := w.t("window.pair." + string(pairing.State))
	words := i18n.Plain(pairing.Problem)
	again := w.t("window.pair.again")
	glyph, ink := "failed", widget.ColorWarn
	switch pairing.State {
	case localapi.PairDone:
		again, glyph, ink = "", "tick", widget.ColorFine
		words = w.t("window.pair.done_here")
		if pairing.Authority {
			words = w.t("window.pair.done_there")
		}
	case localapi.PairTimedOut:
		glyph, words = "clock", w.t("window.pair.timed_out_text")
	}
	head := widget.Border(nil, nil, widget.Inset(0, 0, 0, 4, widget.Glyph(22, widget.Icon(glyph, ink))), nil, widget.NewSubheading(title))
	body := widget.VStack(widget.Gap, head)
	if words != "" {
		body.Add(widget.NewText(words))
	}
	buttons := widget.Wrap()
	closeIt := w.button(w.t("window.close"), p.cancel)
	if again != "" {
		buttons.Add(w.mainButton(again, func() { p.restart(pairing.Authority) }))
	} else {
		closeIt.Importance = fynewidget.HighImportance
	}
	buttons.Add(closeIt)
	p.parts.safe = closeIt
	body.Add(buttons)
	return widget.NewCard(body)
}

// restart clears the ended pairing; a shown code is shown anew.
func (p *pairPane) restart(authority bool) {
	w := p.w
	w.do(func(ctx context.Context) error {
		if err := w.p.Agent.CancelPairing(ctx); err != nil || !authority {
			return err
		}
		return w.p.Agent.ShowPairing(ctx)
	})
}

// fill brings the changing parts of the face in line.
func (p *pairPane) fill() {
	w := p.w
	pairing := w.model.snap.Pairing
	shows := pairing != nil && pairing.State == localapi.PairShowing && !pairing.Scanned
	if !shows {
		p.code, p.codeFor = nil, ""
		p.forgetCopy()
	}
	if pairing == nil {
		return
	}
	rest := pairing.Until.Sub(w.p.Now())
	left := ""
	if !pairing.Until.IsZero() && !pairingEnded(pairing.State) {
		left = w.t("window.pair.left", "Time", countdown(rest))
	}
	if shows {
		left = p.fillCode(*pairing, rest, left)
	}
	if p.parts.left != nil {
		p.parts.left.Set(left)
	}
	if p.parts.yes != nil {
		p.parts.yes.Allow(!p.asking)
		if p.parts.problem.Words() == "" && pairing.Problem != "" {
			p.parts.problem.Fail(i18n.Plain(pairing.Problem))
		}
	}
}

// fillCode draws the code, or what covers it, and returns what is said of the time left.
func (p *pairPane) fillCode(pairing localapi.Pairing, rest time.Duration, left string) string {
	w := p.w
	p.fetchCode(pairing)
	if pairing.RenewalsLeft > 0 {
		left = widget.Dotted(left, w.words.N("window.pair.renews", pairing.RenewalsLeft))
	}
	side, label := float32(widget.CodeSmall), w.t("window.pair.larger")
	if p.large {
		side, label = widget.CodeLarge, w.t("window.pair.smaller")
	}
	shown := p.code
	switch {
	case rest <= -2*time.Second:
		shown = nil // it can no longer be used
	case w.covers():
		shown, left = nil, w.t("window.pair.covered")
	}
	p.parts.code.Set(shown, side)
	p.parts.size.Relabel(label)
	return left
}
