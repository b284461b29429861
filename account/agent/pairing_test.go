package agent_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// pairingState waits for a state of the pairing shown.
func (s *station) pairingState(states ...localapi.PairingState) localapi.Pairing {
	s.t.Helper()
	var got localapi.Pairing
	s.await("a state of pairing", func(snap localapi.Snapshot) bool {
		if snap.Pairing == nil {
			return false
		}
		for _, want := range states {
			if snap.Pairing.State == want {
				got = *snap.Pairing
				return true
			}
		}
		return false
	})
	return got
}

// One installation shows the code, another one reads it: both see each other, both say yes, and the
// second one is signed in. The code is in no snapshot and no log.
func TestPairing(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run()
	events := desk.events()
	if err := lap.face.ShowPairing(t.Context()); code(err) != localapi.CodeNotSignedIn {
		t.Errorf("showing a code signed out: %v", err)
	}
	if _, err := desk.face.PairingCode(t.Context()); code(err) != localapi.CodeConflict {
		t.Errorf("a code before one is shown: %v", err)
	}
	if err := desk.face.ConfirmPairing(t.Context(), ""); code(err) != localapi.CodeConflict {
		t.Errorf("confirming nothing: %v", err)
	}
	if err := desk.face.ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := desk.pairingState(localapi.PairShowing)
	if !shown.Authority || shown.Scanned || shown.RenewalsLeft != 6 || time.Until(shown.Until) > 5*time.Minute {
		t.Errorf("showing %+v", shown)
	}
	address, err := desk.face.PairingCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "https://example.com", "https://example.com/pair#channel_id=x&channel_key=y"} {
		if err := lap.face.JoinPairing(t.Context(), wrong); code(err) != localapi.CodeUsage {
			t.Errorf("joining %q: %v", wrong, err)
		}
	}
	if err := lap.face.JoinPairing(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	asked, joining := desk.pairingState(localapi.PairAsked), lap.pairingState(localapi.PairConfirming)
	if !asked.Scanned || asked.Peer == nil || !strings.Contains(asked.Peer.System, "Tabferry") || asked.Peer.Email != "someone@example.com" {
		t.Errorf("the desk is asked by %+v", asked.Peer)
	}
	if joining.Authority || joining.Peer == nil || joining.Peer.DeviceName != "Desk" || joining.Peer.Email != "someone@example.com" {
		t.Errorf("the laptop sees %+v", joining.Peer)
	}
	if err := desk.face.JoinPairing(t.Context(), address); code(err) != localapi.CodeConflict {
		t.Errorf("joining while signed in: %v", err)
	}
	if err := lap.face.ConfirmPairing(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	lap.pairingState(localapi.PairWaiting)
	if err := desk.face.ConfirmPairing(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	desk.pairingState(localapi.PairDone)
	done := lap.await("the end of pairing", func(s localapi.Snapshot) bool { return s.Pairing != nil && s.Pairing.State == localapi.PairDone })
	if done.Account.State != localapi.SignedIn || done.Account.DeviceID == "" {
		t.Errorf("when the pairing is done the account is %+v", done.Account)
	}
	lap.await("being signed in", settled)
	for _, s := range []*station{desk, lap} {
		if err := s.face.CancelPairing(t.Context()); err != nil || s.snapshot().Pairing != nil {
			t.Errorf("an ended pairing is not cleared: %v", err)
		}
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	fragment, err := url.ParseQuery(u.Fragment)
	if err != nil || len(fragment) < 2 {
		t.Fatalf("the code's fragment has %d members, %v", len(fragment), err)
	}
	for name, values := range fragment {
		for _, s := range []*station{desk, lap} {
			if len(values[0]) > 4 && strings.Contains(s.log.text(), values[0]) {
				t.Errorf("the log of %s holds the code's %s", s.params.DeviceName, name)
			}
		}
	}
	desk.send(desk.alertable("Laptop"), "https://example.com/paired", "")
	lap.await("a tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })

	// Of the device that was just let in nobody is warned, of the next one that connects everybody is.
	w.station("Stranger").run().signIn()
	desk.await("all devices", func(s localapi.Snapshot) bool { return len(s.Devices.Items) == 3 })
	desk.awaitEvent(events, localapi.DeviceConnected)
	warnings := slices.DeleteFunc(events(), func(e localapi.Event) bool { return e.Kind != localapi.DeviceConnected })
	if len(warnings) != 1 {
		t.Errorf("of two devices, one of which was let in here, is told %+v", warnings)
	}
}

func TestPairingDeclined(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run()
	if err := desk.face.ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk.pairingState(localapi.PairShowing)
	address, err := desk.face.PairingCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := lap.face.JoinPairing(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	lap.pairingState(localapi.PairConfirming)
	desk.pairingState(localapi.PairAsked)
	if err := desk.face.CancelPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := lap.pairingState(localapi.PairCancelled, localapi.PairFailed); got.State != localapi.PairCancelled {
		t.Errorf("the laptop ends with %+v", got)
	}
	if snap := lap.await("being signed out", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedOut }); snap.Account.DeviceID != "" {
		t.Errorf("after being declined: %+v", snap.Account)
	}
	if n := len(w.acct.Devices()); n != 1 {
		t.Errorf("the account has %d devices", n)
	}
	lap.signIn() // nothing of it is in the way
}

// The account's two-step authentication is asked for before a phone is let in.
func TestPairingWithTwoSteps(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run()
	w.acct.OTP("123456")
	if err := desk.face.ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	desk.pairingState(localapi.PairShowing)
	address, err := desk.face.PairingCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := lap.face.JoinPairing(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	desk.await("the question for a code", func(s localapi.Snapshot) bool {
		return s.Pairing != nil && s.Pairing.State == localapi.PairAsked && s.Pairing.NeedsTOTP
	})
	for _, wrong := range []string{"", "654321", "abc"} {
		if err := desk.face.ConfirmPairing(t.Context(), wrong); code(err) != localapi.CodeUsage {
			t.Errorf("the code %q: %v", wrong, err)
		}
	}
	if err := desk.face.ConfirmPairing(t.Context(), "123456"); err != nil {
		t.Fatal(err)
	}
	lap.pairingState(localapi.PairConfirming)
	if err := lap.face.ConfirmPairing(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	lap.pairingState(localapi.PairDone)
}
