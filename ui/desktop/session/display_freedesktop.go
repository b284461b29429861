//go:build !windows && !darwin

package session

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jezek/xgb/xproto"

	"github.com/tabferry/tabferry/ui/desktop/xserver"
)

// CheckDisplay says why no window can be shown here, if so. The toolkit would panic on a display that does
// not answer, and run on without a window on one without OpenGL.
func CheckDisplay() error {
	here := Here()
	switch {
	case FindDisplay() == NoDisplay:
		return ErrNoDisplay
	case os.Getenv("WAYLAND_SOCKET") != "", here.Wayland != "" && serves(here.Wayland):
		return nil
	case here.Display == "":
		return fmt.Errorf("%w: WAYLAND_DISPLAY is %s", ErrDeadDisplay, here.Wayland)
	}
	err := checkX(here.Display)
	if err == nil {
		setenv("WAYLAND_DISPLAY", "") // it is dead, and the toolkit would choose it
	}
	return err
}

// displayTime is how long an X server may take; one on the other end of a slow line takes a second.
const displayTime = 5 * time.Second

// checkX looks for an X server with what OpenGL needs.
func checkX(display string) error {
	ctx, leave := context.WithTimeout(context.Background(), displayTime)
	defer leave()
	conn, err := xserver.Dial(ctx, display)
	if err != nil {
		return fmt.Errorf("%w: DISPLAY is %s", ErrDeadDisplay, display)
	}
	const glx = "GLX"
	extension, err := xproto.QueryExtension(conn, uint16(len(glx)), glx).Reply()
	if err != nil {
		return fmt.Errorf("%w: DISPLAY is %s", ErrDeadDisplay, display)
	}
	if !extension.Present {
		return ErrNoOpenGL
	}
	return nil
}
