package agent_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
)

// A network that fails in the last step costs nothing: the code is still good.
func TestCompleteSignInTwice(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		page, err := desk.face.BeginSignIn(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := w.svc.Approve(page.URL, w.acct)
		if err != nil {
			t.Fatal(err)
		}
		w.svc.Faults.Next("POST /v1/oauth/token", 0, accounttest.DropConnection(), accounttest.Times(-1))
		if err := desk.face.CompleteSignIn(t.Context(), redirect); code(err) != localapi.CodeOffline {
			t.Errorf("without a network: %v", err)
		}
		if snap := desk.snapshot(); snap.Account.State != localapi.SigningIn || snap.SignIn == nil || snap.Connection.Online {
			t.Errorf("meanwhile: %s", describe(snap))
		}
		w.svc.Faults.Clear()
		if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
			t.Fatal(err)
		}
		desk.await("being signed in", settled)
		if err := desk.face.CompleteSignIn(t.Context(), redirect); err == nil {
			t.Error("a used code was taken again")
		}
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
			t.Errorf("afterwards: %+v", snap.Account)
		}
	})
}

func TestBeginSignInOffline(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		w.svc.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
		if _, err := desk.face.BeginSignIn(t.Context(), ""); code(err) != localapi.CodeOffline {
			t.Errorf("got %v", err)
		}
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut || snap.SignIn != nil || snap.Connection.Problem == "" {
			t.Errorf("afterwards: %s", describe(snap))
		}
		w.svc.Faults.Clear()
		desk.signIn()
	})
}

// A sign-in whose registration fails is a sign-in all the same; the registration is made up for.
func TestRegistrationIsMadeUpFor(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		page, err := desk.face.BeginSignIn(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := w.svc.Approve(page.URL, w.acct)
		if err != nil {
			t.Fatal(err)
		}
		w.svc.Faults.Next("POST /v1/account/device", http.StatusInternalServerError, accounttest.Times(-1))
		if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
			t.Fatal(err)
		}
		rest(10 * time.Minute)
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
			t.Errorf("without a device record: %+v", snap.Account)
		}
		w.svc.Faults.Clear()
		rest(time.Hour)
		var own accounttest.Device
		for _, d := range w.acct.Devices() {
			own = d
		}
		if own.Name != "Desk" || own.PushCallback == "" || len(own.AvailableCommands) != 2 {
			t.Errorf("the device is %+v", own)
		}
	})
}

// Revocations that the server does not take are tried for as long as it needs, ever more rarely.
func TestRevocationsAreTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		for _, route := range []string{"POST /v1/oauth/destroy", "POST /v1/account/device/destroy", "POST /v1/session/destroy", "POST /v1/destroy"} {
			w.svc.Faults.Next(route, http.StatusInternalServerError, accounttest.Times(-1))
		}
		if err := desk.face.SignOut(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedOut {
			t.Errorf("signed out: %+v", snap.Account)
		}
		w.svc.ForgetRequests()
		rest(6 * time.Hour)
		if n := w.count("POST /v1/account/device/destroy"); n < 5 || n > 20 {
			t.Errorf("%d tries in six hours", n)
		}
		if n, tries := w.count(), w.count("POST /v1/account/device/destroy"); n > 6*tries {
			t.Errorf("%d requests in %d tries", n, tries)
		}
		if !desk.hasStoreFile() {
			t.Error("the store went too early")
		}
		w.svc.Faults.Clear()
		rest(2 * time.Hour)
		if n := w.liveTokens(); n != 0 || desk.hasStoreFile() || desk.secrets.count() != 0 {
			t.Errorf("in the end: %d tokens, file %v, %d keys", n, desk.hasStoreFile(), desk.secrets.count())
		}
	})
}

// A start without network shows what is known, signs nobody out, and catches up with the network.
func TestStartOffline(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		system := wake.NewManual()
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Wake = system }).run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		desk.alertable("Laptop")
		to := lap.alertable("Desk")
		desk.end()
		lap.send(to, "https://example.com/waiting", "")
		rest(time.Second)
		w.svc.Faults.Next("*", 0, accounttest.DropConnection(), accounttest.Times(-1))
		w.svc.Push().RefuseUpgrades(http.StatusBadGateway, "", -1)
		desk.run()
		rest(3 * time.Hour)
		snap := desk.snapshot()
		if snap.Account.State != localapi.SignedIn || snap.Account.Email == "" || len(snap.Devices.Items) != 2 || snap.Devices.Problem == "" || snap.Connection.Online {
			t.Errorf("without network: %s", describe(snap))
		}
		w.svc.Faults.Clear()
		w.svc.Push().RefuseUpgrades(0, "", 0)
		if err := system.Send(t.Context(), wake.Online); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		snap = desk.snapshot()
		if snap.Inbox.Total != 1 || !snap.Connection.Online || !snap.Connection.Push.Connected || snap.Devices.Problem != "" {
			t.Errorf("with network: %s", describe(snap))
		}
	})
}

// Only the server's word ends a sign-in: a dead access token is replaced, a dead refresh token is not.
func TestDeadTokens(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		events := desk.events()
		rest(time.Minute)
		refresh := func() {
			if err := desk.face.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			rest(time.Minute)
		}
		w.acct.RevokeAccessTokens()
		refresh()
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn || snap.Devices.Problem != "" {
			t.Errorf("after a dead access token: %s", describe(snap))
		}
		for _, fault := range []int{http.StatusInternalServerError, http.StatusForbidden, http.StatusBadGateway} {
			w.svc.Faults.Next("*", fault, accounttest.HTML(), accounttest.Times(-1))
			refresh()
			w.svc.Faults.Clear()
			if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
				t.Errorf("after answers with status %d: %+v", fault, snap.Account)
			}
		}
		rest(time.Hour)
		w.acct.RevokeTokens(accounttest.ReferenceClientID)
		refresh()
		if snap := desk.snapshot(); snap.Account.State != localapi.NeedsSignIn || snap.Account.Cause == "" {
			t.Errorf("after a dead refresh token: %s", describe(snap))
		}
		desk.awaitEvent(events, localapi.SignInAgain)
		w.svc.ForgetRequests()
		rest(10 * time.Hour)
		if n := w.count(); n != 0 {
			t.Errorf("%d requests while nobody is signed in", n)
		}
		desk.signIn()
	})
}

// A device that joined is listed under the name it gets a moment after its record.
func TestNewDeviceGetsItsName(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		w.station("Laptop", w.inBubble).run().signIn()
		rest(time.Minute)
		for _, d := range desk.snapshot().Devices.Items {
			if d.Name == "Laptop" {
				return
			}
		}
		t.Errorf("the devices are %+v", desk.snapshot().Devices.Items)
	})
}

// A window that opens is given lists that are not old.
func TestWindowRefreshesLists(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour)
		desk.grownOld()
		w.svc.ForgetRequests()
		look := func() {
			window := desk.agent.Watch(localapi.FaceWindow)
			rest(time.Second)
			window.Close()
		}
		look()
		if n := w.count("GET /v1/account/devices"); n != 1 {
			t.Errorf("%d requests for old lists", n)
		}
		look()
		if n := w.count("GET /v1/account/devices"); n != 1 {
			t.Errorf("%d requests after a second look", n)
		}
	})
}
