//go:build !windows && !darwin

package session

import "os"

// Sandboxed reports whether this is a Flatpak or Snap, where only portals reach the desktop.
func Sandboxed(getenv func(string) string) bool {
	if getenv("SNAP") != "" {
		return true
	}
	_, err := os.Stat("/.flatpak-info")
	return err == nil
}
