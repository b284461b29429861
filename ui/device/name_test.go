package device_test

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/device"
)

func TestNoTwoDevicesHaveOneName(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	words := i18n.New("en")
	all := []localapi.Device{
		{ID: "a1", Name: "Phone", Type: "mobile", LastAccess: now.Add(-5 * time.Minute)},
		{ID: "a2", Name: "phone", Type: "mobile", LastAccess: now.Add(-50 * 24 * time.Hour)},
		{ID: "a3", Name: "Phone", Type: "tablet"},
		{ID: "abcdefgh", Name: "Phone", Type: "tablet"},
		{ID: "me", Name: "Phone", Type: "desktop", This: true},
		{ID: "b", Name: "Laptop with a long name", Type: "desktop"},
		{ID: "c", Name: "", Type: ""},
		{ID: "d", Name: "\u200b", Type: "fridge"},
	}
	want := []string{
		"Phone (phone, 5 minutes ago)", "phone (phone, 2026-03-15)", "Phone (tablet, never, a3)", "Phone (tablet, never, abcdef)",
		"Phone (this device)", "Laptop with a…", "unnamed device (never)", "unnamed device (fridge, never)",
	}
	namesakes := device.Namesakes(all)
	for i, d := range all {
		if namesakes[d.ID] != device.Twice(d, all) {
			t.Errorf("%q is one of the namesakes: %v", d.ID, namesakes[d.ID])
		}
		if got := device.Name(words, d, all, now, 14); got != want[i] {
			t.Errorf("got %q, want %q", got, want[i])
		}
	}
}
