//go:build peers

package peers

import (
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// endpoint is where the accounts server alerts a device, "" for nowhere.
func endpoint(a *accounttest.Account, deviceID string) string {
	devices := a.Devices()
	i := slices.IndexFunc(devices, func(d accounttest.Device) bool { return d.ID == deviceID })
	if i < 0 || devices[i].PushEndpointExpired {
		return ""
	}
	return devices[i].PushCallback
}

// untilOther waits until a device is alerted at a live endpoint that is not the old one.
func untilOther(t *testing.T, a *accounttest.Account, deviceID, old string) {
	t.Helper()
	until(t, "the server knows a new endpoint", func() (bool, string) {
		now := endpoint(a, deviceID)
		return now != "" && now != old, "it knows none, or the old one"
	})
}

// TestPeerFirefoxEndpoints: what cannot be pushed is fetched, and an endpoint that has died heals, on
// either side.
func TestPeerFirefoxEndpoints(t *testing.T) {
	t.Parallel()
	s, a, b, f := pair(t)
	there, here := f.untilDevice("Firefox there"), b.untilDevice("Tabferry here")

	t.Run("Firefox polls", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		s.Push().AnswerEndpoints(503)
		defer s.Push().AnswerEndpoints(0)
		f.send(there.ID, localapi.Link{URL: page(s, "polled"), Title: "Polled"})
		f.untilState("done sending without an alert", func(n localapi.Snapshot) bool {
			return n.Outbox.Waiting == 0 && n.Outbox.Recent[0].State != localapi.SendAlerted
		})
		b.poll()
		b.untilOpen(page(s, "polled"))
	})

	t.Run("Firefox's endpoint dies", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		old := endpoint(a, there.ID)
		s.Push().EndSubscription(old)
		f.send(there.ID, localapi.Link{URL: page(s, "dead"), Title: "To a dead endpoint"})
		f.untilState("told that the device cannot be alerted", func(n localapi.Snapshot) bool {
			return n.Outbox.Recent[0].State == localapi.SendPushOff
		})
		// This Firefox polls when it syncs. Were it to look at its devices first, it would subscribe
		// anew, poll inside of that, and for a waiting tab look at its devices again: it then waits for
		// itself until it is started anew.
		b.poll()
		b.untilOpen(page(s, "dead"))
		b.devices() // it sees the mark on its own row and subscribes anew
		untilOther(t, a, there.ID, old)
		f.send(there.ID, localapi.Link{URL: page(s, "healed"), Title: "Healed"})
		b.untilOpen(page(s, "healed"))
		f.untilState("able to alert it again", func(n localapi.Snapshot) bool {
			return n.Outbox.Recent[0].State == localapi.SendAlerted
		})
	})

	t.Run("Tabferry's endpoint dies", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		old := endpoint(a, here.ID)
		s.Push().EndSubscription(old)
		b.send(here.ID, "https://example.org/while-dead", "While the endpoint is dead")
		if got := endpoint(a, here.ID); got != "" {
			t.Fatalf("the server still alerts Tabferry at %s", got)
		}
		if err := f.Refresh(t.Context()); err != nil { // it sees the mark on its own row and subscribes anew
			t.Fatal(err)
		}
		untilOther(t, a, here.ID, old)
		b.send(here.ID, "https://example.org/after", "After")
		for i, want := range []string{"https://example.org/while-dead", "https://example.org/after"} {
			if got := f.untilReceived(2)[i]; got.URL != want {
				t.Errorf("entry %d is %s, want %s", i, compact(got), want)
			}
		}
	})

	t.Run("the push service forgets everybody", func(t *testing.T) {
		b, f := b.in(t), f.in(t)
		ours, theirs := endpoint(a, here.ID), endpoint(a, there.ID)
		s.Push().ForgetUserAgents()
		s.Push().Cut()
		untilOther(t, a, here.ID, ours)
		untilOther(t, a, there.ID, theirs)
		b.send(here.ID, "https://example.org/remembered", "Remembered")
		if got := f.untilReceived(3)[2]; got.URL != "https://example.org/remembered" {
			t.Errorf("Tabferry received %s", compact(got))
		}
		f.send(there.ID, localapi.Link{URL: page(s, "remembered"), Title: "Remembered"})
		b.untilOpen(page(s, "remembered"))
	})
}
