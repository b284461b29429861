//go:build !darwin && !windows

package desktop

import (
	"context"
	"fmt"
	"net/url"

	"github.com/godbus/dbus/v5"
)

// The FileChooser portal (XDG Desktop Portal, org.freedesktop.portal.FileChooser).
const (
	portalChoose = "org.freedesktop.portal.FileChooser.OpenFile"
	portalSave   = "org.freedesktop.portal.FileChooser.SaveFile"
)

// fileFilter is (sa(us)): what a kind of files is called, and patterns, of which kind 0 is one for names.
type fileFilter struct {
	Name     string
	Patterns []filePattern
}

type filePattern struct {
	Kind    uint32
	Pattern string
}

func chooseFile(ctx context.Context, title, kind string, endings []string) (string, error) {
	options := map[string]dbus.Variant{}
	if len(endings) > 0 {
		filter := fileFilter{Name: kind}
		for _, ending := range endings {
			filter.Patterns = append(filter.Patterns, filePattern{0, "*" + anyCase(ending)})
		}
		options["filters"] = dbus.MakeVariant([]fileFilter{filter})
	}
	return showChooser(ctx, portalChoose, title, options)
}

func saveFile(ctx context.Context, title, name string) (string, error) {
	return showChooser(ctx, portalSave, title, map[string]dbus.Variant{"current_name": dbus.MakeVariant(name)})
}

// showChooser shows the chooser that a method is for.
func showChooser(ctx context.Context, method, title string, options map[string]dbus.Variant) (string, error) {
	options["modal"] = dbus.MakeVariant(true)
	answer, end, err := begin(ctx, method, "", title, options)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoChooser, err)
	}
	defer end()
	defer context.AfterFunc(ctx, end)()
	body, err := answer()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoChooser, err)
	}
	return chosen(body)
}

// chosen reads the path out of an answer, empty if nothing was chosen.
func chosen(body []any) (string, error) {
	if len(body) < 2 || body[0] != portalOpened {
		return "", nil
	}
	values, _ := body[1].(map[string]dbus.Variant)
	uris, _ := values["uris"].Value().([]string)
	if len(uris) == 0 {
		return "", nil
	}
	u, err := url.Parse(uris[0])
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return "", fmt.Errorf("%w: its answer names no file", ErrNoChooser)
	}
	return u.Path, nil
}

// anyCase makes a pattern of an ending that fits it in upper and lower case: ".png" is ".[pP][nN][gG]".
func anyCase(ending string) string {
	var pattern []byte
	for _, c := range []byte(ending) {
		if c >= 'a' && c <= 'z' {
			pattern = append(pattern, '[', c, c-'a'+'A', ']')
		} else {
			pattern = append(pattern, c)
		}
	}
	return string(pattern)
}
