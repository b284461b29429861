package agent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Many links that wait for a device that has left the account meanwhile cost a few lists of devices, not one
// each, and are told of each.
func TestLinksForADeviceThatHasLeft(t *testing.T) {
	t.Parallel()
	const links = 40
	for _, toClose := range []bool{false, true} {
		t.Run(fmt.Sprintf("to close %v", toClose), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				var wire line
				desk := w.station("Desk", w.inBubble, func(p *agent.Params) {
					p.PushTransport, wire.next = p.Transport, p.Transport
					p.Transport = &wire
				}).run().signIn()
				lap := w.station("Laptop", w.inBubble).run().signIn()
				to := desk.alertable("Laptop")
				events := desk.events()
				wire.pull(true)
				r := localapi.SendRequest{Devices: []string{to.ID}, Close: toClose}
				for i := range links {
					r.Links = append(r.Links, localapi.Link{URL: fmt.Sprintf("https://example.com/%d", i)})
				}
				sent, err := desk.face.Send(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				rest(time.Minute)
				lap.end()
				if !w.acct.DeleteDevice(to.ID) {
					t.Fatal("the device is not there")
				}
				rest(time.Minute)
				w.svc.ForgetRequests()
				wire.pull(false)
				rest(time.Minute)
				// Two are the attempt's, one is what every return of the network costs, and one the faces' once it is
				// known; the latter two may be the same.
				if n := w.count(deviceList); n < 1 || n > 4 {
					t.Errorf("%d lists of devices are fetched", n)
				}
				if n := w.count(invoke); n != 0 {
					t.Errorf("%d requests to send", n)
				}
				told := map[string]int{}
				for _, e := range events() {
					if e.Kind == localapi.SendGivenUp && e.Send != nil {
						told[e.Send.ID]++
					}
				}
				for _, e := range sent {
					got, err := desk.face.Sent(t.Context(), e.ID)
					if err != nil || got.State != localapi.SendFailed || got.Reason == "" || told[e.ID] != 1 {
						t.Errorf("%+v, %v, told %d times", got, err, told[e.ID])
					}
				}
			})
		})
	}
}
