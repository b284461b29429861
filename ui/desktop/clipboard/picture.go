package clipboard

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNoPicture says that there is no picture on the clipboard, or one too large.
	ErrNoPicture = errors.New("desktop: there is no picture on the clipboard")
	// ErrPicturesUnsupported says that pictures on the clipboard cannot be read on this
	// system. A picture file remains.
	ErrPicturesUnsupported = errors.New("desktop: pictures on the clipboard cannot be read here")
)

const (
	// maxPicture is the largest picture file taken from the clipboard, in bytes: an
	// uncompressed 8K screen has 133 MB, and what other programs offer is nearly always PNG.
	maxPicture = 160 << 20
	// pictureTime is how long the program that owns the clipboard may take. It may have to
	// encode the picture first; some take seconds for a large one.
	pictureTime = 10 * time.Second
)

// Picture returns the picture on the clipboard as the bytes of a file: PNG where the owner has
// it, else another usual form. It looks once and keeps nothing. ErrNoPicture says that there
// is none, ErrPicturesUnsupported that nobody can tell here.
func Picture(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	return systemPicture(ctx)
}

// pictureForms are the forms of a picture that package qr can read, best first.
func pictureForms() []string {
	return []string{"image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif"}
}
