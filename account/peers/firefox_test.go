//go:build peers

package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// pair starts the service, a Firefox and a Tabferry, both signed in to one account.
func pair(t *testing.T) (s *accounttest.Service, a *accounttest.Account, b *browser, f *ferry) {
	t.Helper()
	s = accounttest.New(t)
	a = s.NewAccount("erika@example.org", "secret words")
	b = newBrowser(t, s, a)
	f = newFerry(t, s, a, "Tabferry here")
	f.signIn()
	b.signIn("Firefox there")
	return s, a, b, f
}

// page is an address that Firefox can open without a network: a page of the service itself.
func page(s *accounttest.Service, name string) string {
	return s.URL() + "/connect_another_device?tab=" + name
}

func deviceNames(devices []device) (names []string) {
	for _, d := range devices {
		names = append(names, d.Name)
	}
	return names
}

// TestPeerFirefoxTabs: Firefox takes over the service's configuration, registers, and exchanges tabs
// with Tabferry in both directions, by push, in order, whatever their title and size.
func TestPeerFirefoxTabs(t *testing.T) {
	t.Parallel()
	s, _, b, f := pair(t)

	t.Run("Firefox is configured by the service", func(t *testing.T) {
		b := b.in(t)
		want := map[string]string{
			"identity.fxaccounts.auth.uri":           s.URL() + "/v1",
			"identity.fxaccounts.remote.root":        s.URL(),
			"identity.fxaccounts.remote.oauth.uri":   s.URL() + "/v1",
			"identity.fxaccounts.remote.profile.uri": s.URL() + "/v1",
			"identity.fxaccounts.remote.pairing.uri": s.PairingURL(),
		}
		for name, got := range b.prefs("identity.fxaccounts.auth.uri", "identity.fxaccounts.remote.root",
			"identity.fxaccounts.remote.oauth.uri", "identity.fxaccounts.remote.profile.uri", "identity.fxaccounts.remote.pairing.uri") {
			if got != want[name] {
				t.Errorf("%s is %q, want %q", name, got, want[name])
			}
		}
		if got := b.prefs("identity.sync.tokenserver.uri")["identity.sync.tokenserver.uri"]; !strings.HasPrefix(got, s.URL()+"/") {
			t.Errorf("the token server is %q", got)
		}
	})

	there, here := f.untilDevice("Firefox there"), b.untilDevice("Tabferry here")

	t.Run("both are registered", func(t *testing.T) {
		if there.Type != "desktop" || here.Type != "desktop" {
			t.Errorf("the types are %q and %q, want desktop", there.Type, here.Type)
		}
		if !there.CanCloseTabs || there.PushOff || there.This || here.Current {
			t.Errorf("Tabferry lists %s, Firefox lists %s", compact(there), compact(here))
		}
	})

	t.Run("Tabferry to Firefox", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		links := []localapi.Link{
			{URL: page(s, "one"), Title: "Plain"},
			{URL: page(s, "two"), Title: "Überfahrt — 世界 🛳"},
			{URL: page(s, strings.Repeat("x", 9000)), Title: "Nine kilobytes"},
		}
		for i := range 5 {
			links = append(links, localapi.Link{URL: page(s, fmt.Sprint("number", i)), Title: fmt.Sprint("Number ", i)})
		}
		f.send(there.ID, links...)
		var want, got []string
		for _, l := range links {
			b.untilOpen(l.URL)
			want = append(want, l.Title)
		}
		for _, tab := range b.receivedTabs() {
			if tab.Sender != "Tabferry here" {
				t.Errorf("Firefox names %q as the sender", tab.Sender)
			}
			got = append(got, tab.Title)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Firefox received %q, want %q", got, want)
		}
		f.untilSent(localapi.SendAlerted)
	})

	t.Run("Firefox to Tabferry", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		tabs := []struct{ link, title string }{
			{"https://example.org/plain?a=b&c=d#e", "Plain"},
			{"https://example.org/ümlaut/世界", "Überfahrt — 世界 🛳"},
			{"https://example.org/" + strings.Repeat("x", 9000), "Nine kilobytes"},
		}
		for i := range 5 {
			tabs = append(tabs, struct{ link, title string }{fmt.Sprintf("https://example.org/%d", i), fmt.Sprint("Number ", i)})
		}
		for _, tab := range tabs {
			b.send(here.ID, tab.link, tab.title)
		}
		got := f.untilReceived(len(tabs))
		if len(got) != len(tabs) {
			t.Fatalf("Tabferry holds %d entries, want %d", len(got), len(tabs))
		}
		for i, e := range got {
			if e.Kind != localapi.KindTab || e.URL != tabs[i].link || e.Title != tabs[i].title || e.From != "Firefox there" {
				t.Errorf("entry %d is %.200s, want %.100s %q", i, compact(e), tabs[i].link, tabs[i].title)
			}
		}
	})

	t.Run("Tabferry closes a tab in Firefox", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		b.open(page(s, "closeme"))
		if _, err := f.Send(t.Context(), localapi.SendRequest{
			Links: []localapi.Link{{URL: page(s, "closeme")}}, Devices: []string{there.ID}, Close: true,
		}); err != nil {
			t.Fatal(err)
		}
		until(t, "Firefox has closed the tab", func() (bool, string) {
			tabs := b.openTabs()
			return !slices.Contains(tabs, page(s, "closeme")), fmt.Sprintf("its tabs are %.500q", tabs)
		})
		if tabs := b.openTabs(); !slices.Contains(tabs, page(s, "one")) {
			t.Errorf("it has closed others too; left are %.500q", tabs)
		}
	})

	t.Run("Firefox asks Tabferry to close tabs", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		before := len(f.untilReceived(0))
		b.sendClose(here.ID, "https://example.org/1", "https://example.org/2")
		got := f.untilReceived(before + 1)
		last := got[len(got)-1]
		if last.Kind != localapi.KindClose || !slices.Equal(last.URLs, []string{"https://example.org/1", "https://example.org/2"}) {
			t.Errorf("the close request arrived as %s", compact(last))
		}
	})

	t.Run("rename, both ways", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		if err := f.RenameDevice(t.Context(), "Tabferry – Küche"); err != nil {
			t.Fatal(err)
		}
		if d := b.untilDevice("Tabferry – Küche"); d.ID != here.ID {
			t.Errorf("the renamed device has the id %q, before it was %q", d.ID, here.ID)
		}
		b.rename("Firefox im Flur")
		if err := f.Refresh(t.Context()); err != nil { // nobody is told of a new name
			t.Fatal(err)
		}
		if d := f.untilDevice("Firefox im Flur"); d.ID != there.ID {
			t.Errorf("the renamed device has the id %q, before it was %q", d.ID, there.ID)
		}
	})
}

// TestPeerFirefoxSignInPage: a person signs in to Firefox on the service's own page, finds Tabferry in
// the menu of a tab, and disconnects it on the page about the account.
func TestPeerFirefoxSignInPage(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	a := s.NewAccount("erika@example.org", "secret words").OneClick()
	b := newBrowser(t, s, a)
	f := newFerry(t, s, a, "Tabferry here")
	f.signIn()
	b.signInByPage("Firefox by page")
	// Firefox registers first and says what it can receive a moment later, without telling anybody:
	// Tabferry has to look twice.
	there := f.untilDevice("Firefox by page")
	f.send(there.ID, localapi.Link{URL: page(s, "hello"), Title: "Hello"})
	b.untilOpen(page(s, "hello"))

	here := b.untilDevice("Tabferry here")
	until(t, "Tabferry is in Firefox's menu", func() (bool, string) {
		names := b.sendMenu()
		return slices.Contains(names, "Tabferry here"), fmt.Sprintf("it holds %q", names)
	})
	b.send(here.ID, "https://example.org/back", "And back")
	if got := f.untilReceived(1)[0]; got.URL != "https://example.org/back" || got.From != "Firefox by page" {
		t.Errorf("Tabferry received %s", compact(got))
	}

	b.press(s.URL()+"/settings", "button[id^=continue-]") // it asks who is looking
	b.press(s.URL()+"/settings", `button[aria-label="Disconnect Tabferry here"]`)
	f.untilState("signed out", func(n localapi.Snapshot) bool { return n.Account.State == localapi.SignedOut })
	until(t, "Firefox lists no Tabferry", func() (bool, string) {
		names := deviceNames(b.devices())
		return !slices.Contains(names, "Tabferry here"), fmt.Sprintf("it lists %q", names)
	})
}
