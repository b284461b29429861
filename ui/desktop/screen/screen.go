// Package screen takes pictures of the screen, by the way each system offers: the pairing code that
// another window shows is read from one.
package screen

import (
	"context"
	"errors"
	"image"
	"time"
)

var (
	// ErrUnavailable says that this system gives no program a picture of its screen, or that there
	// is no screen. A picture file or the clipboard remains.
	ErrUnavailable = errors.New("desktop: the screen cannot be read here")
	// ErrDeclined says that the person or the system's settings said no.
	ErrDeclined = errors.New("desktop: reading the screen was not allowed")
)

// grabTime is how long to wait for a picture where the system may ask the person first.
const grabTime = 2 * time.Minute

// Grab takes a picture of the whole screen. The system may ask the person first; end ctx to
// give up. The picture stays in memory: where the system hands it over as a file, the file is
// removed.
func Grab(ctx context.Context) (image.Image, error) {
	ctx, cancel := context.WithTimeout(ctx, grabTime)
	defer cancel()
	return grab(ctx)
}
