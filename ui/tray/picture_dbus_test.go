//go:build !windows && !darwin

package tray

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"testing"

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
