//go:build peers && linux

package browsers_test

import (
	"strings"
	"testing"
)

// TestLanguages: the extension speaks the browser's language, and its longer words fit.
func TestLanguages(t *testing.T) {
	for language, words := range map[string][3]string{
		"de": {"Alle Geräte", "Andere Erweiterungen", "Gerät benachrichtigt"},
		"fr": {"Tous les appareils", "Autres extensions", "appareil prévenu"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, "firefox", language)
			popup := s.page("popup.html")
			popup.untilShows("#notice code", "tabferry extension install")
			popup.nothingNameless()
			popup.close()
			s.connect()
			options := s.page("options.html")
			options.click("#tabs-allowed")
			s.signIn()
			popup = s.popup(s.open(s.site.URL + "/" + strings.Repeat("a long title ", 20)))
			popup.untilShows("#devices", words[0])
			popup.press("Enter")
			popup.untilTrue("it is held", `return !!document.querySelector("#batches button")`)
			popup.nothingNameless()
			popup.picture("popup-"+language, 360)
			popup.untilShows("#batches", words[2]) // what was held has left by itself
			options.untilShows("main", words[1])
			options.nothingNameless()
			options.picture("options-"+language, 760)
			var spoken, goes string
			options.run(&spoken, `return document.documentElement.lang`)
			options.run(&goes, `return document.documentElement.dir`)
			if spoken != language || goes != "ltr" {
				t.Errorf("the page says that it is in %q, and goes %q", spoken, goes)
			}
		})
	}
}
