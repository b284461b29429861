//go:build !windows && !darwin

package desktop

import (
	"os"
	"strconv"
	"testing"
)

func TestFromMenu(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"a terminal or a script":            {nil, false},
		"GLib's desktops":                   {map[string]string{"GIO_LAUNCHED_DESKTOP_FILE_PID": own}, true},
		"a program that was itself started": {map[string]string{"GIO_LAUNCHED_DESKTOP_FILE_PID": own + "1"}, false},
		"startup notification":              {map[string]string{"DESKTOP_STARTUP_ID": "panel_1"}, true},
		"Wayland":                           {map[string]string{"XDG_ACTIVATION_TOKEN": "x"}, true},
	} {
		if got := fromMenu(func(key string) string { return c.env[key] }); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
