//go:build !windows && !darwin

package tray

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/assets"
)

// onTheBus is the body of an answer as the bus gets it.
func onTheBus(t testing.TB, body ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	m := &dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(uint32(1)), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...)),
	}}
	order := binary.ByteOrder(binary.LittleEndian) // the machine's, which the library wants by name
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		order = binary.BigEndian
	}
	if err := m.EncodeTo(&out, order); err != nil {
		t.Fatal(err)
	}
	all := out.Bytes()
	return all[len(all)-int(order.Uint32(all[4:])):]
}

func TestPictureInWordsIsTheSameOnTheBus(t *testing.T) {
	p := pixmap{2, 1, []byte{0xff, 1, 2, 3, 0x80, 4, 5, 6}}
	want := onTheBus(t, dbus.MakeVariant([]pixmap{p}))
	if got := onTheBus(t, inWords(p)); !bytes.Equal(got, want) {
		t.Errorf("in words\n%x\nin bytes\n%x", got, want)
	}
}

// TestPicturesHaveNames: in a folder that panels can read lies a picture for every state, which is named in place of
// its pixels; what lies there already is left alone, and what is another one replaced.
func TestPicturesHaveNames(t *testing.T) {
	folder := t.TempDir()
	b := newBusBar("Tabferry", slog.New(slog.DiscardHandler))
	var err error
	if b.icons, err = placeIcons(folder); err != nil {
		t.Fatal(err)
	}
	for _, state := range assets.TrayStates() {
		b.show(state, "3 unread", someLines)
		all := b.item()
		path := filepath.Join(all["IconThemePath"].Value().(string), all["IconName"].Value().(string)+".png")
		if picture, err := os.ReadFile(path); err != nil || !bytes.Equal(picture, assets.TrayIcon(state, assets.Color)) {
			t.Errorf("%s: %s has %d bytes, %v", state, path, len(picture), err)
		}
		if n := len(onTheBus(t, all)); n > 600 || all["IconPixmap"].Signature().String() != "a(iiay)" {
			t.Errorf("%s: an answer has %d bytes: %v", state, n, all)
		}
	}
	fine := filepath.Join(b.icons, iconName(assets.TrayFine)+".png")
	old := time.Now().Add(-time.Hour)
	if err := errors.Join(os.Chtimes(fine, old, old), os.WriteFile(filepath.Join(b.icons, iconName(assets.TrayQuiet)+".png"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := placeIcons(folder); err != nil {
		t.Fatal(err)
	}
	if is, err := os.Stat(fine); err != nil || is.ModTime().After(old.Add(time.Minute)) {
		t.Errorf("written again: %v, %v", is, err)
	}
	if picture, err := os.ReadFile(filepath.Join(b.icons, iconName(assets.TrayQuiet)+".png")); err != nil || len(picture) < 100 {
		t.Errorf("not replaced: %q, %v", picture, err)
	}
	if all, err := os.ReadDir(b.icons); err != nil || len(all) != len(assets.TrayStates()) {
		t.Errorf("%d files, %v", len(all), err)
	}
}

// TestPicturesWithoutAFolder: then the pixels go along.
func TestPicturesWithoutAFolder(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, wrong := range map[string]bool{"": false, taken: true} {
		place, err := placeIcons(folder)
		if place != "" || (err != nil) != wrong {
			t.Errorf("in %q: %q, %v", folder, place, err)
		}
	}
	b := newBusBar("Tabferry", slog.New(slog.DiscardHandler))
	b.show(assets.TrayFine, "3 unread", someLines)
	if all := b.item(); all["IconName"].Value() != "" || len(onTheBus(t, all)) < 64*64*4 {
		t.Errorf("an icon by the name %v, with %d bytes", all["IconName"], len(onTheBus(t, all)))
	}
}

// TestAnswerToAPanelIsCheap: panels ask for all properties whenever they are told of anything. Encoded byte by
// byte, the picture of 64 by 64 pixels costs more than 16,000 allocations.
func TestAnswerToAPanelIsCheap(t *testing.T) {
	b := newBusBar("Tabferry", slog.New(slog.DiscardHandler))
	b.show(assets.TrayFine, "3 unread", someLines)
	answer := func() { onTheBus(t, b.item()) }
	answer() // decodes the picture
	if n := testing.AllocsPerRun(10, answer); n > 6000 {
		t.Errorf("an answer costs %.0f allocations", n)
	}
	if got := len(onTheBus(t, b.item())); got < 64*64*4 {
		t.Errorf("an answer has %d bytes, less than the picture", got)
	}
}

// BenchmarkAnswerToAPanel is one answer, encoded twice, as the library does.
//
//	go test ./ui/tray -run '^$' -bench Panel
func BenchmarkAnswerToAPanel(b *testing.B) {
	bar := newBusBar("Tabferry", slog.New(slog.DiscardHandler))
	bar.show(assets.TrayFine, "3 unread", someLines)
	b.ReportAllocs()
	for b.Loop() {
		all := bar.item()
		onTheBus(b, all)
		onTheBus(b, all)
	}
}
