package desktop

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Set makes launchd start the program at login, or not (launchd.plist(5)).
func (a Autostart) Set(on bool) error {
	path, err := launchAgent()
	if err != nil {
		return err
	}
	if !on {
		return removeEntry(path)
	}
	var words strings.Builder
	for _, w := range append([]string{a.Program}, a.Args...) {
		words.WriteString("    <string>")
		if err := xml.EscapeText(&words, []byte(w)); err != nil {
			return fmt.Errorf("autostart: %w", err)
		}
		words.WriteString("</string>\n")
	}
	return writeEntry(path, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>`+AppID+`</string>
  <key>ProgramArguments</key>
  <array>
`+words.String()+`  </array>
  <key>RunAtLoad</key><true/>
</dict>
</plist>
`)
}

// SelfProgram is the program to start at login: this one.
func SelfProgram() (string, error) { return os.Executable() }

// Enabled reports whether the entry exists.
func (a Autostart) Enabled() (bool, error) {
	path, err := launchAgent()
	if err != nil {
		return false, err
	}
	return entryExists(path)
}

// SwitchedOff is false: what the person switched off in the System Settings is known to launchd alone.
func (a Autostart) SwitchedOff() (bool, error) { return false, nil }

func launchAgent() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("autostart: %w", err)
	}
	return filepath.Join(home, "Library", "LaunchAgents", AppID+".plist"), nil
}

// entryExists reports whether an autostart file is there.
func entryExists(path string) (bool, error) {
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("autostart: %w", err)
	}
}
