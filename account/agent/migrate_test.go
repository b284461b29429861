package agent_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// unreachable is a network that leads nowhere.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errLost}
}

// ofVersion1 gives a station a store that the program wrote before what is kept had owners.
func (s *station) ofVersion1(name string) *station {
	s.t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "version1", name+".db"))
	if err == nil {
		err = os.MkdirAll(s.params.DataDir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(s.storeFile(), file, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	keys, err := os.ReadFile(filepath.Join("testdata", "version1", name+".keyring.json"))
	if err == nil {
		err = json.Unmarshal(keys, &s.secrets.entries)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return s
}

// What an older version kept is there after an update: for whoever is signed in, and for nobody's eyes
// where nobody is.
func TestStoreOfVersion1(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		nowhere := func(p *agent.Params) { p.Transport, p.PushTransport = unreachable{}, unreachable{} }
		desk := w.station("Desk", nowhere).ofVersion1("signed_in").run()
		for range 2 {
			rest(time.Minute)
			snap := desk.snapshot()
			if snap.Account.State != localapi.SignedIn || snap.Inbox.Total != 3 || len(snap.Outbox.Recent) != 2 || snap.Outbox.Waiting != 1 {
				t.Errorf("signed in: %s", describe(snap))
			}
			if snap.Settings.Appearance != "dark" || len(snap.Settings.OpenFrom) != 1 || !snap.Devices.Known || snap.Devices.Items[0].LastSentTo.IsZero() || snap.Storage.Earlier.People != 0 {
				t.Errorf("settings %+v, devices %+v, %+v", snap.Settings, snap.Devices, snap.Storage)
			}
			desk.again()
		}
		desk.end()
		if copies, err := filepath.Glob(desk.storeFile() + ".*"); err != nil || len(copies) != 0 {
			t.Errorf("left beside the store: %v, %v", copies, err)
		}

		desk = w.station("Left", nowhere).ofVersion1("signed_out").run()
		rest(time.Minute)
		wantNothing(t, "signed out", desk.shown(), "received.example", "sent.example")
		if e := desk.snapshot().Storage.Earlier; e.People != 1 || e.Entries != 5 {
			t.Errorf("of earlier sign-ins: %+v", e)
		}
		rest(31 * 24 * time.Hour)
		desk.end()
		if left := desk.everything(); strings.Contains(left, "received.example") || !strings.Contains(left, `"dark"`) {
			t.Errorf("after 31 days: %s", left)
		}
	})
}

// With a keyring that takes its time nobody is told to be signed in before that would outlive a kill.
func TestSlowKeyring(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble)
		block := make(chan struct{})
		desk.secrets.mood(nil, block)
		time.AfterFunc(2*time.Second, func() { close(block) })
		desk.run()
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
		snap := desk.snapshot()
		killed, err := os.ReadFile(desk.storeFile())
		if err != nil {
			t.Fatalf("signed in without a file: %v, %s", err, describe(snap))
		}
		rest(time.Second)
		desk.end()
		if err := os.WriteFile(desk.storeFile(), killed, 0o600); err != nil {
			t.Fatal(err)
		}
		rest(time.Second)
		desk.run()
		rest(time.Second)
		if snap := desk.snapshot(); snap.Account.State != localapi.SignedIn {
			t.Errorf("after a kill: %s", describe(snap))
		}
	})
}
