package signin

import (
	"context"
	"errors"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

func TestRedirects(t *testing.T) {
	for redirect, want := range map[string]bool{
		"http://127.0.0.1:8080/x": true, "http://localhost:1/": true, "http://[::1]:99/a": true, "http://127.9.9.9:1": true,
		"http://127.0.0.1/x": false, "https://127.0.0.1:8080/x": false, "http://example.com:80/": false, "http://10.0.0.1:80/": false,
		"urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel": false, "": false, "http://localhost.evil.example:1/": false,
	} {
		u, err := url.Parse(redirect)
		if got := err == nil && toThisMachine(u); got != want {
			t.Errorf("%q: %v", redirect, got)
		}
	}
}

// slow is an account whose sign-in page nobody comes back from in time.
type slow struct {
	Account
	kind account.StateKind
}

func (a *slow) State() account.State {
	return account.State{Kind: a.kind, OAuthURL: "https://accounts.example/?state=s"}
}

func (*slow) AuthState() account.AuthState { return account.AuthStateDisconnected }

func (*slow) CurrentDeviceID() (string, error) { return "", account.ErrNoDevice }

func (*slow) SessionToken() (string, error)                             { return "", account.ErrNoSessionToken }
func (*slow) DevicesAvailable() bool                                    { return true }
func (*slow) CachedProfile() (p account.Profile, at time.Time, ok bool) { return p, at, false }

func (a *slow) ProcessEvent(_ context.Context, e account.Event) (account.State, error) {
	switch e.(type) {
	case account.EventBeginOAuth:
		a.kind = account.Authenticating
	case account.EventCancelOAuth:
		a.kind = account.Disconnected
	default:
		return a.State(), errors.New("the code was asked for too late")
	}
	return a.State(), nil
}

// Whoever comes back when the time of the page is over is told so, and later nobody listens any more.
func TestTooLate(t *testing.T) {
	redirect := "http://127.0.0.1:" + freePort(t) + "/signin"
	s := New(Params{
		Account: &slow{kind: account.Disconnected}, Board: board.New(kit.System(), localapi.Snapshot{}), Clock: kit.System(), Logger: slog.New(slog.DiscardHandler),
		RedirectURI: redirect, Interrupt: func() {}, Prepare: func(context.Context) {}, Keep: func(context.Context) {}, Changed: func(_, _ localapi.AccountState) {},
		Say: func(_ string, s localapi.Sentence) (text, tag string) { return s.Text, "en" },
	})
	if _, err := s.Begin(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	defer s.End()
	browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s.expire(t.Context(), s.run)
	response, err := browser.Get(redirect + "?code=c&state=s")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(text), tooLate.Text) || !strings.Contains(string(text), failedHint.Text) || response.Request.URL.RawQuery != "" {
		t.Errorf("the page at %s is %s, %v", response.Request.URL, text, err)
	}
	s.expire(t.Context(), s.run)
	if again, err := browser.Get(redirect); err == nil {
		t.Errorf("somebody still listens: %v, %v", again.Status, again.Body.Close())
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// What is said stays text on the page, whatever stands in it.
func TestThePageHoldsTexts(t *testing.T) {
	hostile := `<b> "&' {{.Style}}{{.Title}}`
	page := fillPage(true, hostile, hostile, hostile, hostile)
	if escaped := html.EscapeString(hostile); strings.Count(page, escaped) != 5 || strings.Contains(page, hostile) {
		t.Errorf("the page is %s", page)
	}
	if left := strings.ReplaceAll(page, html.EscapeString(hostile), ""); strings.Contains(left, "{{") || !strings.Contains(left, pageStyle) || !strings.Contains(left, `class="failed"`) {
		t.Errorf("the page is %s", left)
	}
}
