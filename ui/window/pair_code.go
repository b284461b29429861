package window

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

func (p *pairPane) buildPhone() fyne.CanvasObject {
	w := p.w
	start := w.mainButton(w.t("window.pair.show_code"), func() { w.do(w.p.Agent.ShowPairing) })
	p.parts.safe = start
	return widget.NewCard(widget.VStack(widget.Gap, widget.IconTitle("phone", w.t("window.pair.phone")), widget.NewText(w.t("window.pair.phone_text")),
		widget.NewMuted(w.t("window.pair.where_to_scan")), widget.Wrap(start, p.webPage())))
}

func (p *pairPane) buildPhoneOnTheWeb() fyne.CanvasObject {
	w := p.w
	why := w.t("window.pair.no_session")
	if w.p.DrawCode == nil {
		why = w.t("window.pair.phone_text")
	}
	page := w.mainButton(w.t("window.pair.web_page"), func() { w.openPage(localapi.PagePairPhone) })
	p.parts.safe = page
	return widget.NewCard(widget.VStack(widget.Gap, widget.IconTitle("phone", w.t("window.pair.phone")), widget.NewText(why), widget.Wrap(page)))
}

// webPage leads to the account service's own pairing page.
func (p *pairPane) webPage() *widget.Button {
	return p.w.linkButton(p.w.t("window.pair.web_page"), func() { p.w.openPage(localapi.PagePairPhone) })
}

func (p *pairPane) buildCode() fyne.CanvasObject {
	w := p.w
	p.parts.code = widget.NewQRView(w.t("window.pair.code_name"))
	p.parts.left = widget.NewLine("", widget.ColorMuted, theme.SizeNameCaptionText)
	p.parts.left.Align = fyne.TextAlignCenter
	p.parts.problem = widget.NewProblem()
	p.parts.size = w.button("", func() { p.large = !p.large; p.fill() })
	stop := w.button(w.t("window.pair.stop"), p.cancel)
	p.parts.safe = stop
	link := w.button(w.t("window.pair.copy"), p.askToCopy).Quiet()
	scan := widget.NewText(w.t("window.pair.where_to_scan")).Center()
	return widget.NewCard(widget.VStack(widget.Gap, scan, p.parts.code, p.parts.left, p.parts.problem,
		widget.CentredRow(p.parts.size, stop), widget.CentredRow(link)))
}

// coverAfter is how long a code stays in sight of a window that is not in front any more: whoever looked elsewhere
// for a moment finds it still there.
const coverAfter = 10 * time.Second

// covers reports whether the code is to be covered: the window was left, or is small in a bar, and the code is
// nobody's but the person's who shows it.
func (w *Window) covers() bool { return !w.away.IsZero() && w.p.Now().Sub(w.away) >= coverAfter }

// askToCopy warns before the code's address goes to the clipboard, where every program can read it.
func (p *pairPane) askToCopy() {
	w := p.w
	w.ask(question{title: w.t("window.pair.copy_title"), text: w.t("window.pair.copy_text"), yes: w.t("window.pair.copy"), do: p.copyLink})
}

// copyLink puts the code's address on the clipboard for as long as it is good.
func (p *pairPane) copyLink() {
	w := p.w
	fetch(w, w.p.Agent.PairingCode, func(address string, err error) {
		if w.failed(err) {
			return
		}
		w.p.Clipboard.SetContent(address)
		p.copied = address
		w.toasts.say(widget.ToneInfo, w.t("window.pair.copied"))
		p.fill()
	})
}

// forgetCopy takes a used or expired address off the clipboard, if it is still there.
func (p *pairPane) forgetCopy() {
	if p.copied != "" && p.w.p.Clipboard.Content() == p.copied {
		p.w.p.Clipboard.SetContent("")
	}
	p.copied = ""
}

// fetchCode gets the shown code's address and draws it, once for each code.
func (p *pairPane) fetchCode(pairing localapi.Pairing) {
	w := p.w
	key := pairing.Until.Format(time.RFC3339Nano)
	if key == p.codeFor || w.current != PanePair || w.p.DrawCode == nil {
		return
	}
	p.codeFor, p.code = key, nil
	p.forgetCopy()
	fetch(w, func(ctx context.Context) (image.Image, error) {
		address, err := w.p.Agent.PairingCode(ctx)
		if err != nil {
			return nil, err
		}
		return w.p.DrawCode(address)
	}, func(picture image.Image, err error) {
		if p.codeFor != key {
			return
		}
		if err != nil {
			if p.parts.problem != nil {
				p.parts.problem.Fail(w.sentence(err))
			}
			return
		}
		p.code = picture
		p.fill()
	})
}
