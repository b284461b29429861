package window

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// quietMinutes is the silence that one click brings.
const quietMinutes = 60

// settingsPane holds the choices of this installation. A choice takes effect at once; addresses of
// servers and the browser command are saved by a button.
type settingsPane struct {
	w    *Window
	page *widget.Page

	login, notify, grouped *widget.Option
	usage                  *widget.Option
	language, appearance   *widget.Choice
	openNever, openAsk     *widget.Option
	openSome               *widget.Option
	openFrom               *widget.RowList
	openFromBox            *fyne.Container
	browser                *browserSetting
	quiet                  *widget.Button
	quietWords             *widget.Text
	callers                *widget.RowList
	callersCard            *widget.Surface
	callersNone            *widget.Text

	unused      *fyne.Container
	earlier     *widget.Text
	earlierCard *fyne.Container

	advanced *advancedSettings
	filling  bool // the controls are being set from the snapshot
}

func newSettingsPane(w *Window) pane {
	p := &settingsPane{w: w}
	p.login = p.check("window.settings.start_at_login", func(s *localapi.Settings, on bool) { s.StartAtLogin = on })
	p.notify = p.check("window.settings.notifications", func(s *localapi.Settings, on bool) { s.Notifications = on })
	p.grouped = p.check("window.settings.grouped", func(s *localapi.Settings, on bool) { s.Grouped = on })
	p.usage = p.check("window.settings.usage", func(s *localapi.Settings, on bool) { s.UsageData = on })

	p.language = widget.NewChoice(w.t("window.settings.language"), p.languageNames(), func(string) {
		p.change(func(s *localapi.Settings) { s.Language = p.languageTags()[max(0, p.language.SelectedIndex())] })
	})
	p.appearance = widget.NewChoice(w.t("window.settings.appearance"), []string{
		w.t("window.settings.appearance_system"), w.t("window.settings.appearance_light"), w.t("window.settings.appearance_dark"),
		w.t("window.settings.appearance_contrast_light"), w.t("window.settings.appearance_contrast_dark"),
	}, func(string) {
		p.change(func(s *localapi.Settings) {
			s.Appearance = localapi.Appearances()[max(0, p.appearance.SelectedIndex())]
		})
	})
	p.language.OnEscape, p.appearance.OnEscape = w.escape, w.escape
	general := widget.NewCard(widget.VStack(widget.Gap, p.login,
		choice(w.t("window.settings.language"), p.language), choice(w.t("window.settings.appearance"), p.appearance),
		widget.Wrap(w.button(w.t("window.quit.label"), w.quit))))

	p.openNever = w.way(w.t("window.settings.open_never"), func() {
		p.change(func(s *localapi.Settings) { s.Open = localapi.OpenNever })
	})
	p.openAsk = w.way(w.t("window.settings.open_ask"), func() {
		p.change(func(s *localapi.Settings) { s.Open = localapi.OpenAsk })
	})
	p.openSome = w.way(w.t("window.settings.open_from"), func() {
		p.change(func(s *localapi.Settings) { s.Open = localapi.OpenFrom })
	})
	p.openFrom = widget.NewRowList(w.escape)
	p.openFromBox = widget.VStack(widget.GapSmall, widget.NewMuted(w.t("window.settings.open_from_text")), widget.NewSurface(widget.ColorQuiet, 10, widget.Pad(4, p.openFrom)))
	p.browser = newBrowserSetting(p)
	received := widget.NewCard(widget.VStack(widget.Gap, widget.VStack(widget.GapTiny, p.openNever, p.openAsk, p.openSome), p.openFromBox,
		p.browser.object))

	p.quiet = w.button("", p.toggleQuiet)
	p.quietWords = widget.NewMuted("")
	notify := widget.NewCard(widget.VStack(widget.GapSmall, p.notify, p.grouped, widget.Wrap(p.quiet), p.quietWords))

	p.unused = widget.VStack(widget.GapSmall, widget.NewText(w.t("window.settings.unused")), widget.Wrap(w.button(w.t("window.account.sign_out"), w.askSignOut)))
	p.earlier = widget.NewText("")
	p.earlierCard = widget.VStack(widget.GapSmall, widget.NewBoldLine(w.t("window.settings.earlier"), theme.ColorNameForeground, theme.SizeNameText),
		p.earlier, widget.Wrap(w.button(w.t("window.settings.earlier_delete"), p.askForgetEarlier)))
	privacy := widget.NewCard(widget.VStack(widget.Gap, widget.VStack(widget.GapSmall, p.usage, widget.NewMuted(w.t("window.settings.usage_text"))),
		p.unused, p.earlierCard))

	p.callers, p.callersNone = widget.NewRowList(w.escape), widget.NewMuted(w.t("window.settings.extensions_none"))
	p.callersCard = widget.NewListCard(p.callers)
	extensions := widget.VStack(widget.GapSmall, widget.NewMuted(w.t("window.settings.extensions_text")), p.callersNone, p.callersCard)

	p.advanced = newAdvancedSettings(w)
	p.page = widget.NewWidePage(w.t("window.settings.title"), nil, widget.Columns(
		widget.VStack(widget.GapLarge-4, widget.Section(w.t("window.settings.general"), general),
			widget.Section(w.t("window.settings.received"), received), widget.Section(w.t("window.settings.notify"), notify)),
		widget.VStack(widget.GapLarge-4, widget.Section(w.t("window.settings.extensions"), extensions),
			widget.Section(w.t("window.account.privacy"), privacy), p.advanced.object)), nil)
	return p
}

// choice is a select with its name.
func choice(name string, s *widget.Choice) fyne.CanvasObject {
	return widget.Labelled(name, widget.Capped(260, s))
}

func (p *settingsPane) languageTags() []string { return append([]string{""}, i18n.Languages()...) }

// languageNames returns each language in its own words.
func (p *settingsPane) languageNames() []string {
	names := []string{p.w.t("window.settings.language_system")}
	for _, tag := range i18n.Languages() {
		names = append(names, p.w.p.Words(tag).T("window.settings.language_name"))
	}
	return names
}

func (p *settingsPane) check(key string, set func(*localapi.Settings, bool)) *widget.Option {
	return p.w.option(p.w.t(key), func(on bool) {
		p.change(func(s *localapi.Settings) { set(s, on) })
	})
}

// change sends the settings with one of them changed; a refusal shows the old state again.
func (p *settingsPane) change(edit func(*localapi.Settings)) {
	if p.filling {
		return
	}
	p.w.changeSettings(edit, func(err error) {
		p.w.failed(err)
		p.update()
	})
}

// changeSettings sends the settings with a change and calls done when it was refused or taken.
func (w *Window) changeSettings(edit func(*localapi.Settings), done func(err error)) {
	s := w.model.snap.Settings
	s.OpenFrom = slices.Clone(s.OpenFrom)
	edit(&s)
	w.call(func(ctx context.Context) error { return w.p.Agent.SetSettings(ctx, s) }, done)
}

func (p *settingsPane) object() fyne.CanvasObject { return p.page.Object }

func (p *settingsPane) shown() { p.browser.look() }

func (p *settingsPane) escape() {
	p.browser.reset()
	p.advanced.reset()
}

func (p *settingsPane) update() {
	w := p.w
	s := w.model.snap.Settings
	p.filling = true
	p.login.Set(s.StartAtLogin)
	p.notify.Set(s.Notifications)
	p.grouped.Set(s.Grouped)
	p.usage.Set(s.UsageData)
	p.openNever.Set(s.Open != localapi.OpenAsk && s.Open != localapi.OpenFrom)
	p.openAsk.Set(s.Open == localapi.OpenAsk)
	p.openSome.Set(s.Open == localapi.OpenFrom)
	setIndex(p.language, max(0, slices.Index(p.languageTags(), s.Language)))
	setIndex(p.appearance, max(0, slices.Index(localapi.Appearances(), s.Appearance)))
	p.filling = false
	p.updateOpenFrom(s)
	p.browser.update()
	p.updateQuiet()
	p.updateCallers()
	p.updateData()
	p.advanced.update()
}

// updateData says what is kept of whom: that nothing uses the account any more, and what earlier sign-ins
// left here.
func (p *settingsPane) updateData() {
	w, snap := p.w, p.w.model.snap
	widget.SetVisible(p.unused, snap.Account.State == localapi.SignedIn && !snap.Settings.UsesAccount())
	e := snap.Storage.Earlier
	widget.SetVisible(p.earlierCard, e.People > 0)
	p.earlier.Say(w.words.N("window.settings.earlier_text", e.People, "Entries", strconv.Itoa(e.Entries), "Since", w.words.Ago(e.Since, w.p.Now())))
}

// askForgetEarlier asks whether what earlier sign-ins left is to go.
func (p *settingsPane) askForgetEarlier() {
	w := p.w
	w.ask(question{
		title: w.t("window.settings.earlier_title"), text: w.t("window.settings.earlier_ask"),
		yes: w.t("window.settings.earlier_yes"), danger: true, do: func() { w.do(w.p.Agent.ForgetEarlier) },
	})
}

func setIndex(s *widget.Choice, i int) {
	if s.SelectedIndex() != i {
		s.SetSelectedIndex(i)
	}
}

// updateOpenFrom lists the devices whose tabs may open by themselves.
func (p *settingsPane) updateOpenFrom(s localapi.Settings) {
	w := p.w
	_, others := w.model.others()
	widget.SetVisible(p.openFromBox, s.Open == localapi.OpenFrom)
	specs := make([]widget.RowSpec, 0, len(others)+1)
	for _, d := range others {
		on := slices.Contains(s.OpenFrom, d.ID)
		specs = append(specs, widget.RowSpec{ID: d.ID, Icon: deviceIcon(d.Type), Title: w.name(d, maxName), Chooses: true, Chosen: on, Calm: true, Tap: func() {
			p.change(func(s *localapi.Settings) {
				s.OpenFrom = slices.DeleteFunc(s.OpenFrom, func(id string) bool { return id == d.ID })
				if !on {
					s.OpenFrom = append(s.OpenFrom, d.ID)
				}
			})
		}})
	}
	if len(specs) == 0 {
		specs = append(specs, widget.RowSpec{ID: "none", Title: w.t("window.devices.none")})
	}
	p.openFrom.Set(specs)
}

func (p *settingsPane) updateQuiet() {
	w := p.w
	until := w.model.snap.QuietUntil
	if until.After(w.p.Now()) {
		p.quiet.Relabel(w.t("window.notice.end_quiet"))
		p.quietWords.Say(w.t("window.notice.quiet", "Time", clockTime(until, w.p.Now())))
		return
	}
	p.quiet.Relabel(w.t("window.settings.quiet"))
	p.quietWords.Say("")
}

func (p *settingsPane) toggleQuiet() {
	minutes := quietMinutes
	if p.w.model.snap.QuietUntil.After(p.w.p.Now()) {
		minutes = 0
	}
	p.w.do(func(ctx context.Context) error { return p.w.p.Agent.Quiet(ctx, minutes) })
}

// updateCallers lists the extensions that called: what they may, and what they sent.
func (p *settingsPane) updateCallers() {
	callers := p.w.model.snap.Callers
	specs := make([]widget.RowSpec, 0, len(callers))
	for _, c := range callers {
		specs = append(specs, p.caller(c))
	}
	p.callers.Set(specs)
	widget.SetVisible(p.callersCard, len(specs) > 0)
	widget.SetVisible(p.callersNone, len(specs) == 0)
}

// caller is an extension's row. The name that it gives itself is no proof, so its id is always there.
func (p *settingsPane) caller(c localapi.Caller) widget.RowSpec {
	w := p.w
	title, detail := i18n.OneLine(c.ID, maxName), []string(nil)
	switch name := i18n.OneLine(c.Name, maxName); {
	case c.Own:
		browser := "Firefox"
		if strings.HasPrefix(c.ID, "chromium:") {
			browser = "Chromium"
		}
		title = w.t("window.settings.extension_own", "Browser", browser)
	case name != "":
		title, detail = name, []string{title}
	}
	if c.Links > 0 {
		detail = append(detail, w.words.N("window.settings.extension_links", c.Links), strings.TrimSpace(w.words.Ago(c.LastSent, w.p.Now())+" "+c.LastHost))
	}
	if c.Inbox {
		detail = append(detail, w.t("window.settings.extension_inbox"))
	}
	decide := func(d localapi.Decision) func() {
		return func() {
			w.do(func(ctx context.Context) error {
				_, err := w.p.Agent.ChangeCaller(ctx, localapi.CallerChange{ID: c.ID, Decision: d})
				return err
			})
		}
	}
	spec := widget.RowSpec{
		ID: c.ID, Icon: "globe", Title: title, Detail: strings.Join(detail, " · "), Mark: w.t("window.settings.extension_" + string(c.Decision)),
		Action: widget.Action{Label: w.t("window.settings.extension_allow"), Main: c.Decision == localapi.CallerAsked, Do: decide(localapi.CallerAllowed)},
		More:   w.t("window.more"), Menu: []widget.MenuEntry{{Label: w.t("window.settings.extension_forget"), Do: decide(localapi.CallerForgotten)}},
	}
	switch c.Decision {
	case localapi.CallerAllowed:
		spec.Action = widget.Action{Label: w.t("window.settings.extension_revoke"), Do: decide(localapi.CallerDenied)}
	case localapi.CallerAsked:
		spec.DetailTone = widget.ToneWarn
		spec.Menu = append([]widget.MenuEntry{{Label: w.t("window.settings.extension_deny"), Do: decide(localapi.CallerDenied)}}, spec.Menu...)
	}
	return spec
}

// Browser is one that is installed, and the command that runs it.
type Browser struct{ Name, Command string }

// ErrNoSuchBrowser is what Params.CheckBrowser returns, wrapped or not, for a command whose program is not here.
var ErrNoSuchBrowser = errors.New("window: no such browser")

// browserSetting chooses what opens links: the system's browser, one that is installed, or a command of one's
// own, which is looked at before it is saved.
type browserSetting struct {
	pane    *settingsPane
	object  fyne.CanvasObject
	choice  *widget.Choice
	own     *fyne.Container
	command *widget.Field
	save    *widget.Button
	problem *widget.Text

	installed []Browser
	writing   bool // a command of one's own
}

func newBrowserSetting(p *settingsPane) *browserSetting {
	w := p.w
	b := &browserSetting{pane: p, problem: widget.NewProblem()}
	b.choice = widget.NewChoice(w.t("window.settings.browser"), nil, func(string) { b.chosen() })
	b.choice.OnEscape = w.escape
	b.command = w.field(w.t("window.settings.browser_command"), "firefox --new-window")
	b.command.OnChanged = func(string) { b.problem.Say(""); b.allow() }
	b.command.OnSubmitted = func(string) { b.submit() }
	b.save = w.button(w.t("window.save"), b.submit)
	b.own = widget.VStack(widget.GapTiny, widget.Beside(b.command, b.save), b.problem)
	b.object = widget.VStack(widget.GapSmall, choice(w.t("window.settings.browser"), b.choice), b.own)
	return b
}

// look finds out anew what is installed, and shows what is set.
func (b *browserSetting) look() {
	b.reset()
	w := b.pane.w
	if w.p.Browsers == nil {
		return
	}
	fetch(w, func(context.Context) ([]Browser, error) { return w.p.Browsers(w.words.Language()) }, func(list []Browser, err error) {
		if err != nil {
			w.p.Logger.Warn("the installed browsers could not be listed", "error", err)
			return
		}
		b.installed = list
		b.update()
	})
}

func (b *browserSetting) reset() {
	w := b.pane.w
	if b.writing && w.win.Canvas().Focused() == b.command {
		w.focus(b.choice)
	}
	b.writing = false
	b.command.Put(w.model.snap.Settings.Browser)
	b.problem.Say("")
	b.update()
}

// set returns what is set, and which of the choices that is.
func (b *browserSetting) set() (command string, i int) {
	command = b.pane.w.model.snap.Settings.Browser
	known := slices.IndexFunc(b.installed, func(o Browser) bool { return o.Command == command })
	switch {
	case b.writing || command != "" && known < 0:
		return command, len(b.installed) + 1
	case command == "":
		return command, 0
	}
	return command, known + 1
}

func (b *browserSetting) update() {
	w := b.pane.w
	names := []string{w.t("window.settings.browser_hint")}
	for _, one := range b.installed {
		name := i18n.OneLine(one.Name, maxName)
		if slices.Contains(names, name) { // one from the system, one from a store
			name = widget.Dotted(name, i18n.OneLine(one.Command, maxName))
		}
		names = append(names, name)
	}
	names = append(names, w.t("window.settings.browser_own"))
	if !slices.Equal(b.choice.Options, names) {
		b.choice.SetOptions(names)
	}
	_, i := b.set()
	filling := b.pane.filling
	b.pane.filling = true
	setIndex(b.choice, i)
	b.pane.filling = filling
	widget.SetVisible(b.own, i == len(names)-1)
	b.allow()
}

// chosen sets a browser of the list, or shows the field for another.
func (b *browserSetting) chosen() {
	if b.pane.filling {
		return
	}
	i := b.choice.SelectedIndex()
	b.writing = i == len(b.choice.Options)-1
	if b.writing {
		b.update()
		b.pane.w.focus(b.command)
		return
	}
	command := ""
	if i > 0 {
		command = b.installed[i-1].Command
	}
	b.command.Put(command)
	b.pane.change(func(s *localapi.Settings) { s.Browser = command })
}

// submit saves the command if it can be run.
func (b *browserSetting) submit() {
	w := b.pane.w
	command := strings.TrimSpace(b.command.Text)
	if w.p.CheckBrowser != nil {
		switch err := w.p.CheckBrowser(command); {
		case errors.Is(err, ErrNoSuchBrowser):
			b.problem.Fail(w.t("window.settings.browser_missing"))
			return
		case err != nil:
			b.problem.Fail(w.t("window.settings.browser_bad"))
			return
		}
	}
	b.pane.w.changeSettings(func(s *localapi.Settings) { s.Browser = command }, func(err error) {
		if err != nil {
			b.problem.Fail(w.sentence(err))
			return
		}
		b.writing = false
		w.toasts.say(widget.ToneFine, w.t("window.settings.browser_saved"))
		b.update()
	})
}

func (b *browserSetting) allow() {
	b.save.Allow(strings.TrimSpace(b.command.Text) != b.pane.w.model.snap.Settings.Browser)
}
