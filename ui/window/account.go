package window

import (
	"context"
	"errors"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// accountPane shows who is signed in, how that stands, and the ways out.
type accountPane struct {
	w    *Window
	page *widget.Page

	picture     *widget.Avatar
	name, email *widget.Line
	fetched     string // whose picture was asked for
	image       image.Image
	looked      time.Time // when the newest snapshot was last asked for

	signedIn, server, contact, push, device *widget.Fact
	privacy                                 *widget.Text
}

func newAccountPane(w *Window) pane {
	p := &accountPane{w: w, picture: widget.NewAvatar(64)}
	p.name = widget.NewBoldLine("", theme.ColorNameForeground, theme.SizeNameSubHeadingText)
	p.email = widget.NewLine("", widget.ColorMuted, theme.SizeNameText)
	manage := w.linkButton(w.t("window.account.manage"), func() { w.openPage(localapi.PageManageAccount) })
	who := widget.NewCard(widget.VStack(widget.Gap, widget.Border(nil, nil, widget.Inset(0, 0, 0, 10, p.picture), nil,
		widget.Middle(widget.VStack(widget.GapTiny, p.name, p.email))), widget.Wrap(manage)))

	p.signedIn, p.server = widget.NewFact(w.t("window.account.state"), ""), widget.NewFact(w.t("window.account.server"), "")
	p.contact, p.push = widget.NewFact(w.t("window.account.contact"), ""), widget.NewFact(w.t("window.account.push"), "")
	p.device = widget.NewFact(w.t("window.account.device"), "")
	how := widget.NewCard(widget.VStack(widget.GapSmall, p.signedIn, p.device, p.contact, p.push, p.server))

	p.privacy = widget.NewText("")
	privacy := widget.NewCard(widget.VStack(widget.GapSmall, p.privacy, widget.NewMuted(w.t("window.account.privacy_text"))))

	out := w.button(w.t("window.account.sign_out"), w.askSignOut)
	remove := w.linkButton(w.t("window.account.remove"), p.askRemove)
	leave := widget.NewCard(widget.VStack(widget.Gap, widget.NewMuted(w.t("window.account.leave_text")), widget.Wrap(out, remove)))

	p.page = widget.NewPage(w.t("window.account.title"), nil, widget.VStack(widget.GapLarge-4, who,
		widget.Section(w.t("window.account.how"), how), widget.Section(w.t("window.account.privacy"), privacy),
		widget.Section(w.t("window.account.leave"), leave)), nil)
	return p
}

func (p *accountPane) object() fyne.CanvasObject { return p.page.Object }

func (p *accountPane) shown() {}

func (p *accountPane) escape() {}

func (p *accountPane) update() {
	w := p.w
	s := w.model.snap
	now := w.p.Now()
	name, email := i18n.Plain(s.Account.Name), i18n.Plain(s.Account.Email)
	if email == "" {
		email = w.t("window.account.no_profile")
	}
	if name == "" {
		name, email = email, ""
	}
	p.name.Set(name)
	p.email.Set(email)
	widget.SetVisible(p.email, email != "")
	p.fetchPicture()
	p.picture.Set(name, p.image)

	state := w.t("window.account.state_" + string(s.Account.State))
	if s.Account.State == localapi.NeedsSignIn && s.Account.Cause != "" {
		state = joinSentences(state, i18n.Plain(s.Account.Cause))
	}
	if s.Account.DevicesUnavailable {
		state = joinSentences(state, w.t("window.account.no_devices"))
	}
	p.signedIn.Set(state)
	p.server.Set(i18n.Plain(s.Account.Server))
	p.contact.Set(w.words.Ago(s.Connection.LastContact, now))
	if this, _ := w.model.others(); this != nil {
		p.device.Set(w.name(*this, maxName))
	} else {
		p.device.Set("")
	}
	p.push.Set(p.pushWords(s.Connection.Push))
	p.lookAgain()
	switch m := s.Account.MetricsEnabled; {
	case m == nil:
		p.privacy.Set(w.t("window.account.metrics_unknown"))
	case *m:
		p.privacy.Set(w.t("window.account.metrics_on"))
	default:
		p.privacy.Set(w.t("window.account.metrics_off"))
	}
}

// pushWords says how the push connection is doing.
func (p *accountPane) pushWords(push localapi.Push) string {
	w, now := p.w, p.w.p.Now()
	if push.Expired { // then the connection is of no use
		return w.t("window.account.push_expired")
	}
	words := w.t("window.account.push_off")
	if push.Connected {
		words = w.t("window.account.push_on", "When", when(w.words, push.ConnectedSince, now))
	} else if !push.NextRetry.IsZero() {
		words = joinSentences(words, w.t("window.account.push_next", "Time", clockTime(push.NextRetry, now)))
	}
	if !push.LastMessage.IsZero() {
		words = joinSentences(words, w.t("window.account.push_message", "Ago", w.words.Ago(push.LastMessage, now)))
	}
	if !push.LastPong.IsZero() {
		words = joinSentences(words, w.t("window.account.push_pong", "Ago", w.words.Ago(push.LastPong, now)))
	}
	return words
}

// lookAgain asks for the newest snapshot while this pane is looked at: the answers of the push service
// are in no update, because they change nothing.
func (p *accountPane) lookAgain() {
	w := p.w
	if now := w.p.Now(); now.Sub(p.looked) >= tickSlow {
		p.looked = now
	} else {
		return
	}
	fetch(w, w.p.Agent.Snapshot, func(s localapi.Snapshot, err error) {
		if err == nil { // else the watch says what is wrong
			p.push.Set(p.pushWords(s.Connection.Push))
		}
	})
}

// fetchPicture asks for the account's picture once for each account.
func (p *accountPane) fetchPicture() {
	w := p.w
	account := w.model.snap.Account
	if !account.HasAvatar {
		p.fetched, p.image = "", nil
		return
	}
	if p.fetched == account.UID {
		return
	}
	p.fetched = account.UID
	fetch(w, func(ctx context.Context) (image.Image, error) {
		content, err := w.p.Agent.Avatar(ctx)
		return widget.DecodeAvatar(content), err
	}, func(picture image.Image, err error) {
		var refused *localapi.Error
		if err != nil && (!errors.As(err, &refused) || refused.Code != localapi.CodeNotFound) {
			p.fetched = "" // the letter stands in until the next update asks again
			return
		}
		p.image = picture
		p.update()
	})
}

// askSignOut asks whether, and what becomes of the data here.
func (w *Window) askSignOut() {
	purge := w.option(w.t("window.account.delete_local"), nil)
	w.ask(question{
		title: w.t("window.account.sign_out_title"), text: w.t("window.account.sign_out_text"), extra: purge,
		yes: w.t("window.account.sign_out_yes"), danger: true,
		do: func() {
			w.call(func(ctx context.Context) error { return w.p.Agent.SignOut(ctx, purge.On) }, func(err error) {
				if !w.failed(err) {
					w.wanted = ""
					w.refresh()
				}
			})
		},
	})
}

// askRemove explains that an account is removed on the web.
func (p *accountPane) askRemove() {
	w := p.w
	w.ask(question{
		title: w.t("window.account.remove_title"), text: w.t("window.account.remove_text"),
		yes: w.t("window.account.remove_yes"), do: func() { w.openPage(localapi.PageDeleteAccount) },
	})
}
