package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Autostart is the entry that starts the agent when the user logs in.
type Autostart struct {
	// Program is the absolute path of the program to start, Args its arguments.
	Program string
	Args    []string
}

// writeEntry writes an autostart file whole or not at all.
func writeEntry(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".tabferry-*")
	if err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("autostart: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

// removeEntry removes an autostart file; one that is not there is fine.
func removeEntry(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}
