package desktop

import (
	"context"
	"errors"
	"image"
	"time"
)

var (
	// ErrNoScreenGrab says that this system gives no program a picture of its screen, or that there
	// is no screen. A picture file or the clipboard remains.
	ErrNoScreenGrab = errors.New("desktop: the screen cannot be read here")
	// ErrScreenGrabDeclined says that the person or the system's settings said no.
	ErrScreenGrabDeclined = errors.New("desktop: reading the screen was not allowed")
)

// grabTime is how long to wait for a picture where the system may ask the person first.
const grabTime = 2 * time.Minute

// GrabScreen takes a picture of the whole screen. The system may ask the person first; end ctx to
// give up. The picture stays in memory: where the system hands it over as a file, the file is
// removed.
func GrabScreen(ctx context.Context) (image.Image, error) {
	ctx, cancel := context.WithTimeout(ctx, grabTime)
	defer cancel()
	return grabScreen(ctx)
}
