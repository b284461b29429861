package window

import (
	"context"
	"errors"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/ui/widget"
)

// buildComputer reads the code that another device shows.
func (p *pairPane) buildComputer() fyne.CanvasObject {
	w := p.w
	p.parts.address = w.field(w.t("window.pair.address"), w.t("window.pair.address_hint"))
	p.parts.problem = widget.NewProblem()
	p.parts.address.OnChanged = func(string) { p.parts.problem.Say("") }
	p.parts.address.OnSubmitted = func(string) { p.joinTyped() }
	p.parts.address.OnPaste = func(words string) bool {
		switch {
		case link.Pairing(words):
			w.join(words)
		case strings.TrimSpace(words) == "" && w.canPastePictures():
			w.pastePicture()
		default:
			return false
		}
		return true
	}
	next := w.button(w.t("window.continue"), p.joinTyped)
	ways := widget.Wrap()
	if w.p.GrabScreen != nil && w.p.ReadCode != nil {
		ways.Add(w.mainButton(w.t("window.pair.from_screen"), p.fromScreen))
	}
	if w.p.ReadPicture != nil {
		ways.Add(w.button(w.t("window.pair.from_picture"), p.fromPicture))
	}
	ways.Add(w.button(w.t("window.pair.from_clipboard"), p.fromClipboard))
	steps := widget.VStack(widget.GapSmall, widget.Step("1", w.t("window.pair.step_1")), widget.Step("2", w.t("window.pair.step_2")), widget.Step("3", w.t("window.pair.step_3")))
	body := widget.VStack(widget.Gap, widget.IconTitle("code", w.t("window.pair.computer")), widget.NewMuted(w.t("window.pair.computer_text")), steps, ways,
		widget.VStack(widget.GapTiny, widget.Beside(p.parts.address, next), p.parts.problem))
	if w.p.ReadPicture != nil {
		body.Add(widget.NewMuted(w.t("window.pair.drop")))
	}
	return widget.NewCard(body)
}

// joinTyped joins the device whose address stands in the field.
func (p *pairPane) joinTyped() {
	if !link.Pairing(p.parts.address.Text) {
		p.parts.problem.Fail(p.w.t("window.pair.no_address"))
		return
	}
	p.w.join(p.parts.address.Text)
}

// grabTime bounds taking a picture of the screen: some desktops ask the person first. chooseTime bounds choosing a file:
// whoever looks for a folder takes longer.
const grabTime, chooseTime = 2 * time.Minute, 10 * time.Minute

// fromScreen reads the code another window shows.
func (p *pairPane) fromScreen() {
	w := p.w
	var code string
	w.toasts.say(widget.ToneInfo, w.t("window.pair.looking"))
	w.callFor(grabTime, func(ctx context.Context) error {
		picture, err := w.p.GrabScreen(ctx)
		if err != nil {
			return err
		}
		code, err = w.p.ReadCode(picture)
		if err != nil || !link.Pairing(code) {
			return errNoCode
		}
		return nil
	}, func(err error) {
		switch {
		case err == nil:
			w.join(code)
		case errors.Is(err, errNoCode):
			w.toasts.say(widget.ToneWarn, w.t("window.pair.no_code_screen"))
		default:
			w.toasts.say(widget.ToneBad, w.t("window.pair.no_screen"))
		}
	})
}

// fromClipboard takes the address on the clipboard, or else reads the code in the picture there.
func (p *pairPane) fromClipboard() {
	words := p.w.p.Clipboard.Content()
	if link.Pairing(words) || !p.w.canPastePictures() {
		p.w.join(words)
		return
	}
	p.w.pastePicture()
}

// fromPicture reads the code from a picture file, chosen where the desktop lets files be chosen.
func (p *pairPane) fromPicture() {
	w := p.w
	if w.p.ChooseFile == nil {
		p.chooseHere()
		return
	}
	var path string
	w.callFor(chooseTime, func(ctx context.Context) (err error) {
		path, err = w.p.ChooseFile(ctx, w.t("window.pair.from_picture"), w.t("window.pair.pictures"), pictureFiles())
		return err
	}, func(err error) {
		switch {
		case err != nil:
			w.p.Logger.Info("the desktop lets no file be chosen", "error", err)
			p.chooseHere()
		case path != "":
			w.readFiles([]string{path}, nil)
		}
	})
}

// chooseHere shows the toolkit's own chooser.
func (p *pairPane) chooseHere() {
	open := dialog.NewFileOpen(func(file fyne.URIReadCloser, err error) {
		if err != nil || file == nil {
			if err != nil {
				p.w.toasts.say(widget.ToneBad, p.w.t("window.error.read_file"))
			}
			return
		}
		path := file.URI().Path()
		if err := file.Close(); err != nil {
			p.w.p.Logger.Warn("a picture could not be closed", "error", err)
		}
		p.w.readFiles([]string{path}, nil)
	}, p.w.win)
	open.SetFilter(storage.NewExtensionFileFilter(pictureFiles()))
	open.Show()
}

// join begins to join the device whose code reads as words.
func (w *Window) join(words string) {
	if w.model.gate() == gateOpen {
		w.toasts.say(widget.ToneInfo, w.t("window.pair.already"))
		return
	}
	if !link.Pairing(words) {
		w.toasts.say(widget.ToneWarn, w.t("window.pair.no_address"))
		return
	}
	w.show(PanePair)
	w.do(func(ctx context.Context) error { return w.p.Agent.JoinPairing(ctx, strings.TrimSpace(words)) })
}
