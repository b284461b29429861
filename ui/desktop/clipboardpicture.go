package desktop

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNoClipboardPicture says that there is no picture on the clipboard, or one too large.
	ErrNoClipboardPicture = errors.New("desktop: there is no picture on the clipboard")
	// ErrClipboardPicturesUnsupported says that pictures on the clipboard cannot be read on this
	// system. A picture file remains.
	ErrClipboardPicturesUnsupported = errors.New("desktop: pictures on the clipboard cannot be read here")
)

const (
	// maxClipboardPicture is the largest picture file taken from the clipboard, in bytes: an
	// uncompressed 8K screen has 133 MB, and what other programs offer is nearly always PNG.
	maxClipboardPicture = 160 << 20
	// clipboardPictureTime is how long the program that owns the clipboard may take. It may have to
	// encode the picture first; some take seconds for a large one.
	clipboardPictureTime = 10 * time.Second
)

// ClipboardPicture gives the picture on the clipboard as the bytes of a file: PNG where the owner has
// it, else another usual form. It looks once and keeps nothing. ErrNoClipboardPicture says that there
// is none, ErrClipboardPicturesUnsupported that nobody can tell here.
func ClipboardPicture(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, clipboardPictureTime)
	defer cancel()
	return clipboardPicture(ctx)
}

// pictureForms are the forms of a picture that package qr can read, best first.
func pictureForms() []string {
	return []string{"image/png", "image/jpeg", "image/webp", "image/bmp", "image/gif"}
}
