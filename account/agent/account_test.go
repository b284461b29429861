package agent_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

func TestSignOut(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	if !desk.hasStoreFile() || desk.secrets.count() != 1 || w.liveTokens() == 0 {
		t.Fatalf("signed in with store %v, %d keys, %d tokens", desk.hasStoreFile(), desk.secrets.count(), w.liveTokens())
	}
	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	snap := desk.snapshot()
	if snap.Account.State != localapi.SignedOut || snap.Account.Email != "" || len(snap.Devices.Items) != 0 || snap.Account.HasSession {
		t.Errorf("signed out: %s", describe(snap))
	}
	if n := w.liveTokens(); n != 0 {
		t.Errorf("%d tokens live on", n)
	}
	if len(w.acct.Devices()) != 0 {
		t.Errorf("the devices are %+v", w.acct.Devices())
	}
	if !desk.hasStoreFile() {
		t.Error("the store went without being asked for")
	}
	desk.signIn()
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	w.eventually("file and key to go", func() bool { return !desk.hasStoreFile() && desk.secrets.count() == 0 })
	desk.await("a new beginning", func(s localapi.Snapshot) bool { return !s.Storage.Locked && s.Account.State == localapi.SignedOut })
	desk.signIn() // and it works as on the first day
	if !desk.hasStoreFile() {
		t.Error("no store after the new beginning")
	}
}

// Signing out needs no network: the credentials are gone here at once, and on the server as soon as
// it can be reached, also after a restart; then, and not before, the store goes.
func TestSignOutOffline(t *testing.T) {
	w := newWorld(t)
	var wire line
	desk := w.station("Desk", online(t, &wire)).run().signIn()
	wire.pull(true)
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut || snap.Account.HasSession {
		t.Errorf("signed out: %s", describe(snap))
	}
	if w.liveTokens() == 0 {
		t.Fatal("the tokens were revoked without a network")
	}
	desk.again().await("the restart", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedOut && !s.Storage.Locked })
	if !desk.hasStoreFile() {
		t.Fatal("the store went before the tokens were revoked")
	}
	wire.pull(false)
	desk.again()
	w.eventually("the tokens to be revoked", func() bool { return w.liveTokens() == 0 })
	w.eventually("the store to go", func() bool { return !desk.hasStoreFile() && desk.secrets.count() == 0 })
}

// A new sign-in takes back that the data was to be deleted.
func TestSignInAgainKeepsData(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	for _, route := range []string{"POST /v1/account/device/destroy", "POST /v1/oauth/destroy", "POST /v1/session/destroy"} {
		w.svc.Faults.Next(route, 500, accounttest.Times(2))
	}
	if err := desk.face.SignOut(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.face.BeginSignIn(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	w.eventually("the old tokens to be revoked", func() bool {
		n := 0
		for _, token := range w.svc.LiveTokens() {
			if token.Kind == "refresh" {
				n++
			}
		}
		return n == 1
	})
	if desk.again().await("the restart", settled); !desk.hasStoreFile() {
		t.Error("the store is gone")
	}
}

func TestPasswordChangedElsewhere(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	events := desk.events()
	w.acct.ChangePassword()
	snap := desk.await("the end of the sign-in", func(s localapi.Snapshot) bool { return s.Account.State == localapi.NeedsSignIn })
	if snap.Account.Cause == "" || snap.Account.Email == "" || snap.Account.HasSession {
		t.Errorf("the account is %+v", snap.Account)
	}
	desk.awaitEvent(events, localapi.SignInAgain)
	if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com"}}, Devices: []string{"x"}}); code(err) != localapi.CodeNoDevice && code(err) != localapi.CodeOffline {
		t.Errorf("sending says %v", err)
	}
	desk.again().await("the restart", func(s localapi.Snapshot) bool { return s.Account.State == localapi.NeedsSignIn })
	desk.signIn()
	if snap := desk.snapshot(); snap.Account.Cause != "" {
		t.Errorf("after signing in again: %+v", snap.Account)
	}
}

func TestSignedOutElsewhere(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	events := lap.events()
	deskEvents := desk.events()
	to := desk.alertable("Laptop")
	if err := desk.face.DisconnectDevice(t.Context(), desk.snapshot().Account.DeviceID); code(err) != localapi.CodeUsage {
		t.Errorf("disconnecting oneself: %v", err)
	}
	if err := desk.face.DisconnectDevice(t.Context(), to.ID); err != nil {
		t.Fatal(err)
	}
	lap.awaitEvent(events, localapi.SignedOutElsewhere)
	lap.await("being signed out", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedOut })
	for _, id := range []string{"", "zzz", to.Name, "../" + to.ID, strings.ToUpper(to.ID)} {
		if err := desk.face.DisconnectDevice(t.Context(), id); code(err) != localapi.CodeNoDevice {
			t.Errorf("%q: %v", id, err)
		}
	}
	if err := desk.face.DisconnectDevice(t.Context(), to.ID); code(err) != localapi.CodeNoDevice {
		t.Errorf("disconnecting it again: %v", err)
	}
	w.station("Tablet").run().signIn()
	if e := desk.awaitEvent(deskEvents, localapi.DeviceConnected); e.Device == "" {
		t.Errorf("the event is %+v", e)
	}
}

func TestAccountDeleted(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	events := desk.events()
	w.acct.Delete()
	desk.awaitEvent(events, localapi.AccountDeleted)
	desk.await("being signed out", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedOut })
}

func TestSignInRefusals(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	if err := desk.face.CompleteSignIn(t.Context(), agent.DefaultRedirectURI+"?code=x&state=y"); code(err) != localapi.CodeSignIn && code(err) != localapi.CodeInternal {
		t.Errorf("completing nothing: %v", err)
	}
	if err := desk.face.CancelSignIn(t.Context()); err != nil {
		t.Errorf("cancelling nothing: %v", err)
	}
	old, err := desk.face.BeginSignIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	page, err := desk.face.BeginSignIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if page.Loopback || page.RedirectPrefix != agent.DefaultRedirectURI || page.URL == old.URL {
		t.Errorf("the page is %+v", page)
	}
	redirect, err := w.svc.Approve(page.URL, w.acct)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(redirect, "?")
	for name, c := range map[string]struct {
		address string
		want    localapi.Code
	}{
		"nothing":        {"", localapi.CodeUsage},
		"another server": {"https://evil.example/oauth/success/3c49430b43dfba77?" + query, localapi.CodeUsage},
		"another path":   {"https://accounts.firefox.com/oauth/success/other?" + query, localapi.CodeUsage},
		"plain http":     {strings.Replace(redirect, "https:", "http:", 1), localapi.CodeUsage},
		"user in front":  {strings.Replace(redirect, "https://", "https://x@", 1), localapi.CodeUsage},
		"no code":        {agent.DefaultRedirectURI, localapi.CodeUsage},
	} {
		if err := desk.face.CompleteSignIn(t.Context(), c.address); code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if snap := desk.snapshot(); snap.Account.State != localapi.SigningIn || snap.SignIn == nil {
		t.Errorf("after refusals: %s", describe(snap))
	}
	if err := desk.face.CompleteSignIn(t.Context(), " "+redirect+"\n"); err != nil {
		t.Fatal(err)
	}
	desk.await("being signed in", settled)
	if _, err := desk.face.BeginSignIn(t.Context(), ""); code(err) != localapi.CodeConflict {
		t.Errorf("signing in twice: %v", err)
	}
	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if page, err = desk.face.BeginSignIn(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	for _, foreign := range []string{"?error=access_denied", "?error=access_denied&state=x"} {
		if err := desk.face.CompleteSignIn(t.Context(), agent.DefaultRedirectURI+foreign); code(err) != localapi.CodeSignIn {
			t.Errorf("refused by somebody else: %v", err)
		}
		if snap := desk.snapshot(); snap.Account.State != localapi.SigningIn || snap.SignIn == nil {
			t.Errorf("somebody else's refusal ends it: %s", describe(snap))
		}
	}
	address, err := url.Parse(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	own := agent.DefaultRedirectURI + "?error=access_denied&state=" + url.QueryEscape(address.Query().Get("state"))
	if err := desk.face.CompleteSignIn(t.Context(), own); code(err) != localapi.CodeSignIn {
		t.Errorf("refused on the page: %v", err)
	}
	if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut || snap.SignIn != nil || snap.Account.Cause == "" {
		t.Errorf("after a refusal on the page: %s", describe(snap))
	}
}

// A server that keeps this client from device routes does not sign anybody out.
func TestDevicesUnavailable(t *testing.T) {
	const id = "00000000000000aa"
	w := newWorld(t, accounttest.ListedDeviceClients(), accounttest.WithClients(accounttest.Client{
		ID: id, Name: "Unlisted", RedirectURIs: []string{agent.DefaultRedirectURI}, Trusted: true, CanGrant: true,
		AllowedScopes: []string{"https://identity.mozilla.com/apps/oldsync", "https://identity.mozilla.com/tokens/session"},
	}))
	desk := w.station("Desk", func(p *agent.Params) { p.Service.ClientID = id }).run()
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
	snap := desk.await("the refusal", func(s localapi.Snapshot) bool {
		return s.Account.DevicesUnavailable && s.Devices.Known && s.Devices.Problem != "" && s.Account.Email != ""
	})
	if snap.Account.State != localapi.SignedIn {
		t.Errorf("the account is %+v", snap.Account)
	}
}

func TestMemoryOnlyLeavesNothing(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.Protection = localapi.MemoryOnly }).run().signIn()
	if snap := desk.snapshot(); snap.Storage.Protection != localapi.MemoryOnly {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	desk.end()
	if n := w.liveTokens(); n != 0 {
		t.Errorf("%d tokens live on", n)
	}
	if _, err := os.Stat(desk.params.DataDir); !errors.Is(err, fs.ErrNotExist) || desk.secrets.count() != 0 {
		t.Errorf("something was kept: %v, %d keys", err, desk.secrets.count())
	}
}

// oldServer stands before a service that takes session tokens in the Hawk form only, as self-hosted ones of
// before 2026 do.
type oldServer struct {
	next  http.RoundTripper
	typed atomic.Int32 // how often the newer form was shown
}

func (o *oldServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer fxs_") {
		return o.next.RoundTrip(r)
	}
	o.typed.Add(1)
	return &http.Response{
		StatusCode: http.StatusUnauthorized, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"code":401,"errno":110,"error":"Unauthorized","message":"Unauthorized for route"}`)),
	}, nil
}

// An old server is used as it wants it, without a setting, and known again after a restart.
func TestHawkOnlyServer(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		old := new(oldServer)
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { old.next, p.Transport = p.Transport, old }).run().signIn()
		for range 2 {
			rest(time.Minute)
			if err := desk.face.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		rest(time.Minute)
		clients := func() localapi.ClientList { return desk.snapshot().Clients }
		if c := clients(); !c.Known || len(c.Items) == 0 || c.Problem != "" || old.typed.Load() == 0 {
			t.Errorf("what is attached: %+v; the newer form was shown %d times", c, old.typed.Load())
		}
		old.typed.Store(0)
		desk.again()
		rest(time.Minute)
		if c := clients(); !c.Known || c.Problem != "" || old.typed.Load() != 0 {
			t.Errorf("after a restart: %+v; the newer form was shown %d times", c, old.typed.Load())
		}
		if err := desk.face.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		if n := w.liveTokens(); n != 0 {
			t.Errorf("%d tokens live after the sign-out", n)
		}
	})
}
