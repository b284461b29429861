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

// HoldDisplay says why no window can be shown here, if so. The toolkit would panic on a display that does not answer, and
// run on without a window on one without OpenGL. It stays connected to an X server until release, for some seconds at
// most: a server that nobody else uses begins anew when its last connection ends, and refuses the next one meanwhile.
func HoldDisplay() (release func(), err error) {
	release = func() {}
	here := Here()
	switch {
	case FindDisplay() == NoDisplay:
		return release, ErrNoDisplay
	case os.Getenv("WAYLAND_SOCKET") != "", here.Wayland != "" && serves(here.Wayland):
		return release, nil
	case here.Display == "":
		return release, fmt.Errorf("%w: WAYLAND_DISPLAY is %s", ErrDeadDisplay, here.Wayland)
	}
	ctx, leave := context.WithTimeout(context.Background(), displayTime)
	err = checkX(ctx, here.Display)
	if err == nil {
		setenv("WAYLAND_DISPLAY", "") // it is dead, and the toolkit would choose it
	}
	return leave, err
}

// displayTime is how long an X server may take, and is held at most; one on the other end of a slow line takes a second.
const displayTime = 5 * time.Second

// checkX looks for an X server with what OpenGL needs. It stays connected until the end of the context.
func checkX(ctx context.Context, display string) error {
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
