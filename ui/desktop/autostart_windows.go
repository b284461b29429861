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

// approvedKey is where Windows keeps what the person switched off of it, in the Task Manager or the Settings: for each
// entry some bytes, of which the first is odd for one that is off.
const approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`

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
		return approve()
	}
	command := windows.ComposeCommandLine(append([]string{a.Program}, a.Args...))
	if err := key.SetStringValue(AppID, command); err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	return approve()
}

// approve forgets that the entry was switched off.
func approve() (err error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	if err := key.DeleteValue(AppID); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}

// SelfProgram is the program to start at login: this one.
func SelfProgram() (string, error) { return os.Executable() }

// Enabled reports whether the entry exists and is not [Autostart.SwitchedOff].
func (a Autostart) Enabled() (bool, error) {
	var there bool
	err := look(runKey, func(key registry.Key) (err error) {
		_, _, err = key.GetStringValue(AppID)
		there = err == nil
		return err
	})
	if err != nil || !there {
		return false, err
	}
	off, err := a.SwitchedOff()
	return !off, err
}

// SwitchedOff reports whether there is an entry that does not count, because the person switched it off in Windows' own
// list of what starts at login.
func (a Autostart) SwitchedOff() (off bool, err error) {
	err = look(approvedKey, func(key registry.Key) error {
		value, _, err := key.GetBinaryValue(AppID)
		off = err == nil && len(value) > 0 && value[0]&1 == 1
		return err
	})
	return off, err
}

// look reads in a key of the person's. What is not there is no error.
func look(path string, read func(registry.Key) error) (err error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, path, registry.QUERY_VALUE)
	if err == nil {
		defer func() { err = errors.Join(err, key.Close()) }()
		err = read(key)
	}
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}
