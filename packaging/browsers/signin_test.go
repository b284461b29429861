//go:build peers && linux

package browsers_test

import (
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// finishesSignIn: the sign-in ends on a page that does not come back to this machine. The browser hands its
// address over and gives the permission back.
func (s *station) finishesSignIn() {
	if s.browser.Name() == "chromium" {
		return // it asks for the site in a window that no test reaches; the code is the same
	}
	ctx := s.within()
	agent := s.app.Client()
	if err := agent.SignOut(ctx, false); err != nil {
		s.t.Fatal(err)
	}
	signedOut, err := s.app.Until(ctx, "a sign-out", func(n localapi.Snapshot) bool { return n.Account.State == localapi.SignedOut })
	if err != nil {
		s.t.Fatal(err)
	}
	settings := signedOut.Settings
	settings.RedirectURI = "https://accounts.firefox.com/oauth/success/3c49430b43dfba77"
	if err := agent.SetSettings(ctx, settings); err != nil {
		s.t.Fatal(err)
	}
	begun, err := agent.BeginSignIn(ctx, "")
	if err != nil {
		s.t.Fatal(err)
	}
	if begun.Loopback || !strings.HasPrefix(begun.RedirectPrefix, settings.RedirectURI) {
		s.t.Fatalf("the sign-in comes back by itself: loopback %v", begun.Loopback)
	}
	popup := s.page("popup.html")
	popup.untilShows("#notice button", "Finish it from here")
	popup.picture("signing-in", 360)
	popup.click("#notice button")
	popup.untilShows("#notice button", "Allow for accounts.firefox.com")
	popup.picture("signing-in-ask", 360)
	origins := `return (await api.permissions.getAll()).origins.length === args[0]`
	popup.untilTrue("no site may be read", origins, 0)
	popup.click("#notice button")
	popup.untilTrue("one site may be read", origins, 1)

	// The demo service ends the sign-in on a page of its own; Mozilla's server leads to the redirect.
	account := s.open(begun.URL)
	account.click("button[type=submit]")
	var query string
	account.untilTrue("the page's last step is there", `return location.search.includes("code=")`)
	account.run(&query, `return location.search`)
	account.close()
	popup.run(nil, `await api.tabs.create({url: args[0]})`, settings.RedirectURI+query)
	if _, err := s.app.Until(ctx, "a sign-in", func(n localapi.Snapshot) bool { return n.Account.State == localapi.SignedIn }); err != nil {
		s.t.Fatal(err)
	}
	popup.untilTrue("no site may be read any more", origins, 0)
	popup.untilShows("#devices", "Demo phone")
	popup.close()
}
