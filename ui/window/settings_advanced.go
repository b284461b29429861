package window

import (
	"context"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// advancedSettings are for people who run servers of their own or look for a fault.
type advancedSettings struct {
	w      *Window
	object fyne.CanvasObject
	toggle *widget.Button
	body   *fyne.Container
	open   bool

	server, client, redirect, push, pairing, events *widget.Field
	locked                                          *widget.Text
	problem                                         *widget.Text
	save, undo                                      *widget.Button
	storage, version, logs, contact, as             *widget.Fact
	last                                            localapi.Settings
}

func newAdvancedSettings(w *Window) *advancedSettings {
	a := &advancedSettings{w: w}
	a.toggle = w.button("", func() { a.open = !a.open; a.update() }).Quiet()
	a.toggle.Alignment = fynewidget.ButtonAlignLeading
	a.server = a.field("window.settings.server", mozillaServer)
	a.client = a.field("window.settings.client", w.t("window.settings.built_in"))
	a.redirect = a.field("window.settings.redirect", w.t("window.settings.built_in"))
	a.push = a.field("window.settings.push", w.t("window.settings.built_in"))
	a.pairing = a.field("window.settings.pairing", w.t("window.settings.built_in"))
	a.events = a.field("window.settings.events", w.t("window.settings.events_none"))
	a.locked = widget.NewMuted(w.t("window.settings.server_locked"))
	a.save = w.mainButton(w.t("window.save"), a.store)
	a.undo = w.button(w.t("window.settings.discard"), a.reset)
	form := widget.VStack(widget.GapSmall)
	for _, f := range []*widget.Field{a.server, a.client, a.redirect, a.push, a.pairing, a.events} {
		form.Add(widget.VStack(widget.GapTiny, widget.NewMuted(f.Name), f))
	}
	a.problem = widget.NewProblem()
	form.Add(a.problem)
	form.Add(a.locked)
	form.Add(widget.Wrap(a.save, a.undo))

	a.storage, a.version = widget.NewFact(w.t("window.settings.storage"), ""), widget.NewFact(w.t("window.settings.version"), "")
	a.logs = widget.NewFact(w.t("window.settings.logs"), "")
	a.contact, a.as = widget.NewFact(w.t("window.settings.contact"), ""), widget.NewFact(w.t("window.settings.client"), "")
	about := widget.NewCard(widget.VStack(widget.GapSmall, a.version, a.contact, a.as))
	kept := widget.VStack(widget.GapSmall, a.storage, a.logs, widget.NewMuted(w.t("window.settings.diagnostics_text")),
		widget.Wrap(w.button(w.t("window.settings.copy_diagnostics"), func() { a.diagnostics(w.copy) }),
			w.button(w.t("window.settings.save_diagnostics"), func() { a.diagnostics(a.saveFile) })))
	a.body = widget.VStack(widget.GapLarge-4, widget.NewCard(form), widget.Section(w.t("window.settings.kept"), widget.NewCard(kept)),
		widget.Section(w.t("window.settings.about"), about))
	a.object = widget.VStack(widget.GapSmall, a.toggle, a.body)
	return a
}

func (a *advancedSettings) field(key, placeholder string) *widget.Field {
	f := a.w.field(a.w.t(key), placeholder)
	f.OnChanged = func(string) { a.problem.Say(""); a.allow() }
	f.OnSubmitted = func(string) { a.store() }
	return f
}

// typed returns the settings with what stands in the fields.
func (a *advancedSettings) typed(s localapi.Settings) localapi.Settings {
	s.Server, s.ClientID, s.RedirectURI = strings.TrimSpace(a.server.Text), strings.TrimSpace(a.client.Text), strings.TrimSpace(a.redirect.Text)
	s.PushServer, s.PairingServer = strings.TrimSpace(a.push.Text), strings.TrimSpace(a.pairing.Text)
	s.EventsServer = strings.TrimSpace(a.events.Text)
	return s
}

// same compares the settings of this section.
func sameServers(a, b localapi.Settings) bool {
	return a.Server == b.Server && a.ClientID == b.ClientID && a.RedirectURI == b.RedirectURI &&
		a.PushServer == b.PushServer && a.PairingServer == b.PairingServer && a.EventsServer == b.EventsServer
}

func (a *advancedSettings) reset() {
	s := a.w.model.snap.Settings
	a.server.Put(s.Server)
	a.client.Put(s.ClientID)
	a.redirect.Put(s.RedirectURI)
	a.push.Put(s.PushServer)
	a.pairing.Put(s.PairingServer)
	a.events.Put(s.EventsServer)
	a.problem.Say("")
	a.last = s
	a.allow()
}

func (a *advancedSettings) allow() {
	changed := !sameServers(a.typed(localapi.Settings{}), a.w.model.snap.Settings)
	a.save.Allow(changed)
	a.undo.Allow(changed)
}

func (a *advancedSettings) store() {
	a.w.changeSettings(func(s *localapi.Settings) { *s = a.typed(*s) }, func(err error) {
		if err != nil {
			a.problem.Fail(a.w.sentence(err))
			return
		}
		a.problem.Say("")
		a.w.toasts.say(widget.ToneFine, a.w.t("window.settings.browser_saved"))
		a.allow()
	})
}

func (a *advancedSettings) update() {
	w := a.w
	snap := w.model.snap
	label, icon := w.t("window.settings.advanced"), theme.MenuDropDownIcon()
	if a.open {
		icon = theme.MenuDropUpIcon()
	}
	a.toggle.Relabel(label)
	if a.toggle.Icon == nil || a.toggle.Icon.Name() != icon.Name() {
		a.toggle.SetIcon(icon)
	}
	widget.SetVisible(a.body, a.open)
	if !a.open {
		return
	}
	if !sameServers(snap.Settings, a.last) || a.w.current != PaneSettings {
		a.reset()
	}
	signedIn := snap.Account.State == localapi.SignedIn || snap.Account.State == localapi.NeedsSignIn
	for _, f := range []*widget.Field{a.server, a.client, a.redirect} {
		switch {
		case signedIn && !f.Disabled():
			f.Disable()
		case !signedIn && f.Disabled():
			f.Enable()
		}
	}
	widget.SetVisible(a.locked, signedIn)
	protection := snap.Storage.Protection
	if protection == "" {
		protection = localapi.Undecided
	}
	a.storage.Set(w.t("window.settings.storage_" + string(protection)))
	a.version.Set(i18n.Plain(snap.Version))
	a.logs.Set(w.p.LogFolder)
	a.contact.Set(w.p.Contact)
	a.as.Set(w.clientSaid(snap.Settings.ClientID))
	a.allow()
}

// clientSaid says as whom this program appears to the accounts server.
func (w *Window) clientSaid(chosen string) string {
	if chosen != "" && chosen != w.p.ClientID {
		return i18n.Plain(chosen)
	}
	if w.p.ClientName == "" {
		return w.p.ClientID
	}
	return w.t("window.settings.client_named", "ID", w.p.ClientID, "Name", w.p.ClientName)
}

// diagnostics gets the agent's text, which holds no secret, and hands it on.
func (a *advancedSettings) diagnostics(use func(string)) {
	fetch(a.w, a.w.p.Agent.Diagnostics, func(words string, err error) {
		if !a.w.failed(err) {
			use(words)
		}
	})
}

// diagnosticsName is what the file is called unless the person says otherwise.
const diagnosticsName = "tabferry-diagnostics.txt"

// saveFile writes the text where the person says, in the desktop's chooser where there is one.
func (a *advancedSettings) saveFile(words string) {
	w := a.w
	if w.p.SaveFile == nil {
		a.saveHere(words)
		return
	}
	var path string
	w.callFor(chooseTime, func(ctx context.Context) (err error) {
		path, err = w.p.SaveFile(ctx, w.t("window.settings.save_diagnostics"), diagnosticsName)
		return err
	}, func(err error) {
		switch {
		case err != nil:
			w.p.Logger.Info("the desktop lets no file be chosen", "error", err)
			a.saveHere(words)
		case path != "":
			w.call(func(context.Context) error { return os.WriteFile(path, []byte(words), 0o600) }, a.saved)
		}
	})
}

// saveHere shows the toolkit's own chooser.
func (a *advancedSettings) saveHere(words string) {
	save := dialog.NewFileSave(func(file fyne.URIWriteCloser, err error) {
		if file == nil && err == nil {
			return // the person thought better of it
		}
		if err == nil {
			_, err = file.Write([]byte(words))
			if closed := file.Close(); err == nil {
				err = closed
			}
		}
		a.saved(err)
	}, a.w.win)
	save.SetFileName(diagnosticsName)
	save.Show()
}

// saved says whether the file is there.
func (a *advancedSettings) saved(err error) {
	if err != nil {
		a.w.p.Logger.Warn("the diagnostics could not be written", "error", err)
		a.w.toasts.say(widget.ToneBad, a.w.t("window.error.write_file"))
		return
	}
	a.w.toasts.say(widget.ToneFine, a.w.t("window.toast.saved"))
}
