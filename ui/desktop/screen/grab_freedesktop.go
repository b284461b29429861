//go:build !windows && !darwin

package screen

import (
	"context"
	"errors"
	"image"
	"os"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// grab asks X11 where it is the whole truth. Under Wayland an X server sees only its own
// windows, and in a sandbox none: there the desktop's portal is asked.
func grab(ctx context.Context) (image.Image, error) {
	if session.FindDisplay() == session.X11Display && !session.Sandboxed(os.Getenv) {
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
	if session.FindDisplay() == session.NoDisplay {
		return nil, ErrUnavailable
	}
	return grabPortal(ctx)
}
