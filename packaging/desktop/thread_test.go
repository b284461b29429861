//go:build desktop && linux

package desktop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/ui/desktop"
)

type (
	snapshot   = localapi.Snapshot
	demoReport = door.Report
)

// TestSignInShowsAccountAndDevices: the window opens, its sign-in button opens the real page, the
// page's one-click button comes back by the loopback redirect, and the window shows the account.
func TestSignInShowsAccountAndDevices(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	w.untilText("Sign in")
	for range 4 { // past the rail to the e-mail field, where Return begins the sign-in
		w.keys("Tab")
	}
	w.keys("Return")
	page, err := app.UntilOpened(within(t, box.Patience), func(link string) bool { return strings.Contains(link, "/authorization") })
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Continue(within(t, box.Patience), page); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "the account", func(s snapshot) bool {
		return s.Account.Email == "demo@example.com" && len(s.Devices.Items) >= 3
	}); err != nil {
		t.Fatal(err)
	}
	w.keys("alt+3")
	w.untilText("Demo phone")
	w.untilText("Demo tablet")
	w.keys("alt+5")
	w.untilText("demo@example.com")

	// A second start raises the first window instead of opening another; closing it leaves the agent.
	command(t, app, 0, "window")
	if n := w.count(); n != 1 {
		t.Errorf("%d windows after a second start, want 1", n)
	}
	w.close()
	w.untilGone()
	if _, err := app.Client().Snapshot(t.Context()); err != nil {
		t.Errorf("the agent went with its window: %v", err)
	}

	// Quit ends both.
	command(t, app, 0, "window")
	w = untilWindow(t, app)
	if err := app.Client().Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.untilGone()
	untilAgentGone(t, app)
}

// TestTrayTwoClicks: icon, device; the copied link arrives with exactly its address.
func TestTrayTwoClicks(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	signedIn(t, app)
	tray, err := app.Box.Tray(within(t, box.Patience))
	if err != nil {
		t.Fatal(err)
	}
	defer tray.Close()
	const link = "https://example.org/copied?x=1&y=%20z#part"
	copyText(t, app, link)
	_, err = tray.Until(within(t, box.Patience), "line with the copied link", func(i box.MenuItem) bool {
		return strings.Contains(i.Label, "example.org")
	})
	if err != nil {
		t.Fatal(err)
	}
	phone, err := tray.Until(within(t, box.Patience), "Demo phone", func(i box.MenuItem) bool {
		return strings.Contains(i.Label, "Demo phone") && i.Enabled
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tray.Click(phone); err != nil {
		t.Fatal(err)
	}
	untilReceived(t, app, "Demo phone", link)
	if _, err := app.Until(within(t, box.Patience), "the honest state of the sent tab", func(s snapshot) bool {
		return len(s.Outbox.Recent) == 1 && s.Outbox.Recent[0].State == localapi.SendAlerted
	}); err != nil {
		t.Fatal(err)
	}

	// Quit in the menu ends the agent.
	quit, err := tray.Until(within(t, box.Patience), "Quit", func(i box.MenuItem) bool { return i.Label == "Quit" })
	if err != nil {
		t.Fatal(err)
	}
	// Who quits may be gone before the click is answered.
	var refused dbus.Error
	if err := tray.Click(quit); err != nil && (!errors.As(err, &refused) || refused.Name != "org.freedesktop.DBus.Error.NoReply") {
		t.Fatal(err)
	}
	untilAgentGone(t, app)
}

// TestReceivedTabIsNotifiedAndOpened: a notification within two seconds, its Open action opens
// exactly the link, and the inbox holds it once.
func TestReceivedTabIsNotifiedAndOpened(t *testing.T) {
	app := newApp(t, box.Params{})
	signedIn(t, app)
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	var links []string // newest first
	var n box.Notification
	atMost(t, "the notification took", 2*time.Second, func() time.Duration {
		if err := app.Box.Command("dunstctl", "close-all").Run(); err != nil {
			t.Fatal(err)
		}
		links = append([]string{fmt.Sprintf("https://example.org/a%d?b=c", len(links))}, links...)
		asked := time.Now()
		command(t, app, 0, "demo", "send-me", links[0])
		var err error
		if n, err = bus.Next(within(t, box.Patience)); err != nil {
			t.Fatal(err)
		}
		return n.At.Sub(asked)
	})
	text := n.Summary + "\n" + n.Body
	if !strings.Contains(text, "Demo ") || !strings.Contains(text, "example.org") || strings.Contains(text, "b=c") {
		t.Errorf("the notification says %q; want the sender and the host, without the query", text)
	}
	if !slices.Contains(n.Actions, "Open") {
		t.Errorf("the notification's actions are %q, want Open among them", n.Actions)
	}
	untilDisplayed(t, app)
	if err := app.Box.Command("dunstctl", "action", "0").Run(); err != nil {
		t.Fatal(err)
	}
	opened, err := app.UntilOpened(within(t, box.Patience), func(l string) bool { return strings.HasPrefix(l, "https://example.org") })
	if err != nil {
		t.Fatal(err)
	}
	if opened != links[0] {
		t.Errorf("opened %q, want %q", opened, links[0])
	}
	inbox := inbox(t, app)
	if !slices.EqualFunc(inbox, links, func(e localapi.InboxEntry, link string) bool { return e.URL == link }) {
		t.Errorf("the inbox holds %+v, want each link once: %q", inbox, links)
	}
}

// untilDisplayed waits until the notification server shows something: it has been told a moment ago.
func untilDisplayed(t *testing.T, app *box.App) {
	t.Helper()
	w := &screen{t: t, app: app}
	err := box.Until(within(t, box.Patience), func() bool {
		out, err := w.output("dunstctl", "count", "displayed")
		return err == nil && strings.TrimSpace(out) != "0"
	})
	if err != nil {
		t.Fatal("the notification server shows nothing")
	}
}

// TestKilledAgentLosesNothing: kill -9 of the agent, a tab sent meanwhile, start again.
func TestKilledAgentLosesNothing(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	signedIn(t, app)
	command(t, app, 0, "send", "--to", "Demo tablet", "https://example.org/before")
	command(t, app, 0, "demo", "send-me", "https://example.org/first")
	if _, err := app.Until(within(t, box.Patience), "the first tab", func(s snapshot) bool { return s.Inbox.Total == 1 }); err != nil {
		t.Fatal(err)
	}
	killAgent(t, app)
	command(t, app, 0, "demo", "send-me", "https://example.org/meanwhile")

	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	after, err := app.Until(within(t, box.Patience), "the tab sent meanwhile", func(s snapshot) bool { return s.Inbox.Total == 2 })
	if err != nil {
		t.Fatal(err)
	}
	if after.Account.State != localapi.SignedIn {
		t.Errorf("after the crash the account is %s", after.Account.State)
	}
	if len(after.Outbox.Recent) != 1 || after.Outbox.Recent[0].URL != "https://example.org/before" {
		t.Errorf("after the crash the outbox holds %+v", after.Outbox.Recent)
	}
	time.Sleep(time.Second) // long enough for a second delivery to show itself
	var links []string
	for _, e := range inbox(t, app) {
		links = append(links, e.URL)
	}
	if want := []string{"https://example.org/meanwhile", "https://example.org/first"}; !slices.Equal(links, want) {
		t.Errorf("the inbox holds %q, want %q", links, want)
	}
}

// TestSignOutLeavesNothing: tokens are destroyed on the service, and with "delete local data" the
// store file and its keyring entry are gone too.
func TestSignOutLeavesNothing(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	signedIn(t, app)
	mine := report(t, app).LiveTokens
	if len(mine) == 0 {
		t.Fatal("the service knows no token of ours while we are signed in")
	}
	command(t, app, 0, "signout")
	if left := report(t, app).LiveTokens; len(left) != 0 {
		t.Errorf("after signing out the service still knows %d tokens", len(left))
	}
	s, err := app.Client().Snapshot(t.Context())
	if err != nil || s.Account.State != localapi.SignedOut || s.Account.Email != "" {
		t.Errorf("after signing out the account is %+v, %v", s.Account, err)
	}
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatalf("signing in again: %v", err)
	}
	store := filepath.Join(app.Box.Dir, "data", "tabferry-demo")
	if !holdsFile(t, store, "store.db") {
		t.Fatalf("no store file in %s while signed in", store)
	}
	if keys := keyringEntries(t, app); keys == 0 {
		t.Fatal("no keyring entry while signed in")
	}
	command(t, app, 0, "signout", "--purge")
	if left := report(t, app).LiveTokens; len(left) != 0 {
		t.Errorf("after the second sign-out the service still knows %d tokens", len(left))
	}
	deadline := time.Now().Add(box.Patience)
	for holdsFile(t, store, "store.db") && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	if holdsFile(t, store, "store.db") {
		t.Error("the store file is still there")
	}
	if keys := keyringEntries(t, app); keys != 0 {
		t.Errorf("%d keyring entries are still there", keys)
	}
}

// inbox reads the inbox as a person would, on the command line.
func inbox(t *testing.T, app *box.App) []localapi.InboxEntry {
	t.Helper()
	var entries []localapi.InboxEntry
	if err := json.Unmarshal([]byte(command(t, app, 0, "inbox", "--json").Out), &entries); err != nil {
		t.Fatal(err)
	}
	return entries
}

func copyText(t *testing.T, app *box.App, text string) {
	t.Helper()
	cmd := app.Box.Command("xclip", "-selection", "clipboard")
	cmd.Stdin = strings.NewReader(text)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	untilCopied(t, app, text) // xclip becomes the owner a moment after it seems to be done
}

// untilCopied waits until a text is on the clipboard.
func untilCopied(t *testing.T, app *box.App, text string) {
	t.Helper()
	w, got := &screen{t: t, app: app}, ""
	err := box.Until(within(t, box.Patience), func() bool {
		out, err := w.output("xclip", "-selection", "clipboard", "-o")
		got = out
		return err == nil && out == text
	})
	if err != nil {
		t.Fatalf("on the clipboard is %q", got)
	}
}

// untilReceived waits until a demo device reports that it decrypted exactly this link.
func untilReceived(t *testing.T, app *box.App, device, link string) {
	t.Helper()
	deadline := time.Now().Add(box.Patience)
	for {
		r := report(t, app)
		for _, tab := range r.Received {
			if tab.Device == device && tab.URL == link {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not receive %s; the demo devices report %+v", device, link, r.Received)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// killAgent ends the agent the hard way.
func killAgent(t *testing.T, app *box.App) {
	t.Helper()
	s, err := app.Client().Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	untilAgentGone(t, app)
}

func untilAgentGone(t *testing.T, app *box.App) {
	t.Helper()
	deadline := time.Now().Add(box.Patience)
	for {
		if _, err := app.Client().Snapshot(t.Context()); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the agent is still there")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func holdsFile(t *testing.T, dir, suffix string) bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), suffix) })
}

// keyringEntries counts our entries in the box's keyring.
func keyringEntries(t *testing.T, app *box.App) int {
	t.Helper()
	cmd := app.Box.Command("secret-tool", "search", "--all", "service", desktop.AppID+".demo")
	cmd.Stdout, cmd.Stderr = nil, nil
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) > 0 {
		t.Fatalf("secret-tool: %v: %s", err, out)
	}
	return strings.Count(string(out), "label = ")
}
