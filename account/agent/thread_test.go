package agent_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// The whole way: two installations sign in, see each other, one sends, the other receives.
func TestSendAndReceive(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	entry := desk.send(to, "https://www.example.com/a?b=c#d", "A page\u202e with a title")
	if entry.State != localapi.SendWaiting || entry.To != "Laptop" || entry.Host != "www.example.com" {
		t.Errorf("queued as %+v", entry)
	}
	entry = desk.awaitSent(entry.ID, localapi.SendAlerted, localapi.SendAccepted, localapi.SendPushOff, localapi.SendFailed)
	if entry.State != localapi.SendAlerted || entry.MayBeTwice {
		t.Errorf("sent as %+v", entry)
	}
	snap := lap.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total > 0 })
	got := snap.Inbox.Recent[0]
	if got.URL != "https://www.example.com/a?b=c#d" || got.Title != "A page with a title" || got.From != "Desk" ||
		got.Host != "www.example.com" || !got.CanOpen || got.Kind != localapi.KindTab || got.Read || snap.Inbox.Unread != 1 {
		t.Errorf("received %+v", got)
	}
	// The device sent to comes first from now on.
	if first := desk.snapshot().Devices.Items[0]; first.ID != to.ID || first.LastSentTo.IsZero() {
		t.Errorf("the first device is %+v", first)
	}
	for _, s := range []*station{desk, lap} {
		for _, secret := range []string{"example.com/a?b", "b=c", "someone@example.com"} {
			if strings.Contains(s.log.text(), secret) {
				t.Errorf("the log of %s holds %q", s.params.DeviceName, secret)
			}
		}
	}
}

// A refusal on the sign-in page ends the sign-in, and the browser is told.
func TestLoopbackRefused(t *testing.T) {
	w := newWorld(t)
	redirect := "http://" + freePort(t) + "/signin"
	s := w.station("Desk", func(p *agent.Params) { p.Service.RedirectURI = redirect }).run()
	page, err := s.face.BeginSignIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: transport(t)}
	response, err := browser.Get(redirect + "?error=access_denied&state=" + url.QueryEscape(address.Query().Get("state")))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), "refused") {
		t.Errorf("the page is %s, %v", body, err)
	}
	if snap := s.snapshot(); snap.Account.State != localapi.SignedOut || snap.SignIn != nil {
		t.Errorf("after it: %+v", snap.Account)
	}
	w.eventually("the port to be closed", func() bool {
		again, err := browser.Get(redirect)
		return err != nil || again.Body.Close() != nil
	})
}

func TestSignInByLoopback(t *testing.T) {
	w := newWorld(t)
	redirect := "http://" + freePort(t) + "/signin"
	s := w.station("Desk", func(p *agent.Params) { p.Service.RedirectURI = redirect }).run()
	page, err := s.face.BeginSignIn(t.Context(), "someone@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if !page.Loopback || !strings.Contains(page.URL, "email=someone%40example.com") || page.RedirectPrefix != redirect {
		t.Errorf("the page is %+v", page)
	}
	if snap := s.snapshot(); snap.Account.State != localapi.SigningIn || snap.SignIn == nil {
		t.Errorf("while signing in: %s", describe(snap))
	}
	browser := &http.Client{Transport: transport(t)}
	get := func(address string) (int, string) {
		t.Helper()
		response, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	if status, _ := get(strings.Replace(redirect, "/signin", "/favicon.ico", 1)); status != http.StatusNotFound {
		t.Errorf("another path gives %d", status)
	}
	if status, _ := get(redirect + "?code=" + strings.Repeat("0", 64) + "&state=not-ours"); status != http.StatusBadRequest {
		t.Errorf("a foreign answer gives %d", status)
	}
	address, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	own := "&state=" + url.QueryEscape(address.Query().Get("state"))
	for _, made := range []string{"?error=x", "?error=x&state=not-ours", "?code=" + strings.Repeat("0", 64) + own} {
		if status, body := get(redirect + made); status != http.StatusBadRequest || !strings.Contains(body, "did not work") {
			t.Errorf("%s gives %d, %.60q", made, status, body)
		}
	}
	// A page elsewhere whose name was made to lead to this machine gets nothing.
	rebound, err := http.NewRequest(http.MethodGet, redirect+"?code=x&state=y", nil)
	if err != nil {
		t.Fatal(err)
	}
	rebound.Host = "evil.example"
	if response, err := browser.Do(rebound); err != nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("another host name: %v, %v", response, err)
	} else if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	held, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(redirect, "http://"), "/signin"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := io.WriteString(held, "GET /sig"); err != nil { // and no more
		t.Fatal(err)
	}
	final, err := w.svc.Approve(page.URL, w.acct)
	if err != nil {
		t.Fatal(err)
	}
	status, body := get(final)
	if status != http.StatusOK || !strings.Contains(body, "You can close this page") {
		t.Errorf("the browser sees %d: %s", status, body)
	}
	snap := s.await("being signed in", settled)
	if snap.SignIn != nil || snap.Account.Email != "someone@example.com" || snap.Account.UID != w.acct.UID() || !snap.Account.HasSession {
		t.Errorf("signed in as %s", describe(snap))
	}
}

// An agent that ends does not wait for a browser that keeps its connection. One that does, does so each time;
// a busy machine is slow once.
func TestEndBeforeTheBrowser(t *testing.T) {
	w := newWorld(t)
	least := time.Hour
	for round := 0; round < 5 && least > time.Second; round++ {
		redirect := "http://" + freePort(t) + "/signin"
		s := w.station(fmt.Sprint("Desk", round), func(p *agent.Params) { p.Service.RedirectURI = redirect }).run()
		page, err := s.face.BeginSignIn(t.Context(), "someone@example.com")
		if err != nil {
			t.Fatal(err)
		}
		held, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(redirect, "http://"), "/signin"))
		if err != nil {
			t.Fatal(err)
		}
		defer held.Close()
		if _, err := io.WriteString(held, "GET /sig"); err != nil { // and no more
			t.Fatal(err)
		}
		final, err := w.svc.Approve(page.URL, w.acct)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := (&http.Client{Transport: transport(t)}).Get(final)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		s.await("being signed in", settled)
		begun := time.Now()
		s.end()
		least = min(least, time.Since(begun))
	}
	if least > time.Second {
		t.Errorf("the end waits %v", least)
	}
}
