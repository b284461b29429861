//go:build peers && linux

package browsers_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tabferry/tabferry/packaging/browsers"
)

// TestSleeps: with nothing to do the background ends, for received tabs are not wanted here and no port is left
// open; what another extension says wakes it, and it knows all it has to.
func TestSleeps(t *testing.T) {
	for _, name := range []string{"firefox", "chromium"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, name, "")
			folder, err := filepath.Abs("testdata/foreign")
			if err != nil {
				t.Fatal(err)
			}
			id, err := s.browser.Install(s.within(), folder)
			if err != nil {
				t.Fatal(err)
			}
			address, err := s.browser.Address(s.within(), id, "page.html")
			if err != nil {
				t.Fatal(err)
			}
			other := s.open(address)
			s.connect()
			s.untilAsleep()
			var code string
			other.run(&code, `return (await api.runtime.sendMessage(args[0], {v: 1, type: "devices"})).error.code`, s.id)
			if code != "ask" {
				t.Errorf("awake, it answers %s", code)
			}
		})
	}
}

// untilAsleep waits until the background does not run: Chromium ends it after 30 seconds, Firefox is told to
// do so after one.
func (s *station) untilAsleep() {
	s.t.Helper()
	s.until("the background sleeps", func() (bool, string) {
		switch b := s.browser.(type) {
		case *browsers.Firefox:
			var state string
			err := b.InBrowser(s.within(), &state, `
				Services.prefs.setIntPref("extensions.background.idle.timeout", 1000);
				return WebExtensionPolicy.getByID(args[0]).extension.backgroundState`, s.id)
			return err == nil && state == "stopped", fmt.Sprint(state, err)
		case *browsers.Chromium:
			runs, err := b.WorkerRuns(s.within(), s.id)
			return err == nil && !runs, fmt.Sprint(runs, err)
		}
		return false, "no such browser"
	})
}
