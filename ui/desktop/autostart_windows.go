package desktop

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// runKey is where Windows looks for programs to start at the user's login.
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

// Set makes Windows start the program at login, or not.
func (a Autostart) Set(on bool) (err error) {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	if !on {
		if err := key.DeleteValue(AppID); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return fmt.Errorf("autostart: %w", err)
		}
		return nil
	}
	command := windows.ComposeCommandLine(append([]string{a.Program}, a.Args...))
	if err := key.SetStringValue(AppID, command); err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}

// SelfProgram is the program to start at login: this one.
func SelfProgram() (string, error) { return os.Executable() }

// Enabled reports whether the entry exists.
func (a Autostart) Enabled() (on bool, err error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		if errors.Is(err, registry.ErrNotExist) {
			return false, nil
		}
		return false, fmt.Errorf("autostart: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	_, _, err = key.GetStringValue(AppID)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
