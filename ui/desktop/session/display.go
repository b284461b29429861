package session

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"strings"
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

// What keeps a window from being shown.
var (
	ErrNoDisplay   = errors.New("there is no display to show a window on (DISPLAY and WAYLAND_DISPLAY are not set)")
	ErrDeadDisplay = errors.New("the display does not answer")
	ErrNoOpenGL    = errors.New("this display has no OpenGL")
)

// displayMark tells displays apart in the names of files; it is empty where there is but one. A desktop
// with both kinds is known by its X display, which programs that are started without the other have too.
func displayMark(getenv func(string) string) string {
	if kind := FindDisplay(); kind == NoDisplay || kind == NativeDisplay {
		return ""
	}
	x := strings.TrimPrefix(getenv("DISPLAY"), "unix:")
	if colon := strings.LastIndexByte(x, ':'); colon >= 0 {
		number, _, _ := strings.Cut(x[colon:], ".") // without the screen
		x = x[:colon] + number
	}
	return fmt.Sprintf("-%08x", crc32.ChecksumIEEE([]byte(cmp.Or(x, getenv("WAYLAND_DISPLAY")))))
}
