package agent_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

func TestSettings(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	for name, edit := range map[string]func(*localapi.Settings){
		"another policy":     func(s *localapi.Settings) { s.Open = "always" },
		"another appearance": func(s *localapi.Settings) { s.Appearance = "pink" },
		"a plain push":       func(s *localapi.Settings) { s.PushServer = "ws://push.example/" },
		"a push page":        func(s *localapi.Settings) { s.PushServer = "https://push.example/" },
		"a pairing page":     func(s *localapi.Settings) { s.PairingServer = "nonsense" },
		"a server in words":  func(s *localapi.Settings) { s.Server = "my server" },
		"a plain server":     func(s *localapi.Settings) { s.Server = "http://accounts.example" },
		"two lines":          func(s *localapi.Settings) { s.Browser = "firefox\nrm" },
		"a very long text":   func(s *localapi.Settings) { s.Language = strings.Repeat("x", 3000) },
	} {
		s := desk.snapshot().Settings
		edit(&s)
		if err := desk.face.SetSettings(t.Context(), s); code(err) != localapi.CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := desk.snapshot().Settings
	if !s.Notifications || !s.Grouped || s.Open != localapi.OpenNever {
		t.Errorf("the first settings are %+v", s)
	}
	s.Language, s.Appearance, s.StartAtLogin = "de", "dark", true
	if err := desk.face.SetSettings(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	if got := desk.again().await("the restart", settled).Settings; got.Language != "de" || got.Appearance != "dark" || !got.StartAtLogin {
		t.Errorf("after a restart the settings are %+v", got)
	}
	s.Server = "https://accounts.example"
	if err := desk.face.SetSettings(t.Context(), s); code(err) != localapi.CodeConflict {
		t.Errorf("another server while signed in: %v", err)
	}
}

// Another service can be chosen while signed out; what the first one still has to revoke is revoked
// there.
func TestAnotherService(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	var wire line
	desk := w.station("Desk", online(t, &wire)).run().signIn()
	wire.pull(true)
	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	s := desk.snapshot().Settings
	s.Server, s.PushServer, s.PairingServer = other.svc.URL(), other.svc.PushURL(), other.svc.PairingURL()
	if err := desk.face.SetSettings(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	snap := desk.await("the other server", func(s localapi.Snapshot) bool { return s.Account.Server == other.svc.URL() })
	if snap.Account.State != localapi.SignedOut {
		t.Errorf("at the other server: %+v", snap.Account)
	}
	wire.pull(false)
	page, err := desk.face.BeginSignIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	redirect, err := other.svc.Approve(page.URL, other.acct)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.face.CompleteSignIn(t.Context(), redirect); err != nil {
		t.Fatal(err)
	}
	desk.await("being signed in there", settled)
	desk.again().await("the restart", settled)
	w.eventually("the first service's tokens to be revoked", func() bool { return w.liveTokens() == 0 })
}

func TestDevicesAndClients(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	if err := desk.face.RenameDevice(t.Context(), "  "); code(err) != localapi.CodeUsage {
		t.Errorf("an empty name: %v", err)
	}
	if err := desk.face.RenameDevice(t.Context(), "Zoë's desk"); err != nil {
		t.Fatal(err)
	}
	snap := desk.snapshot()
	if d := snap.Devices.Items[0]; d.Name != "Zoë's desk" || !d.This || d.Type != "desktop" || !d.CanReceiveTabs || d.ID != snap.Account.DeviceID {
		t.Errorf("this device is %+v", d)
	}
	_, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.org/"}}, Devices: []string{snap.Account.DeviceID}})
	if code(err) != localapi.CodeNoDevice {
		t.Errorf("sending to this device: %v", err)
	}
	if got := w.acct.Devices()[0].Name; got != "Zoë's desk" {
		t.Errorf("the server knows it as %q", got)
	}
	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	desk.signIn()
	if got := w.acct.Devices()[0].Name; got != "Zoë's desk" {
		t.Errorf("after the next sign-in the server knows it as %q", got)
	}

	w.acct.NewSession()
	if err := desk.face.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	snap = desk.await("the other session", func(s localapi.Snapshot) bool {
		for _, c := range s.Clients.Items {
			if !c.This {
				return true
			}
		}
		return false
	})
	for _, c := range snap.Clients.Items {
		err := desk.face.DisconnectClient(t.Context(), c.ID)
		if c.This && code(err) != localapi.CodeUsage || !c.This && err != nil {
			t.Errorf("disconnecting %+v: %v", c, err)
		}
	}
	if err := desk.face.DisconnectClient(t.Context(), "unknown"); code(err) != localapi.CodeNotFound {
		t.Errorf("an unknown client: %v", err)
	}
	if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
		t.Errorf("afterwards: %+v", snap.Account)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	base := w.svc.URL()
	for page, want := range map[localapi.Page]string{
		localapi.PagePairPhone: base + "/pair", localapi.PageConnectAnother: base + "/connect_another_device",
	} {
		if got, err := desk.face.PageURL(t.Context(), page); err != nil || got != want {
			t.Errorf("%s: %q, %v", page, got, err)
		}
	}
	if _, err := desk.face.PageURL(t.Context(), localapi.PageManageAccount); code(err) != localapi.CodeNotSignedIn {
		t.Errorf("managing no account: %v", err)
	}
	if _, err := desk.face.PageURL(t.Context(), "nowhere"); code(err) != localapi.CodeUsage {
		t.Errorf("an unknown page: %v", err)
	}
	desk.signIn()
	for page, want := range map[localapi.Page]string{
		localapi.PageManageAccount: base + "/settings?", localapi.PageManageDevices: base + "/settings/clients?",
		localapi.PageDeleteAccount: base + "/settings/delete_account?",
	} {
		if got, err := desk.face.PageURL(t.Context(), page); err != nil || !strings.HasPrefix(got, want) || !strings.Contains(got, "uid=") {
			t.Errorf("%s: %q, %v", page, got, err)
		}
	}
}

func TestAvatar(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	if _, err := desk.face.Avatar(t.Context()); code(err) != localapi.CodeNotFound {
		t.Errorf("before there is one: %v", err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	w.acct.SetAvatar(picture.Bytes())
	w.acct.SetDisplayName("Someone\u202e Else")
	snap := desk.await("the new profile", func(s localapi.Snapshot) bool { return s.Account.HasAvatar })
	if snap.Account.Name == "" {
		t.Errorf("the account is %+v", snap.Account)
	}
	for range 3 {
		got, err := desk.face.Avatar(t.Context())
		if err != nil || !bytes.Equal(got, picture.Bytes()) {
			t.Fatalf("the picture has %d bytes, %v", len(got), err)
		}
	}
	fetched := 0
	for _, r := range w.svc.Requests() {
		if strings.Contains(r.Path, "avatar") || strings.Contains(r.Path, "/a/") {
			fetched++
		}
	}
	if fetched != 1 {
		t.Errorf("the picture was fetched %d times", fetched)
	}
	w.acct.SetAvatar([]byte("<svg onload='x'/>"))
	w.eventually("a refusal of what is no picture", func() bool {
		_, err := desk.face.Avatar(t.Context())
		return code(err) == localapi.CodeOffline
	})
}

// When the server says that our endpoint is dead, we get another one by ourselves.
func TestDeadEndpointIsRenewed(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run().signIn()
	id := desk.snapshot().Account.DeviceID
	w.eventually("the endpoint to be published", func() bool { return w.acct.Devices()[0].PushCallback != "" })
	first := w.acct.Devices()[0].PushCallback
	if !w.acct.ExpirePush(id) {
		t.Fatal("no such device")
	}
	if err := desk.face.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.eventually("another endpoint", func() bool {
		d := w.acct.Devices()[0]
		return d.PushCallback != first && !d.PushEndpointExpired
	})
	lap := w.station("Laptop").run().signIn()
	sent := lap.send(lap.alertable("Desk"), "https://example.com", "")
	lap.awaitSent(sent.ID, localapi.SendAlerted)
	desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
}

// When the push service has forgotten us, a new subscription is made and published, and what came
// meanwhile is asked for.
func TestForgottenByPushService(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := lap.alertable("Desk")
	desk.end()
	w.svc.Push().ForgetUserAgents()
	lap.awaitSent(lap.send(to, "https://example.com/meanwhile", "").ID, localapi.SendPushOff, localapi.SendAccepted)
	desk.run().await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	w.eventually("the new endpoint to be published", func() bool {
		for _, d := range w.acct.Devices() {
			if d.Name == "Desk" {
				return !d.PushEndpointExpired
			}
		}
		return false
	})
	lap.awaitSent(lap.send(lap.alertable("Desk"), "https://example.com/afterwards", "").ID, localapi.SendAlerted)
	desk.await("the next tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 2 })
}

func TestDiagnostics(t *testing.T) {
	w := newWorld(t)
	log := diagnostics.NewLog(&logLines{})
	desk := w.station("Desk", func(p *agent.Params) {
		p.LogTail, p.LastCrash = log.Tail, func() string { return "panic: out of it\n/home/ada/tabferry.go:1" }
	}).run().signIn()
	w.svc.Faults.Next(invoke, 0, accounttest.DropConnection(), accounttest.Times(-1))
	lap := w.station("Laptop").run().signIn()
	desk.send(desk.alertable("Laptop"), "https://secret.example/path?q=private", "A private title")
	desk.await("the failure", func(s localapi.Snapshot) bool { return len(s.Outbox.Recent) == 1 && s.Outbox.Recent[0].Reason != "" })
	text, err := desk.face.Diagnostics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.0.1", "signed_in", "keyring", "push", w.svc.URL(), "not sent", "last crash:\npanic: out of it\n/home/[removed]/tabferry.go:1"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	secrets := []string{"someone@example.com", w.acct.UID(), "secret.example", "private", lap.snapshot().Account.DeviceID, desk.snapshot().Account.DeviceID}
	for _, token := range w.svc.LiveTokens() {
		secrets = append(secrets, token.ID)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the text holds %q:\n%s", secret, text)
		}
	}
	if text, err := w.station("New").run().face.Diagnostics(t.Context()); err != nil || !strings.Contains(text, "signed_out") {
		t.Errorf("a new installation's: %q, %v", text, err)
	}
}

func TestWindows(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	if shown, err := desk.face.ShowWindow(t.Context(), "inbox"); err != nil || shown {
		t.Errorf("without a window: %v, %v", shown, err)
	}
	window := desk.agent.Watch(localapi.FaceWindow)
	if shown, err := desk.face.ShowWindow(t.Context(), "inbox"); err != nil || !shown {
		t.Errorf("with a window: %v, %v", shown, err)
	}
	u, ok := window.Next(t.Context())
	if !ok || len(u.Events) != 1 || u.Events[0].Kind != localapi.ShowWindow || u.Events[0].Pane != "inbox" {
		t.Errorf("the window hears %+v", u.Events)
	}
	window.Close()
	if shown, err := desk.face.ShowWindow(t.Context(), ""); err != nil || shown {
		t.Errorf("after it was closed: %v, %v", shown, err)
	}
}

func TestQuit(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	watcher := desk.agent.Watch(localapi.FaceTray)
	defer watcher.Close()
	if _, ok := watcher.Next(t.Context()); !ok {
		t.Fatal("nothing to see")
	}
	if err := desk.face.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var last localapi.Update
	for {
		u, ok := watcher.Next(t.Context())
		if !ok {
			break
		}
		last = u
	}
	if n := len(last.Events); n == 0 || last.Events[n-1].Kind != localapi.Quitting {
		t.Errorf("the last word is %+v", last.Events)
	}
	w.eventually("calls to be refused", func() bool { return code(desk.face.Refresh(t.Context())) == localapi.CodeNotReachable })
}
