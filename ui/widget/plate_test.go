package widget

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
)

// TestPlateIsOnePiece: the pictures of a plate meet without a seam, at whatever scale and size, and its corners, its
// edge and its shadow are where those of one piece would be.
func TestPlateIsOnePiece(t *testing.T) {
	fill, edge := color.NRGBA{G: 0xff, A: 0xff}, color.NRGBA{R: 0xff, A: 0xff}
	const room, radius = 20, 12 // around it, and of its corners, in units
	for _, scale := range []float32{1, 1.25, 1.5, 2, 3} {
		for _, size := range []fyne.Size{{Width: 120, Height: 60}, {Width: 100.3, Height: 51.7}} {
			t.Run(fmt.Sprint(scale, size), func(t *testing.T) {
				test.NewTempApp(t)
				p := newPlate(radius)
				p.paint(fill, edge, color.Black)
				p.place(size)
				whole := container.NewWithoutLayout(p.objects()...)
				whole.Move(fyne.NewPos(room, room))
				c := software.NewCanvas()
				c.SetPadded(false)
				c.SetScale(scale)
				c.SetContent(container.NewStack(canvas.NewRectangle(color.White), container.NewWithoutLayout(whole)))
				c.Resize(size.AddWidthHeight(2*room, 2*room))
				picture := c.Capture()

				width, height := math.Round(float64(size.Width)), math.Round(float64(size.Height))
				pixel := 1 / float64(scale)
				for y := range picture.Bounds().Dy() {
					for x := range picture.Bounds().Dx() {
						// How far the pixel lies outside of the outline.
						over := math.Abs((float64(x)+0.5)*pixel-room-width/2) - width/2 + radius
						down := math.Abs((float64(y)+0.5)*pixel-room-height/2) - height/2 + radius
						out := math.Hypot(max(over, 0), max(down, 0)) + min(max(over, down), 0) - radius
						got := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
						switch {
						case out < -1-3*pixel && got != fill:
							t.Fatalf("%v at %d, %d, which is within", got, x, y)
						case out > plateOut && got != color.NRGBA{0xff, 0xff, 0xff, 0xff}:
							t.Fatalf("%v at %d, %d, which is outside", got, x, y)
						case math.Abs(out+0.5) < pixel/4 && got.R < 0x40:
							t.Fatalf("%v at %d, %d, which is on the edge", got, x, y)
						case math.Abs(out-1.5) < pixel/2 && got.G > 0xf8:
							t.Fatalf("%v at %d, %d, which is in the shadow", got, x, y)
						}
					}
				}
			})
		}
	}
}
