//go:build !windows && !darwin

package desktop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"
	"github.com/rymdport/portal/background"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// Set makes the desktop start the program at login, or not (the freedesktop Autostart
// specification; in a sandbox the background portal, which may ask the user).
func (a Autostart) Set(on bool) error {
	if session.Sandboxed(os.Getenv) {
		result, err := background.RequestBackground("", &background.RequestOptions{
			Reason:    "Receive tabs while no window is open",
			Autostart: on, Commandline: append([]string{filepath.Base(a.Program)}, a.Args...),
		})
		if err != nil {
			return fmt.Errorf("autostart by the desktop portal: %w", err)
		}
		if result == nil || result.Autostart != on {
			return errors.New("autostart: the desktop did not allow it")
		}
		return nil
	}
	if !on {
		return removeEntry(autostartFile())
	}
	return writeEntry(autostartFile(), a.desktopEntry())
}

// Enabled reports whether the entry exists. Inside a sandbox it cannot be known: false.
func (a Autostart) Enabled() (bool, error) { return entryExists(autostartFile()) }

func autostartFile() string {
	return filepath.Join(xdg.ConfigHome, "autostart", AppID+".desktop")
}

func (a Autostart) desktopEntry() string {
	words := []string{quoteExec(a.Program)}
	for _, arg := range a.Args {
		words = append(words, quoteExec(arg))
	}
	return strings.Join([]string{
		"[Desktop Entry]", "Type=Application", "Name=Tabferry", "Icon=" + AppID,
		"Exec=" + strings.Join(words, " "), "Terminal=false", "NoDisplay=true",
		"X-GNOME-Autostart-enabled=true", "",
	}, "\n")
}

// quoteExec quotes a word of an Exec key: inside double quotes `"`, "`", "$" and "\" are escaped
// by a backslash, that backslash once more as in every desktop file string, and % is doubled
// (Desktop Entry specification, "The Exec key").
func quoteExec(word string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range word {
		switch r {
		case '"', '`', '$':
			b.WriteString(`\\`)
		case '\\':
			b.WriteString(`\\\`)
		case '%':
			b.WriteByte('%')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
