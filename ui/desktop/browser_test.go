package desktop_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestABrowserCommandIsCheckedWithoutRunningIt(t *testing.T) {
	command, record := recorder(t)
	dir := filepath.Dir(command)
	t.Setenv("HOME", dir)
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fine := range []string{"", `"` + command + `"`, `"` + command + `" --new-tab %u`, `"~/open it"`, `"$HOME/open it" -x`} {
		if err := desktop.CheckBrowser(fine); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
	for _, gone := range []string{"/no/such/browser --x", "no-such-browser", plain, dir, command} { // the last has a blank in it
		if err := desktop.CheckBrowser(gone); !errors.Is(err, desktop.ErrNoSuchBrowser) {
			t.Errorf("%s: %v", gone, err)
		}
	}
	for _, none := range []string{" \t", `"`, `""`} {
		if err := desktop.CheckBrowser(none); err == nil || errors.Is(err, desktop.ErrNoSuchBrowser) {
			t.Errorf("%q: %v", none, err)
		}
	}
	if _, err := os.Stat(record); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something ran: %v", err)
	}
}

// TestBrowsersCanBeUsed asks the machine itself, whichever it is.
func TestBrowsersCanBeUsed(t *testing.T) {
	list, err := desktop.Browsers("de")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if err := desktop.CheckBrowser(b.Command); err != nil || b.Name == "" || b.Command == "" {
			t.Errorf("%+v: %v", b, err)
		}
	}
	t.Logf("%s: %+v", runtime.GOOS, list)
}
