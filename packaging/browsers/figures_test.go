//go:build peers && linux

package browsers_test

import (
	"slices"
	"testing"
	"time"
)

// TestFigures times the way from a click in the popup to the server's word, as the popup tells it. The service is
// the demo's, so the figures are Tabferry's and the browser's own. They are logged, not judged: machines differ.
//
//	go test -tags peers -run Figures -v ./packaging/browsers
func TestFigures(t *testing.T) {
	const sends = 50
	for _, name := range []string{"firefox", "chromium"} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, name, "")
			s.connect()
			options := s.page("options.html")
			options.click("#hold")
			options.untilTrue("sends are not held", `return (await api.storage.local.get("hold")).hold === false`)
			if name == "firefox" {
				options.click("#tabs-allowed")
				options.untilTrue("the tabs may be read", `return api.permissions.contains({permissions: ["tabs"]})`)
			}
			s.signIn()
			popup := s.popup(s.open(s.site.URL + "/timed"))
			popup.untilShows("#devices", "Demo phone")
			var took []float64
			for range sends {
				var one float64
				popup.run(&one, `
					const outcome = document.querySelector("#outcome");
					outcome.textContent = "";
					const began = performance.now();
					const told = new Promise((resolve) => new MutationObserver(() => {
						if (/alerted|accepted/.test(outcome.textContent)) resolve(performance.now() - began);
					}).observe(outcome, {childList: true, characterData: true, subtree: true}));
					document.querySelector("#devices button").click();
					return told;`)
				took = append(took, one)
			}
			slices.Sort(took)
			at := func(share float64) time.Duration {
				return time.Duration(took[int(share*float64(len(took)-1))] * float64(time.Millisecond)).Round(time.Millisecond)
			}
			t.Logf("%s: from a click in the popup to accepted by the server, %d sends: p50 %v, p95 %v", name, sends, at(0.5), at(0.95))
		})
	}
}
