//go:build !windows && !darwin

package desktop

import "os"

// sandboxed tells whether this is a Flatpak or Snap, where only portals reach the desktop.
func sandboxed(getenv func(string) string) bool {
	if getenv("SNAP") != "" {
		return true
	}
	_, err := os.Stat("/.flatpak-info")
	return err == nil
}
