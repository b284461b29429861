package demo_test

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/demo"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/account/pairing"
)

const patience = 20 * time.Second

// running is a demo for one test.
type running struct {
	params demo.Params
	client *door.Client
	ended  chan error
}

// start runs a demo in a folder and waits until it answers.
func start(t *testing.T, dir string, edit ...func(*demo.Params)) *running {
	t.Helper()
	r := &running{params: demo.Params{
		File: filepath.Join(dir, "data", "demo.json"), Socket: filepath.Join(dir, "run", "demo.sock"),
	}, ended: make(chan error, 1)}
	for _, e := range edit {
		e(&r.params)
	}
	r.client = door.Dial(r.params.Socket)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- demo.Serve(ctx, r.params)
	}()
	t.Cleanup(func() { cancel(); <-done })
	eventually(t, "the demo to answer", func() bool {
		report, err := r.client.Report(t.Context())
		return err == nil && len(report.Devices) == 2
	})
	return r
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (r *running) report(t *testing.T) door.Report {
	t.Helper()
	report, err := r.client.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// guest is a program that uses the demo: the bare account client.
func (r *running) guest(t *testing.T) *account.Account {
	t.Helper()
	c, err := door.ReadConfig(r.params.File)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	acct, err := account.New(account.Config{Server: account.CustomServer(c.Server), ClientID: c.ClientID, RedirectURI: c.RedirectURI},
		account.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acct.ProcessEvent(t.Context(), account.EventInitialize{Device: account.DeviceConfig{
		Name: "Guest", Type: account.DeviceDesktop, Capabilities: []account.Capability{account.CapabilitySendTab},
	}}); err != nil {
		t.Fatal(err)
	}
	return acct
}

// signIn signs a guest in as a person would: one click on the page, and back by the redirect.
func (r *running) signIn(t *testing.T, acct *account.Account) {
	t.Helper()
	state, err := acct.ProcessEvent(t.Context(), account.EventBeginOAuth{
		Scopes: []string{account.ScopeProfile, account.ScopeOldSync, account.ScopeSession}, Entrypoint: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	back := oneClick(t, state.OAuthURL)
	if _, err := acct.ProcessEvent(t.Context(), account.EventCompleteOAuth{Code: back.Get("code"), State: back.Get("state")}); err != nil {
		t.Fatal(err)
	}
}

// oneClick presses the page's button for the demo account and gives what the redirect carries.
func oneClick(t *testing.T, page string) url.Values {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	browser := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 64<<10)
	n, _ := readFull(response, body)
	for _, words := range []string{"Sign in to continue to Tabferry", "The key that your tabs are sealed with"} {
		if !strings.Contains(string(body[:n]), words) {
			t.Errorf("the page does not say %q: %s", words, body[:n])
		}
	}
	hidden := func(name string) string {
		_, after, ok := strings.Cut(string(body[:n]), `name="`+name+`" value="`)
		if !ok {
			t.Fatalf("the page has no button for the account: %s", body[:n])
		}
		value, _, _ := strings.Cut(after, `"`)
		return html.UnescapeString(value)
	}
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	response, err = browser.PostForm(u.Scheme+"://"+u.Host+"/authorization", url.Values{"uid": {hidden("uid")}, "query": {hidden("query")}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil {
		n, _ := readFull(response, body)
		t.Fatalf("the page leads nowhere: %v, %s", err, body[:n])
	}
	return to.Query()
}

func readFull(r *http.Response, body []byte) (n int, err error) {
	defer r.Body.Close()
	for n < len(body) && err == nil {
		var m int
		m, err = r.Body.Read(body[n:])
		n += m
	}
	return n, err
}

func TestDevicesReceiveAndSend(t *testing.T) {
	r := start(t, t.TempDir())
	acct := r.guest(t)
	if err := r.client.SendMe(t.Context(), "https://example.com/early"); err == nil {
		t.Error("a tab was sent to nobody")
	}
	if left := r.report(t).LiveTokens; len(left) != 0 {
		t.Errorf("before anybody signed in the report shows %d tokens", len(left))
	}
	r.signIn(t, acct)
	if live := r.report(t).LiveTokens; len(live) == 0 {
		t.Error("the report does not show the guest's tokens")
	}
	devices, err := acct.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const sent = "https://example.com/a?b=%20c&d=<>#e"
	for _, d := range devices {
		if d.IsCurrentDevice {
			continue
		}
		delivery, err := acct.SendTab(t.Context(), d.ID, "For "+d.DisplayName, sent, account.Private())
		if err != nil || !delivery.Notified {
			t.Errorf("%s: %+v, %v", d.DisplayName, delivery, err)
		}
		if _, err := acct.CloseTabs(t.Context(), d.ID, []string{sent}); err != nil {
			t.Errorf("%s: %v", d.DisplayName, err)
		}
	}
	eventually(t, "both devices to report two things", func() bool { return len(r.report(t).Received) == 4 })
	for _, device := range []string{"Demo phone", "Demo tablet"} {
		received := r.report(t).Received
		if !slices.ContainsFunc(received, func(x door.Received) bool {
			return x.Device == device && x.Kind == "tab" && x.URL == sent && x.Title == "For "+device && x.Private && x.From == "Guest"
		}) || !slices.ContainsFunc(received, func(x door.Received) bool {
			return x.Device == device && x.Kind == "close" && slices.Equal(x.URLs, []string{sent})
		}) {
			t.Errorf("%s reports %+v", device, received)
		}
	}
	if err := r.client.SendMe(t.Context(), "https://example.com/from-the-phone"); err != nil {
		t.Fatal(err)
	}
	commands, err := acct.PollCommands(t.Context())
	if err != nil || len(commands) != 1 {
		t.Fatalf("the guest gets %d commands, %v", len(commands), err)
	}
	tab, ok := commands[0].(*account.TabReceived)
	if !ok || tab.Sender == nil || tab.Sender.DisplayName != "Demo phone" || tab.Payload.Entries[0].URL != "https://example.com/from-the-phone" {
		t.Errorf("the guest gets %+v", commands[0])
	}
	if err := acct.Disconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := r.report(t).LiveTokens; len(left) != 0 {
		t.Errorf("after the guest left the service still knows %+v", left)
	}
}

func TestPhoneTalksByItself(t *testing.T) {
	r := start(t, t.TempDir(), func(p *demo.Params) { p.Chatter = 20 * time.Millisecond })
	acct := r.guest(t)
	r.signIn(t, acct)
	eventually(t, "a tab from the phone", func() bool {
		commands, err := acct.PollCommands(t.Context())
		return err == nil && len(commands) > 0
	})
}

// A second start of the demo finds the first; after a stop the next one is at the same address, and
// an account that was signed in there may sign in again.
func TestOneDemoAtATime(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir)
	if err := demo.Serve(t.Context(), r.params); !errors.Is(err, demo.ErrRunning) {
		t.Errorf("a second demo says %v", err)
	}
	first, err := door.ReadConfig(r.params.File)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(r.params.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the configuration has mode %v, %v", info.Mode(), err)
	}
	uid := func(r *running) string {
		acct := r.guest(t)
		r.signIn(t, acct)
		p, err := acct.Profile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p.UID
	}
	was := uid(r)
	if err := r.client.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	r.ended <- nil
	if err := r.client.Stop(t.Context()); !errors.Is(err, door.ErrNotRunning) {
		t.Errorf("stopping again says %v", err)
	}
	r = start(t, dir)
	second, err := door.ReadConfig(r.params.File)
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Errorf("the demo moved from %+v to %+v", first, second)
	}
	if is := uid(r); is != was {
		t.Errorf("the account's id was %s and is %s", was, is)
	}
}

// The guest shows a pairing code; the demo phone scans it, confirms, and lives on as a device.
func TestPhoneScans(t *testing.T) {
	r := start(t, t.TempDir())
	if err := r.client.Scan(t.Context(), "https://example.com/pair#channel_id=x"); err == nil {
		t.Error("a wrong code was scanned")
	}
	acct := r.guest(t)
	r.signIn(t, acct)
	config := r.report(t).Config
	states := make(chan pairing.State, 20)
	shown, err := pairing.NewAuthority(pairing.AuthorityParams{
		Server: config.Server, Relay: pairing.Relay{URL: config.PairingServer}, Granter: granter{acct},
		Metadata: pairing.Metadata{Email: demo.Email, DeviceName: "Guest"},
		Changed:  func(s pairing.Status) { states <- s.State },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- shown.Run(t.Context()) }()
	await := func(want pairing.State) {
		t.Helper()
		for s := range states {
			if s == want {
				return
			}
			if s.Ended() {
				t.Fatalf("the pairing ended %s: %v", s, shown.Status().Err)
			}
		}
	}
	await(pairing.Showing)
	code, ok := shown.Code()
	if !ok {
		t.Fatal("no code is shown")
	}
	if err := r.client.Scan(t.Context(), code.Address()); err != nil {
		t.Fatal(err)
	}
	await(pairing.Asked)
	if peer := shown.Status().Peer; peer == nil || peer.System != "Firefox on Android" || peer.Application != "Firefox for Android" {
		t.Errorf("the phone shows itself as %+v", peer)
	}
	if err := shown.Confirm(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	eventually(t, "the paired phone among the devices", func() bool {
		return slices.Contains(r.report(t).Devices, "Paired phone")
	})
	devices, err := acct.Devices(t.Context(), account.Fresh())
	if err != nil || !slices.ContainsFunc(devices, func(d account.Device) bool { return d.DisplayName == "Paired phone" }) {
		t.Errorf("the account has the devices %+v, %v", devices, err)
	}
}

type granter struct{ acct *account.Account }

func (g granter) Grant(ctx context.Context, r pairing.Request) (pairing.Grant, error) {
	code, err := g.acct.AuthorizeCode(ctx, account.AuthorizationParams{
		ClientID: r.ClientID, Scopes: r.Scopes(), State: r.State, AccessType: "offline",
		CodeChallenge: r.CodeChallenge, CodeChallengeMethod: r.CodeChallengeMethod, KeysJWK: r.KeysJWK,
	})
	return pairing.Grant{Code: code}, err
}
