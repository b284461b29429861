//go:build !windows && !darwin

package clipboard

import (
	"errors"
	"fmt"
	"os"
)

// Open returns the clipboard, or ErrUnavailable with the reason. On Wayland the compositor
// must offer data-control (KDE, sway and other wlroots ones, COSMIC do); where it does not, the X
// server beside it is asked, which some compositors keep in step.
func Open() (Clipboard, error) {
	var reasons []error
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		c, err := openWaylandClipboard()
		if err == nil {
			return c, nil
		}
		reasons = append(reasons, err)
	}
	if os.Getenv("DISPLAY") != "" {
		c, err := openX11Clipboard()
		if err == nil {
			return c, nil
		}
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return nil, fmt.Errorf("%w: there is no display", ErrUnavailable)
	}
	return nil, errors.Join(reasons...)
}
