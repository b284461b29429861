//go:build !windows && !darwin

package desktop

import (
	"context"
	"errors"
	"image"
	"os"
)

// grabScreen asks X11 where it is the whole truth. Under Wayland an X server sees only its own
// windows, and in a sandbox none: there the desktop's portal is asked.
func grabScreen(ctx context.Context) (image.Image, error) {
	if FindDisplay() == X11Display && !sandboxed(os.Getenv) {
		img, err := grabX11(ctx)
		if err == nil {
			return img, nil
		}
		viaPortal, portalErr := grabPortal(ctx)
		if portalErr == nil {
			return viaPortal, nil
		}
		return nil, errors.Join(err, portalErr)
	}
	if FindDisplay() == NoDisplay {
		return nil, ErrNoScreenGrab
	}
	return grabPortal(ctx)
}
