//go:build peers

package peers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// ferry is our own agent, whole, in this process: what a person has without its faces.
type ferry struct {
	*localapi.Client
	t       *testing.T
	service *accounttest.Service
	account *accounttest.Account
}

// in gives the same agent on behalf of a subtest.
func (f *ferry) in(t *testing.T) *ferry {
	c := *f
	c.t = t
	return &c
}

// newFerry starts an agent for the service, signed out and without a disk.
func newFerry(t *testing.T, s *accounttest.Service, a *accounttest.Account, name string, edit ...func(*agent.Params)) *ferry {
	t.Helper()
	params := agent.Params{
		DataDir: t.TempDir(), Version: "test", DeviceName: name, Protection: localapi.MemoryOnly,
		Service: agent.Service{
			Server: s.URL(), PushServer: s.PushURL(), PairingServer: s.PairingURL(),
		},
	}
	for _, e := range edit {
		e(&params)
	}
	engine, err := agent.New(params)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	pipe := localapi.NewPipe()
	ran, served := make(chan error, 1), make(chan error, 1)
	go func() { ran <- engine.Run(ctx) }()
	go func() { served <- localapi.Serve(ctx, pipe, engine, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("the agent ended with %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("the local API ended with %v", err)
		}
	})
	return &ferry{Client: pipe.Client(), t: t, service: s, account: a}
}

// signIn signs in by the page and waits until the device is registered and push is up.
func (f *ferry) signIn() {
	f.t.Helper()
	f.untilState("ready to sign in", func(s localapi.Snapshot) bool { return !s.Storage.Locked })
	page, err := f.BeginSignIn(f.t.Context(), "")
	if err != nil {
		f.t.Fatal(err)
	}
	redirect, err := f.service.Approve(page.URL, f.account)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.CompleteSignIn(f.t.Context(), redirect); err != nil {
		f.t.Fatal(err)
	}
	f.untilConnected()
}

// untilConnected waits until the agent is signed in, registered and can be alerted.
func (f *ferry) untilConnected() {
	f.t.Helper()
	f.untilState("signed in with push", func(s localapi.Snapshot) bool {
		return s.Account.State == localapi.SignedIn && s.Connection.Push.Connected &&
			slices.ContainsFunc(s.Devices.Items, func(d localapi.Device) bool { return d.This && !d.PushOff })
	})
}

// untilState waits for a state of the agent, as its window does.
func (f *ferry) untilState(what string, fits func(localapi.Snapshot) bool) localapi.Snapshot {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	var last localapi.Snapshot
	for update, err := range f.Watch(ctx, localapi.FaceCommand) {
		if err != nil {
			f.t.Fatalf("waited in vain until Tabferry is %s: %v; it says %s", what, err, compact(last))
		}
		if last = update.Snapshot; fits(last) {
			break
		}
	}
	return last
}

// untilDevice waits until the agent lists a device of that name that can receive tabs.
func (f *ferry) untilDevice(name string) localapi.Device {
	f.t.Helper()
	var found localapi.Device
	f.untilState("aware of "+name, func(s localapi.Snapshot) bool {
		i := slices.IndexFunc(s.Devices.Items, func(d localapi.Device) bool { return d.Name == name && d.CanReceiveTabs })
		if i >= 0 {
			found = s.Devices.Items[i]
		}
		return i >= 0
	})
	return found
}

// untilSent waits until every sent tab has reached the state.
func (f *ferry) untilSent(state localapi.SendState) {
	f.t.Helper()
	f.untilState("done sending: "+string(state), func(s localapi.Snapshot) bool {
		return !slices.ContainsFunc(s.Outbox.Recent, func(e localapi.OutboxEntry) bool { return e.State != state })
	})
}

// send sends links to a device.
func (f *ferry) send(to string, links ...localapi.Link) {
	f.t.Helper()
	if _, err := f.Send(f.t.Context(), localapi.SendRequest{Links: links, Devices: []string{to}}); err != nil {
		f.t.Fatal(err)
	}
}

// untilReceived waits for a number of received entries and gives them, oldest first.
func (f *ferry) untilReceived(n int) []localapi.InboxEntry {
	f.t.Helper()
	f.untilState(fmt.Sprintf("holding %d received entries", n), func(s localapi.Snapshot) bool { return s.Inbox.Total >= n })
	entries, err := f.Inbox(f.t.Context(), localapi.InboxQuery{Limit: 500})
	if err != nil {
		f.t.Fatal(err)
	}
	slices.Reverse(entries)
	return entries
}
