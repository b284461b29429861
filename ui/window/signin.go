package window

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// mozillaServer is the built-in accounts server; any other one is named on the sign-in pane.
const mozillaServer = "https://accounts.firefox.com"

// signInPane is what a person meets before there is an account, or before its data can be read.
// Which of its faces it shows follows from the model's gate.
type signInPane struct {
	w      *Window
	scroll fyne.CanvasObject
	holder *fyne.Container
	face   string // which face is built
	parts  signInParts

	tried string // the clipboard content handed over last
	busy  bool

	wish    *string // the e-mail of a sign-in that waits for a choice how to keep it, nil for none
	decided bool    // it has been chosen
}

// signInParts are the parts of the present face that change while it is shown.
type signInParts struct {
	problem *widget.Text
	box     *widget.Surface // around the problem, if it has a ground
	server  *widget.Line
	begin   *widget.Button
	email   *widget.Field
	final   *widget.Field
	secret  *widget.Field
	detail  *widget.Text
}

func newSignInPane(w *Window) pane {
	p := &signInPane{w: w, holder: widget.Stack()}
	p.scroll = widget.NewScroll(widget.Inset(widget.GapLarge, widget.GapLarge, widget.GapLarge, widget.GapLarge, widget.Column(540, p.holder)))
	return p
}

func (p *signInPane) object() fyne.CanvasObject { return p.scroll }

func (p *signInPane) shown() {
	switch {
	case p.parts.secret != nil:
		p.w.focus(p.parts.secret)
	case p.parts.final != nil:
		p.w.focus(p.parts.final)
	}
	p.offer()
}

// offer tells the agent that somebody sees the ways to sign in.
func (p *signInPane) offer() {
	if p.face != "ways" && p.face != "again" {
		return
	}
	form := localapi.FormButton
	if p.parts.email != nil {
		form = localapi.FormEmail
	}
	p.w.call(func(ctx context.Context) error { return p.w.p.Agent.SignInShown(ctx, form) },
		func(error) {}) // the sign-in works without; nobody is bothered with it
}

func (p *signInPane) escape() {
	if p.w.model.snap.SignIn != nil {
		p.w.do(p.w.p.Agent.CancelSignIn)
	}
}

// faceName returns which face fits the model.
func (p *signInPane) faceName() string {
	m := &p.w.model
	switch m.gate() {
	case gateConnecting:
		return "connecting"
	case gateLost:
		return "lost"
	case gateKeyring:
		return "keyring"
	case gateLocked:
		if m.snap.Storage.Protection == localapi.ProtectedByKeyring {
			return "locked_keyring"
		}
		if m.snap.Storage.Protection == localapi.Undecided {
			return "unusable" // another program has it, a newer version wrote it, …
		}
		return "locked"
	case gateUndecided:
		return p.keepingFace()
	}
	if m.unkept() {
		return p.keepingFace()
	}
	if s := m.snap.SignIn; s != nil {
		if s.Loopback {
			return "waiting"
		}
		return "waiting_final"
	}
	if m.snap.Account.State == localapi.NeedsSignIn {
		return "again"
	}
	return "ways"
}

// keepingFace asks how the sign-in is to be kept.
func (p *signInPane) keepingFace() string {
	if p.w.model.snap.Storage.NoKeyringYet {
		return "no_keyring_yet"
	}
	return "undecided"
}

func (p *signInPane) update() {
	if name := p.faceName(); name != p.face {
		p.face, p.busy, p.parts = name, false, signInParts{}
		p.holder.Objects = []fyne.CanvasObject{p.build(name)}
		p.holder.Refresh()
		if p.w.shell.front == p.object() { // else it comes to the front now, and is told so
			p.w.release()
			p.offer()
		}
	}
	p.fill()
	p.resume()
}

// resume goes on with the sign-in that the choice how to keep it had interrupted.
func (p *signInPane) resume() {
	if p.wish == nil || !p.decided || p.face != "ways" && p.face != "again" {
		return
	}
	p.parts.email.SetText(*p.wish)
	p.wish, p.decided = nil, false
	p.begin()
}

func (p *signInPane) build(face string) fyne.CanvasObject {
	w := p.w
	switch face {
	case "connecting":
		return p.message("laptop", w.t("window.signin.connecting"), "")
	case "lost":
		return p.message("laptop", w.t("window.signin.lost"), w.t("window.signin.lost_text"), w.mainButton(w.t("window.retry"), w.reconnect))
	case "keyring":
		return p.message("lock", w.t("window.signin.keyring"), w.t("window.signin.keyring_text"),
			w.mainButton(w.t("window.signin.ask_again"), func() { p.unlock("") }),
			w.button(w.t("window.signin.without_keyring"), func() { w.model.withoutKeyring = true; w.refresh() }))
	case "unusable":
		return p.message("lock", w.t("window.signin.locked_keyring"), "", w.mainButton(w.t("window.retry"), func() { p.unlock("") }))
	case "locked_keyring":
		return p.message("lock", w.t("window.signin.locked_keyring"), w.t("window.signin.locked_keyring_text"),
			w.mainButton(w.t("window.signin.ask_again"), func() { p.unlock("") }), p.startAgain())
	case "locked":
		return p.buildLocked()
	case "undecided", "no_keyring_yet":
		return p.buildUndecided(face == "no_keyring_yet")
	case "waiting", "waiting_final":
		return p.buildWaiting(face == "waiting_final")
	}
	return p.buildWays()
}

// message is a face with a sentence and buttons.
func (p *signInPane) message(icon, title, words string, buttons ...*widget.Button) fyne.CanvasObject {
	glyph := widget.Glyph(44, widget.Icon(icon, widget.ColorAccent))
	head := widget.NewSubheading(title).Center()
	p.parts.detail = widget.NewMuted(words).Center()
	widget.SetVisible(p.parts.detail, words != "")
	row := widget.CentredRow()
	for _, b := range buttons {
		row.Add(b)
	}
	return widget.Inset(60, 0, 0, 0, widget.NewCard(widget.Pad(widget.GapSmall, widget.VStack(widget.Gap, widget.Centred(glyph), head, p.parts.detail, row))))
}

func (p *signInPane) unlock(passphrase string) {
	w := p.w
	p.busy = true
	p.fill()
	w.call(func(ctx context.Context) error { return w.p.Agent.Unlock(ctx, passphrase) }, func(err error) {
		p.busy = false
		if err != nil && p.parts.problem != nil {
			p.parts.problem.Fail(w.sentence(err))
			p.fill()
			return
		}
		w.failed(err)
		p.fill()
	})
}

func (p *signInPane) buildLocked() fyne.CanvasObject {
	w := p.w
	p.parts.secret = w.secretField(w.t("window.signin.passphrase"))
	p.parts.problem = widget.NewProblem()
	submit := func() {
		if p.parts.secret.Text != "" && !p.busy {
			p.unlock(p.parts.secret.Text)
		}
	}
	p.parts.secret.OnSubmitted = func(string) { submit() }
	p.parts.begin = w.mainButton(w.t("window.signin.unlock"), submit)
	return widget.Inset(40, 0, 0, 0, widget.NewCard(widget.VStack(widget.Gap, widget.NewSubheading(w.t("window.signin.locked")), widget.NewMuted(w.t("window.signin.locked_text")),
		widget.Beside(p.parts.secret, p.parts.begin), p.parts.problem, widget.Wrap(p.startAgain()))))
}

// startAgain is the way out for whoever cannot unlock the data any more.
func (p *signInPane) startAgain() *widget.Button {
	w := p.w
	return w.button(w.t("window.signin.start_again"), func() {
		w.ask(question{
			title: w.t("window.signin.start_again_title"), text: w.t("window.signin.start_again_text"),
			yes: w.t("window.signin.start_again_yes"), danger: true,
			do: func() { w.do(func(ctx context.Context) error { return w.p.Agent.SignOut(ctx, true) }) },
		})
	}).Quiet()
}

// buildUndecided lets a person choose how the data is protected where there is no keyring; one that the
// desktop could make is the first choice.
func (p *signInPane) buildUndecided(ring bool) fyne.CanvasObject {
	w := p.w
	first, again := w.secretField(w.t("window.signin.passphrase")), w.secretField(w.t("window.signin.passphrase_again"))
	p.parts.secret = first
	problem := widget.NewProblem() // another face may have come until the answer does
	p.parts.problem = problem
	protect := func(how localapi.Protection, passphrase string) {
		w.call(func(ctx context.Context) error { return w.p.Agent.Protect(ctx, how, passphrase) }, func(err error) {
			if err != nil {
				problem.Fail(w.sentence(err))
				return
			}
			p.decided = p.wish != nil
			p.resume()
		})
	}
	submit := func() {
		switch {
		case first.Text == "":
			p.parts.problem.Fail(w.t("window.signin.passphrase_empty"))
		case first.Text != again.Text:
			p.parts.problem.Fail(w.t("window.signin.passphrase_differs"))
		default:
			protect(localapi.ProtectedByPassphrase, first.Text)
		}
	}
	strength := widget.NewMuted("")
	first.OnChanged = func(words string) { strength.Say(w.strength(words)) }
	again.OnSubmitted = func(string) { submit() }
	first.OnSubmitted = func(string) { w.focus(again) }
	use := w.mainButton
	if ring {
		use = w.button
	}
	byPhrase := widget.NewCard(widget.VStack(widget.Gap, widget.NewBold(w.t("window.signin.by_passphrase")), widget.NewMuted(w.t("window.signin.by_passphrase_text")),
		first, strength, again, p.parts.problem, widget.HStack(0, use(w.t("window.signin.use_passphrase"), submit))))
	inMemory := widget.NewCard(widget.VStack(widget.Gap, widget.NewBold(w.t("window.signin.in_memory")), widget.NewMuted(w.t("window.signin.in_memory_text")),
		widget.HStack(0, w.button(w.t("window.signin.use_memory"), func() { protect(localapi.MemoryOnly, "") }))))
	p.parts.detail = widget.NewMuted(w.t("window.signin.undecided_text"))
	body := widget.VStack(widget.Gap, widget.NewSubheading(w.t("window.signin.undecided")), p.parts.detail)
	if ring {
		body.Add(widget.NewCard(widget.VStack(widget.Gap, widget.NewBold(w.t("window.signin.by_new_keyring")), widget.NewMuted(w.t("window.signin.by_new_keyring_text")),
			widget.HStack(0, w.mainButton(w.t("window.signin.make_keyring"), func() { protect(localapi.ByNewKeyring, "") })))))
	}
	body.Add(byPhrase)
	body.Add(inMemory)
	return body
}

// strength says how good a passphrase is, nothing of an empty one.
func (w *Window) strength(passphrase string) string {
	if passphrase == "" {
		return ""
	}
	switch localapi.PassphraseStrength(passphrase) {
	case localapi.TooShort:
		return w.t("window.signin.strength_short")
	case localapi.Weak:
		return w.t("window.signin.strength_weak")
	case localapi.Fair:
		return w.t("window.signin.strength_fair")
	}
	return w.t("window.signin.strength_strong")
}

// buildWays offers the two equal ways to sign in.
func (p *signInPane) buildWays() fyne.CanvasObject {
	w := p.w
	p.parts.email = w.field(w.t("window.signin.email"), w.t("window.signin.email"))
	p.parts.email.OnSubmitted = func(string) { p.begin() }
	p.parts.begin = w.mainButton(w.t("window.signin.browser_button"), p.begin)
	browser := widget.NewCard(widget.Border(
		widget.VStack(widget.GapSmall, widget.IconTitle("globe", w.t("window.signin.browser")), widget.NewMuted(w.t("window.signin.browser_text"))),
		widget.VStack(widget.GapSmall, p.parts.email, p.parts.begin), nil, nil, nil))
	pairing := widget.NewCard(widget.Border(
		widget.VStack(widget.GapSmall, widget.IconTitle("code", w.t("window.signin.pair")), widget.NewMuted(w.t("window.signin.pair_text"))),
		w.mainButton(w.t("window.signin.pair_button"), func() { w.show(PanePair) }), nil, nil, nil))

	p.parts.problem = widget.NewProblem()
	p.parts.server = widget.NewLine("", widget.ColorMuted, theme.SizeNameCaptionText)
	p.parts.server.Align = fyne.TextAlignCenter
	sees := w.button(w.t("window.signin.what"), func() { w.tell(w.t("window.signin.what"), w.t("window.signin.what_text")) }).Quiet()
	title, words := w.t("window.signin.welcome"), w.t("window.signin.welcome_text")
	if p.face == "again" {
		p.parts.email.SetText(w.model.snap.Account.Email) // only that account can go on here
		title, words = w.t("window.signin.again"), w.t("window.signin.again_text")
	}
	head, lead := widget.NewHeading(title).Center(), widget.NewMuted(words).Center()
	body := widget.VStack(widget.Gap)
	if w.p.Icon != nil {
		body.Add(widget.Centred(widget.Glyph(48, w.p.Icon)))
	}
	p.parts.box = widget.NewSurface(widget.ColorBadBox, 10, widget.Pad(widget.Gap, p.parts.problem))
	if p.face == "again" {
		p.parts.box.Fill = widget.ColorWarnBox // a cause, not a failure
	}
	p.parts.box.Hide()
	body.Add(head)
	body.Add(lead)
	body.Add(p.parts.box)
	body.Add(widget.Spacer(1, 2))
	body.Add(widget.TwoUp(browser, pairing))
	body.Add(widget.Centred(sees))
	body.Add(p.parts.server)
	return widget.Inset(widget.GapSmall, 0, 0, 0, body)
}

func (p *signInPane) begin() {
	w := p.w
	if p.busy {
		return
	}
	p.busy = true
	p.fill()
	email := ""
	if p.parts.email != nil {
		email = strings.TrimSpace(p.parts.email.Text)
	}
	// Before the browser opens it is clear how the sign-in is kept: a keyring that is of no use leads to
	// that choice first.
	p.wish = nil
	st := w.model.snap.Storage
	unkept := !st.Kept && st.Protection == localapi.ProtectedByKeyring && !w.model.withoutKeyring && !w.model.snap.Demo
	fetch(w, func(ctx context.Context) (localapi.SignIn, error) {
		if unkept {
			if err := w.p.Agent.Unlock(ctx, ""); err != nil {
				return localapi.SignIn{}, err
			}
		}
		return w.p.Agent.BeginSignIn(ctx, email)
	}, func(s localapi.SignIn, err error) {
		p.busy = false
		if err != nil {
			if unkept {
				p.wish = &email
			}
			if p.parts.box != nil {
				p.parts.problem.Say(w.sentence(err))
				p.parts.box.Show()
			}
			p.fill()
			return
		}
		w.signing = true
		w.open(s.URL)
		p.fill()
	})
}

// buildWaiting says what to do while the browser has the sign-in.
func (p *signInPane) buildWaiting(final bool) fyne.CanvasObject {
	w := p.w
	words := w.t("window.signin.waiting_text")
	if final {
		words = w.t("window.signin.waiting_final_text")
	}
	body := widget.VStack(widget.Gap, widget.IconTitle("globe", w.t("window.signin.waiting")), widget.NewText(words))
	p.parts.problem = widget.NewProblem()
	if final {
		p.parts.final = w.field(w.t("window.signin.final"), w.t("window.signin.final"))
		p.parts.final.OnSubmitted = func(string) { p.complete(p.parts.final.Text) }
		p.parts.begin = w.mainButton(w.t("window.continue"), func() { p.complete(p.parts.final.Text) })
		body.Add(widget.Beside(p.parts.final, p.parts.begin))
	}
	body.Add(p.parts.problem)
	open := w.button(w.t("window.signin.open_again"), func() {
		if s := w.model.snap.SignIn; s != nil {
			w.open(s.URL)
		}
	})
	if !final {
		open.Importance = fynewidget.HighImportance
	}
	body.Add(widget.Wrap(open,
		w.button(w.t("window.copy_link"), func() {
			if s := w.model.snap.SignIn; s != nil {
				w.copy(s.URL)
			}
		}),
		w.button(w.t("window.cancel"), func() { w.do(w.p.Agent.CancelSignIn) })))
	return widget.Inset(40, 0, 0, 0, widget.NewCard(body))
}

// complete hands the final address over.
func (p *signInPane) complete(address string) {
	w := p.w
	address = strings.TrimSpace(address)
	s := w.model.snap.SignIn
	if s == nil || p.busy {
		return
	}
	if s.RedirectPrefix != "" && !strings.HasPrefix(address, s.RedirectPrefix) {
		p.parts.problem.Fail(w.t("window.signin.not_final"))
		return
	}
	p.busy = true
	p.fill()
	w.call(func(ctx context.Context) error { return w.p.Agent.CompleteSignIn(ctx, address) }, func(err error) {
		p.busy = false
		if err != nil && p.parts.problem != nil {
			p.parts.problem.Fail(w.sentence(err))
		}
		p.fill()
	})
}

// takeFinal takes the final address from the clipboard: only while waiting for it, and only a text
// that begins like our own redirect.
func (p *signInPane) takeFinal() {
	s := p.w.model.snap.SignIn
	if s == nil || s.Loopback || s.RedirectPrefix == "" || p.busy {
		return
	}
	content := strings.TrimSpace(p.w.p.Clipboard.Content())
	if content == p.tried || !strings.HasPrefix(content, s.RedirectPrefix) || strings.ContainsAny(content, " \n\t") {
		return
	}
	p.tried = content
	p.complete(content)
}

// fill brings the changing parts of the face in line.
func (p *signInPane) fill() {
	w := p.w
	account := w.model.snap.Account
	p.takeFinal()
	if p.parts.begin != nil {
		p.parts.begin.Allow(!p.busy)
	}
	switch p.face {
	case "ways", "again":
		if p.parts.problem.Words() == "" && account.Cause != "" {
			p.parts.problem.Say(i18n.Plain(account.Cause))
			p.parts.box.Show()
		}
		server := ""
		if account.Server != "" && account.Server != mozillaServer {
			server = w.t("window.signin.server", "Server", i18n.Plain(account.Server))
		}
		p.parts.server.Set(server)
	case "keyring", "locked_keyring", "unusable", "undecided", "no_keyring_yet", "lost":
		if problem := i18n.Plain(w.model.snap.Storage.Problem); problem != "" && p.face != "lost" {
			p.parts.detail.Set(problem)
			widget.SetVisible(p.parts.detail, true)
		}
	}
}
