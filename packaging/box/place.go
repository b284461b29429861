//go:build linux

package box

import (
	"context"
	"image"
)

// windowCoordinates is ATSPI_COORD_TYPE_WINDOW.
const windowCoordinates uint32 = 1

// Place returns where a thing is in its window.
func (r *Reader) Place(ctx context.Context, t Told) (image.Rectangle, error) {
	var at struct{ X, Y, Width, Height int32 }
	err := r.conn.Object(t.at.Bus, t.at.Path).CallWithContext(ctx, atspi+"Component.GetExtents", 0, windowCoordinates).Store(&at)
	return image.Rect(int(at.X), int(at.Y), int(at.X+at.Width), int(at.Y+at.Height)), err
}
