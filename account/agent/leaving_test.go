package agent_test

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What the server, or the owner elsewhere, does to a sign-in, told by push or found out later.
func TestEndsOfASignIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(w *world, id string)
		state localapi.AccountState
		event localapi.EventKind
		email bool // whether the address is kept, for signing in again
		cause string
	}{
		"the password was changed": {
			func(w *world, _ string) { w.acct.ChangePassword() }, localapi.NeedsSignIn, localapi.SignInAgain, true, "signin.ended",
		},
		"the password was reset": {
			func(w *world, _ string) { w.acct.ResetPassword() }, localapi.NeedsSignIn, localapi.SignInAgain, true, "signin.ended",
		},
		"the account was deleted": {
			func(w *world, _ string) { w.acct.Delete() }, localapi.SignedOut, localapi.AccountDeleted, false, "account_deleted",
		},
		"another device disconnected this one": {
			func(w *world, id string) { w.acct.DeleteDevice(id) }, localapi.SignedOut, localapi.SignedOutElsewhere, false, "signed_out_elsewhere",
		},
	} {
		for _, told := range []string{"at once", "while switched off"} {
			t.Run(name+", "+told, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					desk := w.station("Desk", w.inBubble).run().signIn()
					rest(time.Minute)
					id := desk.snapshot().Account.DeviceID
					if told == "at once" {
						events := desk.events()
						c.end(w, id)
						rest(time.Second)
						if got := events(); len(got) != 1 || got[0].Kind != c.event {
							t.Errorf("told of %+v", got)
						}
					} else {
						desk.end()
						c.end(w, id)
						rest(time.Hour)
						desk.run()
						rest(2 * time.Minute)
					}
					snap := desk.snapshot()
					want, email, cause := c.state, c.email, c.cause
					if told != "at once" && snap.Account.State == localapi.NeedsSignIn {
						// The refused token may come before the push that says why.
						want, email, cause = localapi.NeedsSignIn, snap.Account.Email != "", "signin.ended"
					}
					if snap.Account.Cause == "" || snap.Account.CauseSaid.Key != cause {
						t.Errorf("the cause that stays is %q, %q", snap.Account.CauseSaid.Key, snap.Account.Cause)
					}
					if snap.Account.State != want || snap.Account.HasSession || (snap.Account.Email != "") != email || len(snap.Clients.Items) != 0 && want == localapi.SignedOut {
						t.Errorf("afterwards: %s", describe(snap))
					}
					w.svc.ForgetRequests()
					rest(3 * 24 * time.Hour)
					if n := w.count(commands, "GET /v1/account/devices", "POST /v1/account/device"); n != 0 {
						t.Errorf("%d requests in three days without a sign-in", n)
					}
					if n := w.svc.Push().Connections(); n != 0 {
						t.Errorf("%d push connections without a sign-in", n)
					}
					next := w.acct
					if want == localapi.SignedOut {
						next = w.svc.NewAccount("next@example.com", "another password")
					}
					desk.as(next).signOut()
					if a := desk.snapshot().Account; a.State != localapi.SignedOut || a.Cause != "" {
						t.Errorf("after a sign-out of one's own: %+v", a)
					}
				})
			})
		}
	}
}

// A server that keeps this client from device routes for some weeks: the sign-in stays, nothing is
// hammered, and when the server has changed its mind everything works by itself.
func TestDevicesComeBack(t *testing.T) {
	t.Parallel()
	const id = "00000000000000ab"
	unlisted := accounttest.Client{
		ID: id, Name: "Unlisted", RedirectURIs: []string{agent.DefaultRedirectURI}, Trusted: true, CanGrant: true,
		AllowedScopes: []string{"https://identity.mozilla.com/apps/oldsync", "https://identity.mozilla.com/tokens/session"},
	}
	bubbleWith(t, []accounttest.Option{accounttest.ListedDeviceClients(), accounttest.WithClients(unlisted)}, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Service.ClientID = id }).run()
		page, err := desk.face.BeginSignIn(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := w.svc.Approve(page.URL, w.acct)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
			t.Fatal(err)
		}
		rest(time.Hour)
		w.svc.ForgetRequests()
		rest(24 * time.Hour)
		if n := w.count(); n > 24*8 {
			routes := map[string]int{}
			for _, r := range w.svc.Requests() {
				routes[r.Route]++
			}
			t.Errorf("%d requests in a day of refusals: %v", n, routes)
		}
		snap := desk.snapshot()
		if snap.Account.State != localapi.SignedIn || !snap.Account.DevicesUnavailable || snap.Devices.Problem == "" {
			t.Errorf("refused: %s", describe(snap))
		}
		w.svc.ChangeClient(id, func(c *accounttest.Client) { c.FirefoxDevice = true })
		rest(25 * time.Hour)
		snap = desk.snapshot()
		if snap.Account.DevicesUnavailable || len(snap.Devices.Items) != 1 || snap.Devices.Items[0].PushOff || snap.Devices.Problem != "" {
			t.Errorf("a day after the server has changed its mind: %s", describe(snap))
		}
	})
}

// Nothing secret and nothing private of a whole run is in the diagnostics, in the log or, unsealed, on
// the disk.
func TestNothingSecretLeaves(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble)
		log := diagnostics.NewLog(desk.log)
		desk.params.Logger, desk.params.LogTail = slog.New(log), log.Tail
		desk.run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		secrets := []string{w.acct.Email(), w.acct.UID(), "private-part", "page-of-hers"}
		key, err := w.acct.ScopedKey("https://identity.mozilla.com/apps/oldsync")
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, key["k"])
		note := func() {
			for _, token := range w.svc.LiveTokens() {
				secrets = append(secrets, token.ID)
			}
			for _, d := range w.acct.Devices() {
				secrets = append(secrets, d.ID, d.PushCallback)
			}
			for _, r := range w.svc.Requests() {
				for _, value := range r.Header["Authorization"] {
					secrets = append(secrets, strings.Fields(value)...)
				}
			}
		}
		to, back := desk.alertable("Laptop"), lap.alertable("Desk")
		desk.send(to, "https://private-part.example/page-of-hers?q=private-part", "page-of-hers")
		lap.send(back, "https://private-part.example/page-of-hers?q=private-part", "page-of-hers")
		w.svc.Faults.Next(invoke, 500, accounttest.Times(2))
		rest(time.Minute)
		note()
		w.acct.RevokeAccessTokens()
		w.svc.Push().Cut()
		w.svc.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(4))
		if err := desk.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(time.Hour)
		note()
		diagnostics, err := desk.face.Diagnostics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.acct.ChangePassword()
		rest(time.Minute)
		disk, err := os.ReadFile(desk.storeFile())
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(secrets)
		secrets = slices.DeleteFunc(slices.Compact(secrets), func(s string) bool { return len(s) < 8 })
		if len(secrets) < 12 {
			t.Fatalf("only %d secrets to look for", len(secrets))
		}
		for where, text := range map[string][]byte{"diagnostics": []byte(diagnostics), "log": []byte(desk.log.text()), "disk": disk} {
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("the %s: %q is in it", where, secret)
				}
			}
		}
	})
}
