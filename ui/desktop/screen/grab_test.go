//go:build !windows && !darwin

package screen

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"
)

func TestGrabWithoutADisplay(t *testing.T) {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"} {
		t.Setenv(name, "")
	}
	if _, err := Grab(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestGrabWithoutAServer(t *testing.T) {
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("WAYLAND_SOCKET", "")
	t.Setenv("DISPLAY", ":4095")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	if _, err := Grab(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Grab(ctx); err == nil {
		t.Error("a cancelled grab succeeded")
	}
}

func TestX11Layouts(t *testing.T) {
	little := x11Layout{bits: 32, pad: 32, red: 0xff0000, green: 0xff00, blue: 0xff}
	big := little
	big.bigEndian = true
	want := color.RGBA{1, 2, 3, 255}
	for name, c := range map[string]struct {
		layout x11Layout
		pixel  []byte
	}{
		"bgrx":     {little, []byte{3, 2, 1, 0}},
		"xrgb":     {big, []byte{0, 1, 2, 3}},
		"rgbx":     {x11Layout{bits: 32, pad: 32, red: 0xff, green: 0xff00, blue: 0xff0000}, []byte{1, 2, 3, 0}},
		"wide pad": {x11Layout{bits: 32, pad: 64, red: 0xff0000, green: 0xff00, blue: 0xff}, []byte{3, 2, 1, 0, 9, 9, 9, 9}},
	} {
		img, err := c.layout.picture(bytes.Repeat(c.pixel, 2), 1, 2)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for y := range 2 {
			if got := img.RGBAAt(0, y); got != want {
				t.Errorf("%s: line %d is %v", name, y, got)
			}
		}
	}
	for name, l := range map[string]x11Layout{
		"16 bits":       {bits: 16, pad: 32, red: 0xf800, green: 0x7e0, blue: 0x1f},
		"no masks":      {bits: 32, pad: 32},
		"ten bits each": {bits: 32, pad: 32, red: 0x3ff00000, green: 0xffc00, blue: 0x3ff},
	} {
		if _, err := l.picture(make([]byte, 64), 2, 2); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := little.picture(make([]byte, 15), 2, 2); !errors.Is(err, ErrUnavailable) {
		t.Errorf("cut off: %v", err)
	}
}

func TestPortalAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "Screen shot.png")
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	answer := func(code uint32, value any) []any {
		return []any{code, map[string]dbus.Variant{"uri": dbus.MakeVariant(value)}}
	}
	img, err := portalPicture(answer(0, (&url.URL{Scheme: "file", Path: path}).String()))
	if err != nil || img.Bounds().Size() != image.Pt(3, 2) {
		t.Fatalf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the picture was left on the disk")
	}
	for name, c := range map[string]struct {
		body []any
		want error
	}{
		"declined":    {answer(1, ""), ErrDeclined},
		"ended":       {answer(2, ""), ErrDeclined},
		"empty":       {nil, ErrUnavailable},
		"wrong types": {[]any{"0", "x"}, ErrUnavailable},
		"no uri":      {[]any{uint32(0), map[string]dbus.Variant{}}, ErrUnavailable},
		"web address": {answer(0, "https://example.com/x.png"), ErrUnavailable},
		"other host":  {answer(0, "file://elsewhere/x.png"), ErrUnavailable},
		"number":      {answer(0, 7), ErrUnavailable},
		"gone":        {answer(0, "file://"+path), os.ErrNotExist},
	} {
		if _, err := portalPicture(c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
