//go:build desktop && !windows && !darwin

package screen

import (
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// portalDouble answers a screenshot request at once, with a picture of 3 by 2 pixels.
type portalDouble struct {
	t    *testing.T
	conn *dbus.Conn
	path string
}

// Screenshot is the portal's method.
func (p *portalDouble) Screenshot(_ string, options map[string]dbus.Variant, sender dbus.Sender) (dbus.ObjectPath, *dbus.Error) {
	token, ok := options["handle_token"].Value().(string)
	if !ok {
		p.t.Error("no handle_token")
	}
	name := strings.ReplaceAll(strings.TrimPrefix(string(sender), ":"), ".", "_")
	path := dbus.ObjectPath(portalPath + "/request/" + name + "/" + token)
	values := map[string]dbus.Variant{"uri": dbus.MakeVariant("file://" + p.path)}
	if err := p.conn.Emit(path, portalDone, uint32(0), values); err != nil {
		p.t.Error(err)
	}
	return path, nil
}

func fakePortal(t *testing.T, picture string) {
	t.Helper()
	f, err := os.Create(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	double := &portalDouble{t: t, conn: conn, path: picture}
	if err := conn.Export(double, portalPath, "org.freedesktop.portal.Screenshot"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(portalName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
}
