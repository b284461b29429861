package cli

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

// In every style the light modules and the border are light on the terminal it is for.
func TestCodeStyles(t *testing.T) {
	code := image.NewGray(image.Rect(0, 0, 2, 2)) // the upper left and the lower right module are dark
	code.SetGray(1, 0, color.Gray{255})
	code.SetGray(0, 1, color.Gray{255})
	for name, c := range map[string]struct {
		style style
		want  string
	}{
		"colours":           {style{colours: true}, "▀▄"},
		"light on dark":     {style{}, "▄▀"},
		"dark on light":     {style{ink: true}, "▀▄"},
		"colours prescribe": {style{colours: true, ink: true}, "▀▄"},
	} {
		lines := strings.Split(blocks(code, c.style), "\n")
		middle := strings.TrimSuffix(strings.TrimPrefix(lines[2], "\x1b[30;107m"), "\x1b[0m")
		if got := string([]rune(middle)[quietModules : quietModules+2]); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if ansi := strings.Contains(strings.Join(lines, ""), "\x1b"); ansi != c.style.colours {
			t.Errorf("%s: escape codes: %v", name, ansi)
		}
	}
	for _, c := range []struct {
		env            map[string]string
		coloured, dark bool
	}{
		{map[string]string{"TERM": "xterm"}, true, false},
		{map[string]string{"TERM": "dumb"}, false, false},
		{map[string]string{"NO_COLOR": "1", "COLORFGBG": "15;0"}, false, false},
		{map[string]string{"COLORFGBG": "0;15"}, true, true},
		{map[string]string{"COLORFGBG": "0;default;7"}, true, true},
		{map[string]string{"COLORFGBG": "15;default;8"}, true, false},
	} {
		getenv := func(name string) string { return c.env[name] }
		if coloured(getenv) != c.coloured || darkText(getenv) != c.dark {
			t.Errorf("%v: colours %v, dark text %v", c.env, coloured(getenv), darkText(getenv))
		}
	}
}
