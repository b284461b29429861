package widget

import (
	"bytes"
	"image"
	_ "image/jpeg" // avatars are PNG or JPEG
	_ "image/png"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// maxAvatarSide bounds the picture that is decoded, in pixels: a small file can claim to be huge.
const maxAvatarSide = 4096

// Avatar shows a person's picture as a circle, or the first letter of the name.
type Avatar struct {
	widget.BaseWidget
	// Picture is what is shown, nil for the letter; Set changes it.
	Picture image.Image

	side float32
	name string

	ground *canvas.Circle
	letter *canvas.Text
	glyph  *widget.Icon
	drawn  *canvas.Image
}

// NewAvatar makes a picture of the given side, in units.
func NewAvatar(side float32) *Avatar {
	a := &Avatar{
		side: side, ground: canvas.NewCircle(nil), letter: canvas.NewText("", nil),
		glyph: widget.NewIcon(nil), drawn: canvas.NewImageFromImage(nil),
	}
	a.drawn.FillMode, a.drawn.ScaleMode = canvas.ImageFillContain, canvas.ImageScaleSmooth
	a.ExtendBaseWidget(a)
	return a
}

// Set changes name and picture; a nil picture shows the letter.
func (a *Avatar) Set(name string, picture image.Image) {
	if a.name != name || a.Picture != picture {
		a.name, a.Picture = name, picture
		a.Refresh()
	}
}

// DecodeAvatar reads a PNG or JPEG picture and returns its middle square; nil when it is none or too
// large.
func DecodeAvatar(content []byte) image.Image {
	config, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil || config.Width > maxAvatarSide || config.Height > maxAvatarSide {
		return nil
	}
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil
	}
	return square(picture)
}

// square cuts the middle square out of a picture, so that it fills the circle.
func square(picture image.Image) image.Image {
	b := picture.Bounds()
	side := min(b.Dx(), b.Dy())
	cut, ok := picture.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok || b.Dx() == b.Dy() {
		return picture
	}
	at := image.Pt(b.Min.X+(b.Dx()-side)/2, b.Min.Y+(b.Dy()-side)/2)
	return cut.SubImage(image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))})
}

// letter returns the first letter of a name, upper case.
func letter(name string) string {
	for _, r := range strings.TrimSpace(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return ""
}

// AccessibilityLabel is the name the picture stands for.
func (a *Avatar) AccessibilityLabel() string { return a.name }

// AccessibilityRole says that this is text.
func (a *Avatar) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer draws circle, letter and picture.
func (a *Avatar) CreateRenderer() fyne.WidgetRenderer {
	return draw(a, a.ground, a.letter, a.glyph, a.drawn)
}

func (a *Avatar) style() {
	a.ground.FillColor = named(ColorTint)
	a.letter.Text, a.letter.Color = legible(letter(a.name)), named(ColorAccent)
	if a.letter.Text == string(left) {
		a.letter.Text = "" // there is a glyph for those without a letter
	}
	a.letter.TextSize, a.letter.TextStyle.Bold = a.side*0.44, true
	a.glyph.Resource = theme.NewColoredResource(theme.AccountIcon(), ColorAccent)
	a.drawn.Image, a.drawn.CornerRadius = a.Picture, a.side/2
	SetVisible(a.drawn, a.Picture != nil)
	SetVisible(a.glyph, a.Picture == nil && a.letter.Text == "")
	SetVisible(a.letter, a.Picture == nil)
}

func (a *Avatar) place(size fyne.Size) {
	at := fyne.NewPos((size.Width-a.side)/2, (size.Height-a.side)/2)
	for _, o := range []fyne.CanvasObject{a.ground, a.drawn} {
		o.Move(at)
		o.Resize(fyne.NewSquareSize(a.side))
	}
	half := a.side * 0.6
	a.glyph.Resize(fyne.NewSquareSize(half))
	a.glyph.Move(at.AddXY((a.side-half)/2, (a.side-half)/2))
	s := a.letter.MinSize()
	a.letter.Resize(s)
	a.letter.Move(at.AddXY((a.side-s.Width)/2, (a.side-s.Height)/2))
}

func (a *Avatar) least() fyne.Size { return fyne.NewSquareSize(a.side) }
