//go:build desktop && linux

package desktop_test

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// TestKeepingIsDecidedBeforeTheBrowserOpens: on a desktop without a keyring nobody is led to the browser as
// long as it is open how the sign-in is kept, neither by the window nor by the command line. Then the page
// opens, its end stands at an address without the code, and the window comes to the front on Send.
func TestKeepingIsDecidedBeforeTheBrowserOpens(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Keyring: box.KeyringAbsent})
	app.Everyday = true
	h := &household{t, app, accounttest.New(t)}
	anna := h.svc.NewAccount("anna@example.com", "a password of hers")
	h.start()
	settings := h.until("settings", func(snapshot) bool { return true }).Settings
	settings.Server, settings.PushServer, settings.PairingServer = h.svc.URL(), h.svc.PushURL(), h.svc.PairingURL()
	settings.RedirectURI = "http://" + freeAddress(t) + "/signin"
	if err := app.Client().SetSettings(within(t, box.Patience), settings); err != nil {
		t.Fatal(err)
	}
	if r := command(t, app, 3, "signin"); !strings.Contains(r.Err, "--keep memory") {
		t.Errorf("the command line says %q", r.Err)
	}
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	w.untilText("keep your sign-in")
	if links, err := app.OpenedLinks(); err != nil || len(links) != 0 {
		t.Fatalf("opened before it is decided how to keep: %q, %v", links, err)
	}
	if err := app.Client().Protect(within(t, box.Patience), localapi.MemoryOnly, ""); err != nil {
		t.Fatal(err)
	}
	w.untilText("Sign in with your browser")
	for range 4 { // past the rail to the e-mail field, where Return begins the sign-in
		w.keys("Tab")
	}
	w.keys("Return")
	page, err := app.UntilOpened(within(t, box.Patience), func(link string) bool { return strings.Contains(link, "/authorization") })
	if err != nil {
		t.Fatal(err)
	}
	browser := app.Box.Command("xev", "-geometry", "1200x700+0+0") // in its place
	if err := browser.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = browser.Process.Kill() // it may have ended
		_ = browser.Wait()         // by being killed
	})
	w.xdotool("search", "--sync", "--onlyvisible", "--name", "Event Tester", "windowactivate", "--sync")
	back, err := h.svc.Approve(page, anna)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(back) // #nosec G107 -- on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Request.URL.RawQuery != "" || !strings.Contains(string(text), "go back to Tabferry") {
		t.Errorf("the browser ends at %s with %s: %s, %v", response.Request.URL, response.Status, text, err)
	}
	h.until("the sign-in", func(s snapshot) bool { return s.Account.State == localapi.SignedIn })
	for deadline := time.Now().Add(box.Patience); ; time.Sleep(50 * time.Millisecond) {
		active, err := w.output("xdotool", "getactivewindow", "getwindowname")
		if err == nil && strings.HasPrefix(active, "Tabferry") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the window in front is %q, %v", active, err)
		}
	}
	w.untilText("Send tabs")
	if links, err := app.OpenedLinks(); err != nil || slices.IndexFunc(links, func(link string) bool { return link == page }) != 0 || len(links) != 1 {
		t.Errorf("opened %q, %v", links, err)
	}
}

// freeAddress is one of this machine that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
