package agent_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// browser is a person's browser after the sign-in: it follows where it is led.
type browser struct {
	t      *testing.T
	client *http.Client
}

// page is what the browser shows in the end.
type page struct {
	status  int
	address *url.URL
	header  http.Header
	text    string
	bare    bool // each answer on the way said that nothing of it may be kept or told
}

func (b browser) get(address string) page {
	b.t.Helper()
	kept := true
	client := *b.client
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		kept = kept && r.Response.Header.Get("Cache-Control") == "no-store" && r.Response.Header.Get("Referrer-Policy") == "no-referrer"
		return nil
	}
	response, err := client.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{response.StatusCode, response.Request.URL, response.Header, string(body), kept}
}

// check looks at what every page after a sign-in has to have, and at what this one says.
func (p page) check(t *testing.T, status int, language string, says ...string) {
	t.Helper()
	if p.address.RawQuery != "" || !p.bare || strings.Contains(p.text, "state=") || strings.Contains(p.text, "code=") {
		t.Errorf("what the browser came with is still to be seen: %s", p.address)
	}
	policy := p.header.Get("Content-Security-Policy")
	if p.header.Get("Referrer-Policy") != "no-referrer" || p.header.Get("Cache-Control") != "no-store" ||
		!strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
		t.Errorf("the headers are %v", p.header)
	}
	for _, foreign := range []string{"<script", "<link", "<img", "@import", "url(", "http://", "https://", " style="} {
		if strings.Contains(p.text, foreign) {
			t.Errorf("the page holds %q", foreign)
		}
	}
	if p.status != status || !strings.Contains(p.text, `<html lang="`+language+`">`) || !strings.Contains(p.text, ` dir="auto">`) || !strings.Contains(p.text, "prefers-color-scheme: dark") {
		t.Errorf("the page is %d in another language than %s: %s", p.status, language, p.text)
	}
	for _, text := range says {
		if !strings.Contains(p.text, text) {
			t.Errorf("the page does not say %q: %s", text, p.text)
		}
	}
}

// TestPageAfterSignIn: the browser shows how the sign-in went, in the person's language, with what to do
// next, at an address that holds nothing of the sign-in.
func TestPageAfterSignIn(t *testing.T) {
	for language, says := range map[string]struct{ done, next, failed, refused, other, again, offline, reload string }{
		"en": {
			"You are signed in", "close this page and go back to Tabferry", "The sign-in did not work", "refused on the page", "belongs to another sign-in",
			"Go back to Tabferry to try again", "cannot be reached", "Load this page again",
		},
		"de": {
			"Du bist angemeldet", "diese Seite schließen und zu Tabferry zurückkehren", "Die Anmeldung hat nicht geklappt", "auf der Seite abgelehnt",
			"gehört zu einer anderen Anmeldung", "in Tabferry noch einmal", "nicht erreichbar", "Lade diese Seite neu",
		},
		"fr": {
			"Vous êtes connecté", "fermer cette page et revenir à Tabferry", "La connexion n’a pas abouti", "refusée sur la page", "à une autre connexion",
			"Revenez à Tabferry pour réessayer", "injoignable", "Rechargez cette page",
		},
	} {
		t.Run(language, func(t *testing.T) {
			w := newWorld(t)
			words := i18n.New(language)
			redirect := "http://" + freePort(t) + "/signin"
			s := w.station("Desk", func(p *agent.Params) {
				p.Service.RedirectURI = redirect
				p.Say = func(_ string, s localapi.Sentence) (text, tag string) {
					return words.Say(s.Text, s.Said.Key, s.Said.Args), words.Language()
				}
			}).run()
			b := browser{t, &http.Client{Transport: transport(t)}}
			begin := func() (address, state string) {
				t.Helper()
				page, err := s.face.BeginSignIn(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				u, err := url.Parse(page.URL)
				if err != nil {
					t.Fatal(err)
				}
				return page.URL, u.Query().Get("state")
			}

			_, state := begin()
			b.get(redirect+"?error=access_denied&state="+url.QueryEscape(state)).check(t, http.StatusBadRequest, language, says.failed, says.refused, says.again)

			address, _ := begin()
			b.get(redirect).check(t, http.StatusBadRequest, language, says.failed, says.again)
			b.get(redirect+"?code="+strings.Repeat("0", 64)+"&state=not-ours").check(t, http.StatusBadRequest, language, says.failed, says.other, says.again)
			final, err := w.svc.Approve(address, w.acct)
			if err != nil {
				t.Fatal(err)
			}
			w.svc.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
			b.get(final).check(t, http.StatusBadRequest, language, says.failed, says.offline, says.reload)
			w.svc.Faults.Clear()
			b.get(redirect).check(t, http.StatusOK, language, says.done, says.next)
			s.await("being signed in", settled)
		})
	}
}
