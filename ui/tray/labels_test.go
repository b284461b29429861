//go:build !darwin || cgo

package tray

import (
	"runtime"
	"testing"
)

func TestLabelsKeepTheirCharacters(t *testing.T) {
	want := map[string]string{"linux": "a__b & c", "windows": "a_b && c", "darwin": "a_b & c"}[runtime.GOOS]
	if got := escapeLabel("a_b & c"); want != "" && got != want {
		t.Errorf("label %q, want %q", got, want)
	}
}

func TestSameActions(t *testing.T) {
	link := "https://example.org"
	a := menuWith(signedIn(7), link, english(), noon)
	renamed := signedIn(7)
	renamed.Devices.Items[0].Name = "Another name"
	if !sameActions(a, menuWith(renamed, link, english(), noon)) {
		t.Error("another name alone means another menu")
	}
	if sameActions(a, menuWith(signedIn(7), "https://example.net", english(), noon)) {
		t.Error("another link means the same clicks")
	}
	moved := signedIn(7)
	moved.Devices.Items[0], moved.Devices.Items[1] = moved.Devices.Items[1], moved.Devices.Items[0]
	if sameActions(a, menuWith(moved, link, english(), noon)) {
		t.Error("another order means the same clicks")
	}
}
