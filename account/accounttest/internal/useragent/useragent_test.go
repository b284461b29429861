package useragent

import (
	"slices"
	"strings"
	"testing"
)

func TestUserAgentsGiveNamesAndTypes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0":           {"Firefox 153", "Firefox 153, Linux", "desktop"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:67.0) Gecko/20100101 Firefox/67.0":   {"Firefox 67", "Firefox 67, Windows", "desktop"},
		"Mozilla/5.0 (Android 14; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0":             {"Firefox 150", "Firefox 150, Android", "mobile"},
		"Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/120.0":   {"Firefox iOS 120", "Firefox iOS 120, iOS", "tablet"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:150.0) Gecko/2010 Firefox/150.0": {"Firefox 150", "Firefox 150, Mac OS X", "desktop"},
		"Go-http-client/1.1": {"", "", "desktop"},
		"":                   {"", "", "desktop"},
	} {
		a := Parse(text)
		if got := [3]string{a.Name(), a.DeviceName(), a.DeviceType()}; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzParse: every header gives a known type and never fails.
func FuzzParse(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")
	f.Add("FxiOS/1 iPad")
	f.Fuzz(func(t *testing.T, text string) {
		a := Parse(text)
		if !slices.Contains([]string{"desktop", "mobile", "tablet"}, a.DeviceType()) {
			t.Errorf("type %q", a.DeviceType())
		}
		if a.Browser != "" && !strings.HasPrefix(a.DeviceName(), a.Name()) {
			t.Errorf("names %q and %q", a.Name(), a.DeviceName())
		}
	})
}
