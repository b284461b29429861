//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"os"
)

// systemPicture asks Wayland first, for the same reasons as Open.
func systemPicture(ctx context.Context) ([]byte, error) {
	var reasons []error
	for _, way := range []struct {
		variable string
		read     func(context.Context) ([]byte, error)
	}{{"WAYLAND_DISPLAY", waylandPicture}, {"DISPLAY", x11Picture}} {
		if os.Getenv(way.variable) == "" {
			continue
		}
		picture, err := way.read(ctx)
		if err == nil || errors.Is(err, ErrNoPicture) {
			return picture, err
		}
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return nil, ErrPicturesUnsupported
	}
	return nil, errors.Join(reasons...)
}
