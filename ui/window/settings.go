package window

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

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
	language, appearance   *fynewidget.Select
	openNever, openSome    *widget.Option
	openFrom               *widget.RowList
	openFromBox            *fyne.Container
	browser                *widget.Field
	saveBrowser            *widget.Button
	quiet                  *widget.Button
	quietWords             *widget.Text

	advanced *advancedSettings
	filling  bool // the controls are being set from the snapshot
}

func newSettingsPane(w *Window) pane {
	p := &settingsPane{w: w}
	p.login = p.check("window.settings.start_at_login", func(s *localapi.Settings, on bool) { s.StartAtLogin = on })
	p.notify = p.check("window.settings.notifications", func(s *localapi.Settings, on bool) { s.Notifications = on })
	p.grouped = p.check("window.settings.grouped", func(s *localapi.Settings, on bool) { s.Grouped = on })

	p.language = fynewidget.NewSelect(p.languageNames(), func(string) {
		p.change(func(s *localapi.Settings) { s.Language = p.languageTags()[max(0, p.language.SelectedIndex())] })
	})
	p.appearance = fynewidget.NewSelect([]string{
		w.t("window.settings.appearance_system"), w.t("window.settings.appearance_light"), w.t("window.settings.appearance_dark"),
	}, func(string) {
		p.change(func(s *localapi.Settings) { s.Appearance = appearances()[max(0, p.appearance.SelectedIndex())] })
	})
	general := widget.NewCard(widget.VStack(widget.Gap, p.login,
		choice(w.t("window.settings.language"), p.language), choice(w.t("window.settings.appearance"), p.appearance)))

	p.openNever = w.way(w.t("window.settings.open_never"), func() {
		p.change(func(s *localapi.Settings) { s.Open = localapi.OpenNever })
	})
	p.openSome = w.way(w.t("window.settings.open_from"), func() {
		p.change(func(s *localapi.Settings) { s.Open = localapi.OpenFrom })
	})
	p.openFrom = widget.NewRowList(w.escape)
	p.openFromBox = widget.VStack(widget.GapSmall, widget.NewMuted(w.t("window.settings.open_from_text")), widget.NewSurface(widget.ColorQuiet, 10, widget.Pad(4, p.openFrom)))
	p.browser = w.field(w.t("window.settings.browser"), w.t("window.settings.browser_hint"))
	p.browser.OnChanged = func(string) { p.allowSave() }
	saveBrowser := func() {
		p.change(func(s *localapi.Settings) { s.Browser = strings.TrimSpace(p.browser.Text) })
	}
	p.browser.OnSubmitted = func(string) { saveBrowser() }
	p.saveBrowser = w.button(w.t("window.save"), saveBrowser)
	received := widget.NewCard(widget.VStack(widget.Gap, widget.VStack(widget.GapTiny, p.openNever, p.openSome), p.openFromBox,
		widget.VStack(widget.GapTiny, widget.NewMuted(w.t("window.settings.browser")), container.NewBorder(nil, nil, nil, p.saveBrowser, p.browser))))

	p.quiet = w.button("", p.toggleQuiet)
	p.quietWords = widget.NewMuted("")
	notify := widget.NewCard(widget.VStack(widget.GapSmall, p.notify, p.grouped, widget.Wrap(p.quiet), p.quietWords))

	p.advanced = newAdvancedSettings(w)
	p.page = widget.NewPage(w.t("window.settings.title"), nil, widget.VStack(widget.GapLarge-4,
		widget.Section(w.t("window.settings.general"), general), widget.Section(w.t("window.settings.received"), received),
		widget.Section(w.t("window.settings.notify"), notify), p.advanced.object), nil)
	return p
}

// choice is a select with its name.
func choice(name string, s *fynewidget.Select) fyne.CanvasObject {
	return widget.Labelled(name, widget.Capped(260, s))
}

func appearances() []string { return []string{"", "light", "dark"} }

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
	p.w.changeSettings(edit, p.update)
}

// changeSettings sends the settings with a change and calls done when it was refused or taken.
func (w *Window) changeSettings(edit func(*localapi.Settings), done func()) {
	s := w.model.snap.Settings
	s.OpenFrom = slices.Clone(s.OpenFrom)
	edit(&s)
	w.call(func(ctx context.Context) error { return w.p.Agent.SetSettings(ctx, s) }, func(err error) {
		w.failed(err)
		done()
	})
}

func (p *settingsPane) object() fyne.CanvasObject { return p.page.Object }

func (p *settingsPane) shown() { p.browser.Put(p.w.model.snap.Settings.Browser) }

func (p *settingsPane) escape() {
	p.browser.Put(p.w.model.snap.Settings.Browser)
	p.advanced.reset()
}

func (p *settingsPane) update() {
	w := p.w
	s := w.model.snap.Settings
	p.filling = true
	p.login.Set(s.StartAtLogin)
	p.notify.Set(s.Notifications)
	p.grouped.Set(s.Grouped)
	p.openNever.Set(s.Open != localapi.OpenFrom)
	p.openSome.Set(s.Open == localapi.OpenFrom)
	setIndex(p.language, max(0, slices.Index(p.languageTags(), s.Language)))
	setIndex(p.appearance, max(0, slices.Index(appearances(), s.Appearance)))
	p.filling = false
	p.updateOpenFrom(s)
	p.allowSave()
	p.updateQuiet()
	p.advanced.update()
}

func setIndex(s *fynewidget.Select, i int) {
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

func (p *settingsPane) allowSave() {
	p.saveBrowser.Allow(strings.TrimSpace(p.browser.Text) != p.w.model.snap.Settings.Browser)
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
