package widget

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"github.com/tabferry/tabferry/ui/qr"
)

// quietZone is the white border a code needs, in modules.
const quietZone = qr.QuietZone

// The sizes of a code, in units; the drawn size is the next whole multiple of its modules below.
const (
	CodeSmall = 220
	CodeLarge = 330
)

// QRView draws a code black on white in both themes, each module a whole number of pixels, so that
// cameras read it. Without a code it is an empty white square.
type QRView struct {
	widget.BaseWidget
	side float32
	Code image.Image // one pixel for a module, without the quiet zone
	name string
}

// NewQRView makes an empty code; name is read to people who cannot see it.
func NewQRView(name string) *QRView {
	q := &QRView{side: CodeSmall, name: name}
	q.ExtendBaseWidget(q)
	return q
}

// Set shows another code, or blanks it with nil.
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
func (q *QRView) CreateRenderer() fyne.WidgetRenderer {
	r := &qrRenderer{q: q, ground: canvas.NewRectangle(color.White), modules: canvas.NewImageFromImage(nil)}
	r.ground.CornerRadius = 12
	r.modules.ScaleMode, r.modules.FillMode = canvas.ImageScalePixels, canvas.ImageFillStretch
	r.style()
	return r
}

type qrRenderer struct {
	q       *QRView
	ground  *canvas.Rectangle
	modules *canvas.Image
}

func (r *qrRenderer) style() {
	r.modules.Image = r.q.Code
	SetVisible(r.modules, r.q.Code != nil)
}

// module gives the side of a module in units: a whole number of pixels at the canvas's scale.
func (r *qrRenderer) module() float32 {
	if r.q.Code == nil {
		return 0
	}
	scale := float32(1)
	if c := fyne.CurrentApp().Driver().CanvasForObject(r.q); c != nil && c.Scale() > 0 {
		scale = c.Scale()
	}
	count := r.q.Code.Bounds().Dx() + 2*quietZone
	pixels := max(1, int(r.q.side*scale)/count)
	return float32(pixels) / scale
}

func (r *qrRenderer) side() float32 {
	if r.q.Code == nil {
		return r.q.side
	}
	return r.module() * float32(r.q.Code.Bounds().Dx()+2*quietZone)
}

func (r *qrRenderer) Layout(size fyne.Size) {
	side := r.side()
	at := fyne.NewPos(float32(int((size.Width-side)/2)), float32(int((size.Height-side)/2)))
	r.ground.Resize(fyne.NewSquareSize(side))
	r.ground.Move(at)
	m := r.module()
	r.modules.Resize(fyne.NewSquareSize(side - 2*quietZone*m))
	r.modules.Move(at.AddXY(quietZone*m, quietZone*m))
}

func (r *qrRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(r.side()) }

func (r *qrRenderer) Refresh() {
	r.style()
	r.Layout(r.q.Size())
	r.ground.Refresh()
	r.modules.Refresh()
}

func (r *qrRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.modules}
}

func (r *qrRenderer) Destroy() {}
