//go:build !windows && !darwin

package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

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

// Enabled reports whether the entry exists and is not [Autostart.SwitchedOff], for this program or another one that is
// there: one that was moved, or yesterday's mount of an AppImage, is no entry. Inside a sandbox it cannot be known: false.
func (a Autostart) Enabled() (bool, error) {
	text, err := autostartText()
	if err != nil || text == "" || off(text) {
		return false, err
	}
	_, command, _ := strings.Cut(text, "\nExec=")
	program, ours := unquoteExec(command)
	if !ours || program == a.Program {
		return true, nil // somebody else may have written it
	}
	_, err = os.Stat(program) // #nosec G703 -- the user's own entry names it
	return !errors.Is(err, fs.ErrNotExist), nil
}

// SwitchedOff reports whether there is an entry that does not count, because the person switched it off in the desktop's
// own list of what starts at login.
func (a Autostart) SwitchedOff() (bool, error) {
	text, err := autostartText()
	return off(text), err
}

// off reports whether an entry says of itself that it does not count: Hidden of the Autostart specification, or the key
// that GNOME's and MATE's lists write.
func off(text string) bool {
	return offKey().MatchString(text)
}

var offKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(Hidden[ \t]*=[ \t]*true|X-(GNOME|MATE)-Autostart-enabled[ \t]*=[ \t]*false)[ \t]*\r?$`)
})

// autostartText is what the entry says, empty where there is none.
func autostartText() (string, error) {
	text, err := os.ReadFile(autostartFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("autostart: %w", err)
	}
	return string(text), nil
}

// SelfProgram is the program to start at login: this one, or the AppImage that it is mounted from, whose
// path is another each time.
func SelfProgram() (string, error) {
	program, err := os.Executable()
	image, mount := os.Getenv("APPIMAGE"), os.Getenv("APPDIR")
	within := mount == "" || strings.HasPrefix(program, strings.TrimSuffix(mount, "/")+"/")
	if err == nil && filepath.IsAbs(image) && within { // it may be the AppImage of the terminal we were started in
		return image, nil
	}
	return program, err
}

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

// quotedWord is the first word of a command as quoteExec writes it, with or without more of it.
var quotedWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^"((?:[^"\\%\n]|\\\\(?:\\\\|["$` + "`" + `])|%%)*)"`)
})

// unquoteExec undoes quoteExec for the first word of a command; false for one that it has not written.
func unquoteExec(command string) (word string, ours bool) {
	found := quotedWord().FindStringSubmatch(command)
	if found == nil {
		return "", false
	}
	return strings.NewReplacer(`\\\\`, `\`, `\\`, ``, `%%`, `%`).Replace(found[1]), true
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
