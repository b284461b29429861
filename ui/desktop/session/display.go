package session

import (
	"os"
	"runtime"
)

// Display tells what a window could be shown on.
type Display string

// The kinds of displays.
const (
	NoDisplay      Display = ""        // nothing: a terminal, a remote shell
	X11Display     Display = "x11"     //
	WaylandDisplay Display = "wayland" // with or without X11 beside it
	NativeDisplay  Display = "native"  // Windows, macOS: always there
)

// FindDisplay returns what this process could show a window on. It looks at the environment only;
// asking the toolkit instead would panic where there is none.
func FindDisplay() Display {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return NativeDisplay
	}
	switch {
	case os.Getenv("WAYLAND_DISPLAY") != "" || os.Getenv("WAYLAND_SOCKET") != "":
		return WaylandDisplay
	case os.Getenv("DISPLAY") != "":
		return X11Display
	default:
		return NoDisplay
	}
}
