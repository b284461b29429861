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

// Avatar shows the account's picture as a circle, or the first letter of its name.
type Avatar struct {
	widget.BaseWidget
	side    float32
	name    string
	Picture image.Image
}

// NewAvatar makes a picture of the given side, in units.
func NewAvatar(side float32) *Avatar {
	a := &Avatar{side: side}
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

// DecodeAvatar reads a PNG or JPEG picture; nil when it is none or too large.
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

// letter gives the first letter of a name, upper case.
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
	r := &avatarRenderer{a: a, ground: canvas.NewCircle(nil), letter: canvas.NewText("", nil), glyph: widget.NewIcon(nil)}
	r.picture = canvas.NewImageFromImage(nil)
	r.picture.FillMode, r.picture.ScaleMode = canvas.ImageFillContain, canvas.ImageScaleSmooth
	r.style()
	return r
}

type avatarRenderer struct {
	a       *Avatar
	ground  *canvas.Circle
	letter  *canvas.Text
	glyph   *widget.Icon
	picture *canvas.Image
}

func (r *avatarRenderer) style() {
	r.ground.FillColor = named(ColorTint)
	r.letter.Text, r.letter.Color = letter(r.a.name), named(ColorAccent)
	r.letter.TextSize, r.letter.TextStyle.Bold = r.a.side*0.44, true
	r.glyph.Resource = theme.NewColoredResource(theme.AccountIcon(), ColorAccent)
	r.picture.Image, r.picture.CornerRadius = r.a.Picture, r.a.side/2
	SetVisible(r.picture, r.a.Picture != nil)
	SetVisible(r.glyph, r.a.Picture == nil && r.letter.Text == "")
	SetVisible(r.letter, r.a.Picture == nil)
}

func (r *avatarRenderer) Layout(size fyne.Size) {
	at := fyne.NewPos((size.Width-r.a.side)/2, (size.Height-r.a.side)/2)
	for _, o := range []fyne.CanvasObject{r.ground, r.picture} {
		o.Move(at)
		o.Resize(fyne.NewSquareSize(r.a.side))
	}
	half := r.a.side * 0.6
	r.glyph.Resize(fyne.NewSquareSize(half))
	r.glyph.Move(at.AddXY((r.a.side-half)/2, (r.a.side-half)/2))
	s := r.letter.MinSize()
	r.letter.Resize(s)
	r.letter.Move(at.AddXY((r.a.side-s.Width)/2, (r.a.side-s.Height)/2))
}

func (r *avatarRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.a.side) }

func (r *avatarRenderer) Refresh() {
	r.style()
	r.Layout(r.a.Size())
	r.ground.Refresh()
	r.letter.Refresh()
	r.picture.Refresh()
	r.glyph.Refresh()
}

func (r *avatarRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.letter, r.glyph, r.picture}
}

func (r *avatarRenderer) Destroy() {}
