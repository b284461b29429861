package window

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestManyDevicesCanBeSearched by name and place; few have no search in their way.
func TestManyDevicesCanBeSearched(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneDevices)
		p := paneOf[*devicesPane](h, PaneDevices)
		if p.search.Visible() {
			t.Error("four devices have a search")
		}
		h.change(func(s *localapi.Snapshot) {
			for i := range 500 {
				s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: fmt.Sprint("d", i), Name: fmt.Sprint("Device ", i), Type: "desktop", CanReceiveTabs: true})
			}
		})
		relayout(h)
		if n := len(h.rows()); n > 80 {
			t.Errorf("%d rows exist", n)
		}
		h.w.shortcut(&desktop.CustomShortcut{KeyName: fyne.KeyF, Modifier: fyne.KeyModifierShortcutDefault})
		if h.w.current != PaneDevices || h.w.win.Canvas().Focused() != p.search {
			t.Fatalf("Ctrl+F leads to %s", h.w.current)
		}
		p.search.SetText("device 49")
		relayout(h)
		h.row("Device 49")
		h.row("Device 499")
		h.wantNot("Device 48", "Pixel 9")
		p.search.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
		if h.w.win.Canvas().Focused() != h.row("Device 49") {
			t.Error("Down does not lead to what was found")
		}
		p.search.SetText("berlin")
		h.row("Pixel 9")
		p.search.SetText("nowhere")
		h.want("Nothing found for “nowhere”", "This computer")
		h.tap("Clear the search")
		h.row("Pixel 9")
	})
}

// TestOtherSignInsSayHowTheyAre: loading, failed with a way out, as last known since when.
func TestOtherSignInsSayHowTheyAre(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		set := func(edit func(*localapi.Snapshot)) {
			h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Clients = localapi.ClientList{}; edit(s) }))
			h.w.show(PaneDevices)
		}
		known := signedIn().Clients
		set(func(s *localapi.Snapshot) {})
		h.want("Fetching the other sign-ins…")
		set(func(s *localapi.Snapshot) { s.Clients.Problem = "The server is busy" })
		h.want("The server is busy")
		h.take()
		h.tap("Retry")
		h.wantCalls("Refresh")
		set(func(s *localapi.Snapshot) { s.Connection.Online = false })
		h.want("Other sign-ins", "Retry")
		set(func(s *localapi.Snapshot) { s.Clients, s.Clients.Problem = known, "The server is busy" })
		h.want("Mozilla Monitor", "The server is busy · Shown as last known (1 minute ago)", "Retry")
		set(func(s *localapi.Snapshot) { s.Clients, s.Connection.Online = known, false })
		h.want("Mozilla Monitor", "Shown as last known (1 minute ago)")
		set(func(s *localapi.Snapshot) { s.Clients = known })
		h.want("Mozilla Monitor")
		h.wantNot("Shown as last known", "Retry")
		set(func(s *localapi.Snapshot) { s.Clients.Known = true })
		h.wantNot("Other sign-ins")
	})
}
