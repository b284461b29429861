//go:build !windows && !darwin

package desktop

import (
	"errors"
	"fmt"
	"os"
)

// OpenClipboard gives the clipboard, or ErrNoClipboard with the reason. On Wayland the compositor
// must offer data-control (KDE, sway and other wlroots ones, COSMIC do); where it does not, the X
// server beside it is asked, which some compositors keep in step.
func OpenClipboard() (Clipboard, error) {
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
		return nil, fmt.Errorf("%w: there is no display", ErrNoClipboard)
	}
	return nil, errors.Join(reasons...)
}
