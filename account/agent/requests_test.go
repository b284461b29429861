package agent_test

import (
	"fmt"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What a tab and a send ask of the server does not grow with the devices: a tab is one request, a send is
// one, and the list of devices is fetched once for all of them, also where no device can be alerted.
func TestRequestsDoNotGrowWithDevices(t *testing.T) {
	for _, devices := range []int{3, 25} {
		t.Run(fmt.Sprint(devices), func(t *testing.T) {
			w := newWorld(t)
			desk, from := w.crowd(devices, 0) // none of them has a push subscription
			id := desk.now().Account.DeviceID
			const tabs, links = 10, 8
			desk.tab(from, id, 0)
			desk.await("the first tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })

			w.svc.ForgetRequests()
			for i := range tabs {
				desk.tab(from, id, 1+i)
				desk.await("a tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 2+i })
			}
			if polls, lists := w.count("GET /v1/account/device/commands"), w.count("GET /v1/account/devices"); polls > tabs+1 || lists > 2 {
				t.Errorf("%d tabs took %d polls and %d lists of devices", tabs, polls, lists)
			}

			w.svc.ForgetRequests()
			desk.sendMany(links)
			if sends := w.count("POST /v1/account/devices/invoke_command"); sends != links*devices {
				t.Errorf("%d sends for %d links and %d devices", sends, links, devices)
			}
			if lists := w.count("GET /v1/account/devices"); lists > 3 {
				t.Errorf("%d sends to devices that cannot be alerted fetched %d lists", links*devices, lists)
			}
		})
	}
}
