package tray

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// TestEveryLabelIsTranslated makes the menu of every state in the language for tests: a plain letter that is
// no data comes from no translation.
func TestEveryLabelIsTranslated(t *testing.T) {
	plain, words := regexp.MustCompile(`[A-Za-z]{2,}`), i18n.New(i18n.Pseudo)
	quiet, offline, again, locked := signedIn(9), signedIn(2), signedIn(1), localapi.Snapshot{}
	quiet.QuietUntil = noon.Add(time.Hour)
	offline.Connection.Online = false
	again.Account.State = localapi.NeedsSignIn
	locked.Storage = localapi.Storage{Protection: localapi.ProtectedByPassphrase, Locked: true}
	var look func(items []Item, data string)
	look = func(items []Item, data string) {
		for _, item := range items {
			for _, word := range plain.FindAllString(item.Label, -1) {
				if !strings.Contains(data, word) {
					t.Errorf("%q in %q is no translation", word, item.Label)
				}
			}
			look(item.Items, data)
		}
	}
	for _, s := range []localapi.Snapshot{quiet, offline, again, locked, {Account: localapi.Account{State: localapi.SignedOut}}, {Account: localapi.Account{State: localapi.SigningIn}}} {
		data := "Tabferry example.org "
		for _, d := range s.Devices.Items {
			data += d.Name + " "
		}
		for _, e := range s.Inbox.Recent {
			data += e.From + " " + e.Title + " " + e.Host + " "
		}
		for _, link := range []string{"", "https://example.org/"} {
			items := menuWith(s, link, words, noon)
			if len(items) == 0 {
				t.Errorf("%s has no menu", s.Account.State)
			}
			look(items, data)
		}
	}
}

// TestArrowsPointAhead: what goes to a device has an arrow before its name that points to it, whichever way lines go.
func TestArrowsPointAhead(t *testing.T) {
	for language, want := range map[string]string{"en": "→ Device 0", i18n.PseudoRight: "\u200f← \u2068Device 0\u2069"} {
		items := menuWith(signedIn(2), "https://example.org/", i18n.New(language), noon)
		if got := text(items); !strings.Contains(got, want) {
			t.Errorf("%s: the menu lacks %q:\n%s", language, want, got)
		}
	}
}
