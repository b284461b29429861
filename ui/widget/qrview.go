package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// quietZone is the white border that a code needs on every side, in modules (ISO/IEC 18004).
const quietZone = 4

// The sizes of a code, in units; the drawn size is the next whole multiple of its modules below.
const (
	CodeSmall = 220
	CodeLarge = 330
)

// QRView draws a code black on white in both themes, each module a whole number of pixels, so that
// cameras read it. Without a code it is an empty white square.
type QRView struct {
	widget.BaseWidget
	// Code is what is shown, nil for nothing; Set changes it.
	Code image.Image

	side    float32
	name    string
	ground  *canvas.Rectangle
	modules *canvas.Image
}

// NewQRView makes an empty code; name is read to people who cannot see it.
func NewQRView(name string) *QRView {
	q := &QRView{
		side: CodeSmall, name: name,
		ground: canvas.NewRectangle(color.White), modules: canvas.NewImageFromImage(nil),
	}
	q.ground.CornerRadius = 12
	q.modules.ScaleMode, q.modules.FillMode = canvas.ImageScalePixels, canvas.ImageFillStretch
	q.ExtendBaseWidget(q)
	return q
}

// Set shows another code, one pixel for a module and no quiet zone, in a square of at most side units;
// nil blanks it.
func (q *QRView) Set(code image.Image, side float32) {
	if q.Code != code || q.side != side {
		q.Code, q.side = code, side
		q.Refresh()
	}
}

// AccessibilityLabel names the picture; the code itself is secret.
func (q *QRView) AccessibilityLabel() string { return q.name }

// AccessibilityRole has no closer word in Fyne than text.
func (q *QRView) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer draws ground and modules.
func (q *QRView) CreateRenderer() fyne.WidgetRenderer { return draw(q, q.ground, q.modules) }

func (q *QRView) style() {
	q.modules.Image = q.Code
	SetVisible(q.modules, q.Code != nil)
}

// module returns the side of a module in units: a whole number of pixels at the canvas's scale.
func (q *QRView) module() float32 {
	if q.Code == nil {
		return 0
	}
	scale := float32(1)
	if c := fyne.CurrentApp().Driver().CanvasForObject(q); c != nil && c.Scale() > 0 {
		scale = c.Scale()
	}
	count := q.Code.Bounds().Dx() + 2*quietZone
	pixels := max(1, int(q.side*scale)/count)
	return float32(pixels) / scale
}

func (q *QRView) drawnSide() float32 {
	if q.Code == nil {
		return q.side
	}
	return q.module() * float32(q.Code.Bounds().Dx()+2*quietZone)
}

func (q *QRView) place(size fyne.Size) {
	side := q.drawnSide()
	at := fyne.NewPos(float32(int((size.Width-side)/2)), float32(int((size.Height-side)/2)))
	q.ground.Resize(fyne.NewSquareSize(side))
	q.ground.Move(at)
	m := q.module()
	q.modules.Resize(fyne.NewSquareSize(side - 2*quietZone*m))
	q.modules.Move(at.AddXY(quietZone*m, quietZone*m))
}

func (q *QRView) least() fyne.Size { return fyne.NewSquareSize(q.drawnSide()) }
