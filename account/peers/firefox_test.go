//go:build peers

package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// pair starts the service, a Firefox and a Tabferry, both signed in to one account and aware of each
// other.
func pair(t *testing.T) (s *accounttest.Service, a *accounttest.Account, b *browser, f *ferry) {
	t.Helper()
	s = accounttest.New(t)
	a = s.NewAccount("erika@example.org", "secret words")
	f = newFerry(t, s, a, "Tabferry here")
	f.signIn()
	b = newBrowser(t, s, a)
	b.signIn("Firefox there")
	return s, a, b, f
}

// page is an address that both sides can open: a page of the service itself.
func page(s *accounttest.Service, name string) string {
	return s.URL() + "/connect_another_device?tab=" + name
}

// TestPeerFirefoxTabs: tabs in both directions, by push, in order, whatever their title and size.
func TestPeerFirefoxTabs(t *testing.T) {
	s, _, b, f := pair(t)
	there := f.untilDevice("Firefox there")
	here := b.untilDevice("Tabferry here")
	if there.Type != "desktop" || here.Type != "desktop" {
		t.Errorf("the types are %q and %q, want desktop", there.Type, here.Type)
	}

	t.Run("Tabferry to Firefox", func(t *testing.T) {
		links := []localapi.Link{
			{URL: page(s, "one"), Title: "Plain"},
			{URL: page(s, "two"), Title: "Überfahrt — 世界 🛳"},
			{URL: page(s, strings.Repeat("x", 9000)), Title: "Nine kilobytes"},
		}
		f.send(there.ID, links...)
		for _, l := range links {
			b.untilOpen(l.URL)
		}
		var got []string
		for _, tab := range b.receivedTabs() {
			if tab.Sender != "Tabferry here" {
				t.Errorf("Firefox names %q as the sender", tab.Sender)
			}
			got = append(got, tab.Title)
		}
		if want := []string{"Plain", "Überfahrt — 世界 🛳", "Nine kilobytes"}; !slices.Equal(got, want) {
			t.Errorf("Firefox received %q, want %q", got, want)
		}
		f.untilSent(localapi.SendAlerted)
	})

	t.Run("Firefox to Tabferry", func(t *testing.T) {
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

	t.Run("close tabs, both ways", func(t *testing.T) {
		before := len(f.untilReceived(0))
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
		b.sendClose(here.ID, "https://example.org/1", "https://example.org/2")
		got := f.untilReceived(before + 1)
		last := got[len(got)-1]
		if last.Kind != localapi.KindClose || !slices.Equal(last.URLs, []string{"https://example.org/1", "https://example.org/2"}) {
			t.Errorf("the close request arrived as %s", compact(last))
		}
	})

	t.Run("rename, both ways", func(t *testing.T) {
		if err := f.RenameDevice(t.Context(), "Tabferry – Küche"); err != nil {
			t.Fatal(err)
		}
		b.untilDevice("Tabferry – Küche")
		b.rename("Firefox im Flur")
		if err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.untilDevice("Firefox im Flur")
	})
}

// TestPeerFirefoxWithoutPush: what cannot be pushed is fetched; an endpoint that has died heals.
func TestPeerFirefoxWithoutPush(t *testing.T) {
	s, _, b, f := pair(t)
	there := f.untilDevice("Firefox there")
	here := b.untilDevice("Tabferry here")

	t.Run("Firefox polls", func(t *testing.T) {
		s.Push().AnswerEndpoints(503)
		defer s.Push().AnswerEndpoints(0)
		f.send(there.ID, localapi.Link{URL: page(s, "polled"), Title: "Polled"})
		f.untilState("done sending without an alert", func(n localapi.Snapshot) bool {
			return n.Outbox.Waiting == 0 && n.Outbox.Recent[0].State != localapi.SendAlerted
		})
		b.poll()
		b.untilOpen(page(s, "polled"))
	})

	t.Run("Tabferry's dead endpoint heals", func(t *testing.T) {
		s.Push().ForgetUserAgents()
		s.Push().Cut()
		b.send(here.ID, "https://example.org/while-dead", "While the endpoint is dead")
		got := f.untilReceived(1)
		if got[0].URL != "https://example.org/while-dead" {
			t.Errorf("Tabferry received %s", compact(got[0]))
		}
		f.untilState("connected again", func(n localapi.Snapshot) bool { return n.Connection.Push.Connected })
		b.send(here.ID, "https://example.org/after", "After")
		f.untilReceived(2)
	})

	t.Run("Firefox's dead endpoint heals", func(t *testing.T) {
		old := b.pushEndpoint()
		s.Push().EndSubscription(old)
		f.send(there.ID, localapi.Link{URL: page(s, "dead"), Title: "To a dead endpoint"})
		f.untilState("told that the device cannot be alerted", func(n localapi.Snapshot) bool {
			return n.Outbox.Recent[0].State == localapi.SendPushOff
		})
		b.devices() // Firefox sees the mark on its own row, subscribes anew and polls
		b.untilOpen(page(s, "dead"))
		until(t, "Firefox has a new endpoint", func() (bool, string) {
			now := b.pushEndpoint()
			return now != "" && now != old, "it is the old one, or none"
		})
		f.send(there.ID, localapi.Link{URL: page(s, "healed"), Title: "Healed"})
		b.untilOpen(page(s, "healed"))
	})
}

// TestPeerFirefoxSignedOut: what ends one side's sign-in is noticed by it, and by the other.
func TestPeerFirefoxSignedOut(t *testing.T) {
	t.Run("revoked elsewhere", func(t *testing.T) {
		_, a, b, f := pair(t)
		f.untilDevice("Firefox there")
		a.ChangePassword()
		f.untilState("asking to sign in again", func(s localapi.Snapshot) bool { return s.Account.State == localapi.NeedsSignIn })
		until(t, "Firefox asks to sign in again", func() (bool, string) {
			var has bool
			b.into(&has, `done(await fxAccounts.hasLocalSession())`)
			return !has, "it still has a session"
		})
		f.signIn()
	})
	t.Run("disconnected from Firefox", func(t *testing.T) {
		_, a, b, f := pair(t)
		here := b.untilDevice("Tabferry here")
		if !a.DeleteDevice(here.ID) {
			t.Fatal("the service does not know the device")
		}
		f.untilState("signed out", func(s localapi.Snapshot) bool {
			return s.Account.State == localapi.SignedOut || s.Account.State == localapi.NeedsSignIn
		})
	})
	t.Run("disconnected from Tabferry", func(t *testing.T) {
		_, _, b, f := pair(t)
		there := f.untilDevice("Firefox there")
		if err := f.DisconnectDevice(t.Context(), there.ID); err != nil {
			t.Fatal(err)
		}
		until(t, "Firefox is signed out", func() (bool, string) { return b.signedInAs() == "", "it is still signed in" })
		f.untilState("without the device", func(s localapi.Snapshot) bool {
			return !slices.ContainsFunc(s.Devices.Items, func(d localapi.Device) bool { return d.ID == there.ID })
		})
	})
}

// TestPeerFirefoxSignInPage: a person signs in to Firefox on the service's own page.
func TestPeerFirefoxSignInPage(t *testing.T) {
	s := accounttest.New(t)
	a := s.NewAccount("erika@example.org", "secret words").OneClick()
	f := newFerry(t, s, a, "Tabferry here")
	f.signIn()
	b := newBrowser(t, s, a)
	b.signInByPage("Firefox by page")
	time.Sleep(8*time.Second)
	for _, r := range s.Requests() { t.Log(r.Route, r.Path, r.Status, string(r.Body)[:min(300,len(r.Body))], r.Header.Get("User-Agent")) }
	there := f.untilDevice("Firefox by page")
	f.send(there.ID, localapi.Link{URL: page(s, "hello"), Title: "Hello"})
	b.untilOpen(page(s, "hello"))
}
