//go:build !darwin || cgo

package tray

import (
	"runtime"
	"strings"
)

// clickBuffer is how many clicks may wait for the face's loop, which never waits for anything long.
const clickBuffer = 16

// sameActions reports whether two menus have the same lines, their texts aside. Such a menu gets new texts
// in place; any other is built anew with new ids, so that a click on its way can only mean what was shown.
func sameActions(a, b []Item) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Do != b[i].Do || a[i].Separator() != b[i].Separator() || a[i].Checkable != b[i].Checkable || !sameActions(a[i].Items, b[i].Items) {
			return false
		}
	}
	return true
}

// escapeLabel doubles the character that marks a keyboard shortcut: "_" in dbusmenu, "&" on
// Windows; macOS has none.
func escapeLabel(label string) string {
	switch runtime.GOOS {
	case "windows":
		return strings.ReplaceAll(label, "&", "&&")
	case "darwin":
		return label
	default:
		return strings.ReplaceAll(label, "_", "__")
	}
}
