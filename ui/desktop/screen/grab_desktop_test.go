//go:build desktop && !windows && !darwin

package screen

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// TestGrabX11Server reads the screen of a real X server that shows one window.
func TestGrabX11Server(t *testing.T) {
	const display = ":93"
	server := exec.Command("Xvfb", display, "-screen", "0", "640x480x24", "-nolisten", "tcp")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := server.Wait(); err != nil {
			t.Log(err)
		}
	}()
	t.Setenv("DISPLAY", display)
	t.Setenv("WAYLAND_DISPLAY", "")
	var conn *xgb.Conn
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if conn, err = xgb.NewConn(); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	defer conn.Close()
	screen := xproto.Setup(conn).DefaultScreen(conn)
	window, err := xproto.NewWindowId(conn)
	if err != nil {
		t.Fatal(err)
	}
	err = xproto.CreateWindowChecked(conn, screen.RootDepth, window, screen.Root, 100, 50, 200, 100, 0,
		xproto.WindowClassInputOutput, screen.RootVisual, xproto.CwBackPixel|xproto.CwOverrideRedirect, []uint32{0x102030, 1}).Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := xproto.MapWindowChecked(conn, window).Check(); err != nil {
		t.Fatal(err)
	}
	img, err := Grab(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, 640, 480) {
		t.Errorf("bounds %v", img.Bounds())
	}
	want := color.RGBA{0x10, 0x20, 0x30, 0xff}
	if got := img.At(150, 100); got != want {
		t.Errorf("inside the window: %v", got)
	}
	if got := img.At(10, 10); got == want {
		t.Error("outside the window the same colour")
	}
	if area, err := WorkArea(); err != nil || area != image.Rect(0, 0, 640, 480) {
		t.Errorf("work area %v, %v", area, err)
	}
	atom, err := xproto.InternAtom(conn, false, 13, "_NET_WORKAREA").Reply()
	if err != nil {
		t.Fatal(err)
	}
	var panels []byte
	for _, n := range []uint32{0, 24, 640, 430} {
		panels = binary.LittleEndian.AppendUint32(panels, n)
	}
	if err := xproto.ChangePropertyChecked(conn, xproto.PropModeReplace, screen.Root, atom.Atom, xproto.AtomCardinal, 32, 4, panels).Check(); err != nil {
		t.Fatal(err)
	}
	if area, err := WorkArea(); err != nil || area != image.Rect(0, 24, 640, 454) {
		t.Errorf("work area %v, %v", area, err)
	}
}

// TestGrabPortal asks a portal made for the test on a bus of its own.
func TestGrabPortal(t *testing.T) {
	bus := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:dir="+t.TempDir())
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := bus.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := bus.Wait(); err == nil {
			t.Error("the bus ended by itself")
		}
	}()
	line := make([]byte, 512)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", string(bytes.TrimSpace(line[:n])))
	t.Setenv("WAYLAND_DISPLAY", "wayland-9")
	picture := filepath.Join(t.TempDir(), "shot.png")
	fakePortal(t, picture)
	img, err := Grab(t.Context())
	if err != nil || img.Bounds().Size() != image.Pt(3, 2) {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(picture); err == nil {
		t.Error("the picture was left on the disk")
	}
}
