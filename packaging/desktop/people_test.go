//go:build desktop && linux

package desktop_test

import (
	"context"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

const invokeCommand = "POST /v1/account/devices/invoke_command"

// household is one computer that two people use, on a service of the test's.
type household struct {
	t   *testing.T
	app *box.App
	svc *accounttest.Service
}

// phoneOf is another device of somebody's that receives tabs.
func (h *household) phoneOf(who *accounttest.Account, name string) *account.Account {
	h.t.Helper()
	return h.deviceOf(who, name, account.CapabilitySendTab)
}

// deviceOf is another device of somebody's: our client, straight at the service.
func (h *household) deviceOf(who *accounttest.Account, name string, can ...account.Capability) *account.Account {
	h.t.Helper()
	const client = accounttest.AndroidClientID
	acct, err := account.New(account.Config{
		Server: account.CustomServer(h.svc.URL()), ClientID: client, RedirectURI: "https://accounts.firefox.com/oauth/success/" + client,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(acct.Close)
	step := func(e account.Event) account.State {
		state, err := acct.ProcessEvent(h.t.Context(), e)
		if err != nil {
			h.t.Fatalf("%s: %v", name, err)
		}
		return state
	}
	step(account.EventInitialize{Device: account.DeviceConfig{
		Name: name, Type: account.DeviceMobile, Capabilities: can,
	}})
	begun := step(account.EventBeginOAuth{Scopes: []string{account.ScopeProfile, account.ScopeOldSync}})
	back, err := h.svc.Approve(begun.OAuthURL, who)
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		h.t.Fatal(err)
	}
	step(account.EventCompleteOAuth{Code: u.Query().Get("code"), State: u.Query().Get("state")})
	return acct
}

// signIn signs somebody in at the computer.
func (h *household) signIn(who *accounttest.Account) {
	h.t.Helper()
	page, err := h.app.Client().BeginSignIn(within(h.t, box.Patience), "")
	if err != nil {
		h.t.Fatal(err)
	}
	back, err := h.svc.Approve(page.URL, who)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.app.Client().CompleteSignIn(within(h.t, box.Patience), back); err != nil {
		h.t.Fatal(err)
	}
	h.until("the sign-in", func(s snapshot) bool {
		return s.Account.State == localapi.SignedIn && s.Account.Email == who.Email() && len(s.Devices.Items) >= 2 && s.Connection.Push.Connected
	})
}

func (h *household) until(what string, fits func(snapshot) bool) snapshot {
	h.t.Helper()
	s, err := h.app.Until(within(h.t, box.Patience), what, fits)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// start starts the agent.
func (h *household) start() {
	h.t.Helper()
	if _, err := h.app.Start(h.app.Lean, "agent"); err != nil {
		h.t.Fatal(err)
	}
	h.until("an agent", func(s snapshot) bool { return !s.Storage.Locked })
}

// desk is the id of the computer among somebody's devices.
func (h *household) desk() string {
	h.t.Helper()
	return h.until("its device", func(s snapshot) bool { return s.Account.DeviceID != "" }).Account.DeviceID
}

// faces is all that command line and tray say.
func (h *household) faces() string {
	h.t.Helper()
	var all strings.Builder
	for _, args := range [][]string{{"status"}, {"inbox", "--json"}, {"sent", "--json"}, {"devices"}} {
		r, err := h.app.Run(within(h.t, box.Patience), args...)
		if err != nil {
			h.t.Fatal(err)
		}
		all.WriteString(r.Out + r.Err)
	}
	tray, err := h.app.Box.Tray(within(h.t, box.Patience))
	if err != nil {
		h.t.Fatal(err)
	}
	defer tray.Close()
	items, err := tray.Menu()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, item := range items {
		all.WriteString(item.Label + "\n")
	}
	return all.String()
}

// files is all that lies in the person's folders, as it lies there.
func (h *household) files() string {
	h.t.Helper()
	var all strings.Builder
	for _, folder := range []string{"data", "config", "state", "cache", "run"} {
		err := filepath.WalkDir(filepath.Join(h.app.Box.Dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !strings.Contains(path, "tabferry") {
				return nil // gone meanwhile, or not ours
			}
			text, err := os.ReadFile(path)
			all.WriteString(path + string(text))
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return all.String()
}

// wantNone wants that no face shows any of it. The tray hears of a change a moment after the command that made it
// has ended: it is looked at when it shows what it can show only since then.
func (h *household) wantNone(where, since string, of []string) {
	h.t.Helper()
	tray, err := h.app.Box.Tray(within(h.t, box.Patience))
	if err != nil {
		h.t.Fatal(err)
	}
	defer tray.Close()
	if _, err := tray.Until(within(h.t, box.Patience), since, func(i box.MenuItem) bool { return strings.Contains(i.Label, since) }); err != nil {
		h.t.Fatal(err)
	}
	wantNone(h.t, where, h.faces(), of)
}

func wantNone(t *testing.T, where, text string, of []string) {
	t.Helper()
	for _, words := range of {
		if strings.Contains(text, words) {
			t.Errorf("%s: %q is in it", where, words)
		}
	}
}

// displayed counts what the notification server shows.
func (h *household) displayed() string {
	h.t.Helper()
	cmd := h.app.Box.Command("dunstctl", "count", "displayed")
	cmd.Stdout = nil
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestTwoPeopleOneComputer: what each of two people sees of the other on window, tray and command line when
// they take turns, which is nothing; what each finds again; and what is left of one whose account was deleted
// while the computer was off.
func TestTwoPeopleOneComputer(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{})
	app.Everyday = true
	t.Cleanup(func() { // before the box ends
		ctx, cancel := context.WithTimeout(context.Background(), box.Patience)
		defer cancel()
		_ = app.Client().Quit(ctx) // it may have ended
	})
	h := &household{t, app, accounttest.New(t)}
	anna, ben := h.svc.NewAccount("anna@example.com", "a password of hers"), h.svc.NewAccount("ben@example.net", "a password of his")
	hers := []string{"Harbour timetable", "harbour.example", "Lighthouse", "lighthouse.example", "Annas phone", anna.Email(), anna.UID()}
	his := []string{"Cake recipe", "cake.example", "Bens phone", ben.Email(), ben.UID()}
	annas, bens := h.phoneOf(anna, "Annas phone"), h.phoneOf(ben, "Bens phone")
	bus, err := app.Box.Notifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	h.start()
	settings := h.until("settings", func(snapshot) bool { return true }).Settings
	settings.Server, settings.PushServer, settings.PairingServer = h.svc.URL(), h.svc.PushURL(), h.svc.PairingURL()
	if err := app.Client().SetSettings(within(t, box.Patience), settings); err != nil {
		t.Fatal(err)
	}

	h.signIn(anna)
	if _, err := annas.SendTab(t.Context(), h.desk(), "Harbour timetable", "https://harbour.example/"); err != nil {
		t.Fatal(err)
	}
	if n, err := bus.Next(within(t, box.Patience)); err != nil || !strings.Contains(n.Body, "harbour.example") {
		t.Fatalf("told %+v, %v", n, err)
	}
	h.svc.Faults.Next(invokeCommand, 500, accounttest.Times(10_000))
	phone := h.until("her phone", func(s snapshot) bool {
		return slices.ContainsFunc(s.Devices.Items, func(d localapi.Device) bool { return d.Name == "Annas phone" && d.CanReceiveTabs })
	}).Devices.Items
	to := phone[slices.IndexFunc(phone, func(d localapi.Device) bool { return d.Name == "Annas phone" })].ID
	if _, err := app.Client().Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://lighthouse.example/", Title: "Lighthouse"}}, Devices: []string{to}}); err != nil {
		t.Fatal(err)
	}
	h.until("a waiting send", func(s snapshot) bool { return s.Outbox.Waiting == 1 && s.Outbox.Recent[0].Reason != "" })
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	w := untilWindow(t, app)
	if _, err := app.Client().ShowWindow(t.Context(), "inbox"); err != nil {
		t.Fatal(err)
	}
	w.untilText("Harbour timetable")
	picture(t, app, "people-1-anna")

	command(t, app, 0, "signout")
	h.wantNone("signed out", "Sign in…", hers)
	if err := box.Until(within(t, box.Patience), func() bool { return h.displayed() == "0" }); err != nil {
		t.Errorf("%s notifications of hers stay on the screen", h.displayed())
	}
	if status := command(t, app, 0, "status").Out; !strings.Contains(status, "1 person who was signed in here before left 2 tabs") {
		t.Errorf("the status says:\n%s", status)
	}
	w.untilText("Sign in")
	picture(t, app, "people-2-nobody")

	h.signIn(ben)
	h.svc.Faults.Clear()
	if _, err := bens.SendTab(t.Context(), h.desk(), "Cake recipe", "https://cake.example/"); err != nil {
		t.Fatal(err)
	}
	h.until("his tab", func(s snapshot) bool { return s.Inbox.Total == 1 })
	if _, err := app.Client().ShowWindow(t.Context(), "inbox"); err != nil {
		t.Fatal(err)
	}
	w.untilText("Cake recipe")
	picture(t, app, "people-3-ben")
	h.wantNone("signed in as him", "cake.example", hers)

	command(t, app, 0, "signout")
	h.wantNone("signed out again", "Sign in…", append(his, hers...))
	h.signIn(anna)
	h.until("hers again, and her send on its way", func(s snapshot) bool {
		return s.Inbox.Total == 1 && s.Inbox.Recent[0].Title == "Harbour timetable" && s.Outbox.Waiting == 0 && len(s.Outbox.Recent) == 1
	})
	if _, err := app.Client().ShowWindow(t.Context(), "inbox"); err != nil {
		t.Fatal(err)
	}
	w.untilText("Harbour timetable")
	picture(t, app, "people-4-anna-again")
	h.wantNone("signed in as her", "harbour.example", his)

	w.close()
	w.untilGone()
	if err := app.Client().Quit(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
	untilAgentGone(t, app)
	anna.Delete()
	h.start()
	h.until("the end of her account", func(s snapshot) bool { return s.Account.State == localapi.SignedOut && s.Account.Cause != "" })
	for {
		n, err := bus.Next(within(t, box.Patience))
		if err != nil {
			t.Fatal("nobody was told:", err)
		}
		if strings.Contains(n.Summary, "ign in again") {
			t.Errorf("told %+v", n)
		}
		if n.Summary == "The account was deleted" {
			break
		}
	}
	h.wantNone("after the deletion", "Sign in…", append(his, hers...))
	wantNone(t, "on the disk", h.files(), append(his, hers...))
	if _, err := app.Start(app.Window); err != nil {
		t.Fatal(err)
	}
	untilWindow(t, app).untilText("was deleted")
	picture(t, app, "people-5-deleted")

	h.signIn(ben)
	h.until("his again", func(s snapshot) bool { return s.Inbox.Total == 1 && s.Storage.Earlier.People == 0 })
}
