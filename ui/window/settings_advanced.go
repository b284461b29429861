package window

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// advancedSettings are for people who run servers of their own or look for a fault.
type advancedSettings struct {
	w      *Window
	object fyne.CanvasObject
	toggle *button
	body   *fyne.Container
	open   bool

	server, client, redirect, push, pairing *field
	locked                                  *text
	save, undo                              *button
	storage, version, logs                  *factLine
	last                                    localapi.Settings
}

func newAdvancedSettings(w *Window) *advancedSettings {
	a := &advancedSettings{w: w}
	a.toggle = w.button("", func() { a.open = !a.open; a.update() })
	a.toggle.Importance = widget.LowImportance
	a.toggle.Alignment = widget.ButtonAlignLeading
	a.server = a.field("window.settings.server", mozillaServer)
	a.client = a.field("window.settings.client", w.t("window.settings.built_in"))
	a.redirect = a.field("window.settings.redirect", w.t("window.settings.built_in"))
	a.push = a.field("window.settings.push", w.t("window.settings.built_in"))
	a.pairing = a.field("window.settings.pairing", w.t("window.settings.built_in"))
	a.locked = newMuted(w.t("window.settings.server_locked"))
	a.save = w.mainButton(w.t("window.save"), a.store)
	a.undo = w.button(w.t("window.settings.discard"), a.reset)
	form := vstack(gapSmall)
	for _, f := range []*field{a.server, a.client, a.redirect, a.push, a.pairing} {
		form.Add(vstack(gapTiny, newMuted(f.name), f))
	}
	form.Add(a.locked)
	form.Add(wrap(a.save, a.undo))

	a.storage, a.version = newFactLine(w.t("window.settings.storage")), newFactLine(w.t("window.settings.version"))
	a.logs = newFactLine(w.t("window.settings.logs"))
	about := vstack(gapSmall, a.storage, a.version, a.logs, newMuted(w.t("window.settings.diagnostics_text")),
		wrap(w.button(w.t("window.settings.copy_diagnostics"), func() { a.diagnostics(w.copy) }),
			w.button(w.t("window.settings.save_diagnostics"), func() { a.diagnostics(a.saveFile) })))
	a.body = vstack(gapLarge-4, newCard(form), section(w.t("window.settings.about"), newCard(about)))
	a.object = vstack(gapSmall, a.toggle, a.body)
	return a
}

func (a *advancedSettings) field(key, placeholder string) *field {
	f := a.w.field(a.w.t(key), placeholder)
	f.OnChanged = func(string) { a.allow() }
	f.OnSubmitted = func(string) { a.store() }
	return f
}

// typed gives the settings with what stands in the fields.
func (a *advancedSettings) typed(s localapi.Settings) localapi.Settings {
	s.Server, s.ClientID, s.RedirectURI = strings.TrimSpace(a.server.Text), strings.TrimSpace(a.client.Text), strings.TrimSpace(a.redirect.Text)
	s.PushServer, s.PairingServer = strings.TrimSpace(a.push.Text), strings.TrimSpace(a.pairing.Text)
	return s
}

// same compares the settings of this section.
func sameServers(a, b localapi.Settings) bool {
	return a.Server == b.Server && a.ClientID == b.ClientID && a.RedirectURI == b.RedirectURI &&
		a.PushServer == b.PushServer && a.PairingServer == b.PairingServer
}

func (a *advancedSettings) reset() {
	s := a.w.model.snap.Settings
	a.server.put(s.Server)
	a.client.put(s.ClientID)
	a.redirect.put(s.RedirectURI)
	a.push.put(s.PushServer)
	a.pairing.put(s.PairingServer)
	a.last = s
	a.allow()
}

func (a *advancedSettings) allow() {
	changed := !sameServers(a.typed(localapi.Settings{}), a.w.model.snap.Settings)
	a.save.allow(changed)
	a.undo.allow(changed)
}

func (a *advancedSettings) store() {
	a.w.changeSettings(func(s *localapi.Settings) { *s = a.typed(*s) }, a.allow)
}

func (a *advancedSettings) update() {
	w := a.w
	snap := w.model.snap
	label, icon := w.t("window.settings.advanced"), theme.MenuDropDownIcon()
	if a.open {
		icon = theme.MenuDropUpIcon()
	}
	a.toggle.relabel(label)
	if a.toggle.Icon == nil || a.toggle.Icon.Name() != icon.Name() {
		a.toggle.SetIcon(icon)
	}
	setVisible(a.body, a.open)
	if !a.open {
		return
	}
	if !sameServers(snap.Settings, a.last) || a.w.current != PaneSettings {
		a.reset()
	}
	signedIn := snap.Account.State == localapi.SignedIn || snap.Account.State == localapi.NeedsSignIn
	for _, f := range []*field{a.server, a.client, a.redirect} {
		switch {
		case signedIn && !f.Disabled():
			f.Disable()
		case !signedIn && f.Disabled():
			f.Enable()
		}
	}
	setVisible(a.locked, signedIn)
	protection := snap.Storage.Protection
	if protection == "" {
		protection = localapi.Undecided
	}
	a.storage.set(w.t("window.settings.storage_" + string(protection)))
	a.version.set(i18n.Plain(snap.Version))
	a.logs.set(w.p.LogFolder)
	a.allow()
}

// diagnostics gets the agent's text, which holds no secret, and hands it on.
func (a *advancedSettings) diagnostics(use func(string)) {
	var words string
	a.w.call(func(ctx context.Context) (err error) {
		words, err = a.w.p.Agent.Diagnostics(ctx)
		return err
	}, func(err error) {
		if !a.w.failed(err) {
			use(words)
		}
	})
}

func (a *advancedSettings) saveFile(words string) {
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
		if err != nil {
			a.w.toasts.say(toneBad, a.w.t("window.error.write_file"))
			return
		}
		a.w.toasts.say(toneFine, a.w.t("window.toast.saved"))
	}, a.w.win)
	save.SetFileName("tabferry-diagnostics.txt")
	save.Show()
}
