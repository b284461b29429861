package tray

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// TestATabCostsTheSameWithManyDevices: where the devices are those of the update before, another update costs no more
// with 500 of them than with 40, which fill the menu, nor more with 10,000 unread tabs, whether a link is copied or not.
func TestATabCostsTheSameWithManyDevices(t *testing.T) {
	for _, link := range []string{"", "https://example.org/page"} {
		cost := func(devices, unread int) float64 {
			p := Params{Words: func(string) *i18n.Catalogue { return english() }, Now: func() time.Time { return noon }}
			f := newFace(p, &fakeBar{})
			f.link = link
			u := localapi.Update{Snapshot: signedIn(devices)}
			u.Snapshot.Inbox.Unread = unread
			return testing.AllocsPerRun(100, func() {
				f.update(u)
				f.redraw()
			})
		}
		if few, many := cost(40, 300), cost(500, 10_000); many > few {
			t.Errorf("with the link %q a tab costs %v allocations, with many devices and unread tabs %v", link, few, many)
		}
	}
}

// TestNamesakesAreOfTheNewestList: a list of devices that has changed has namesakes of its own.
func TestNamesakesAreOfTheNewestList(t *testing.T) {
	f := newFace(Params{Words: func(string) *i18n.Catalogue { return english() }}, &fakeBar{})
	s := signedIn(2)
	f.update(localapi.Update{Snapshot: s})
	if len(f.namesakes) != 0 {
		t.Errorf("namesakes of none: %v", f.namesakes)
	}
	s.Devices.Items = append([]localapi.Device{}, s.Devices.Items...)
	s.Devices.Items[1].Name = s.Devices.Items[0].Name
	f.update(localapi.Update{Snapshot: s})
	if len(f.namesakes) != 2 {
		t.Errorf("namesakes %v", f.namesakes)
	}
}
