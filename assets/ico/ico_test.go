package ico_test

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"image/png"
	"testing"

	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/assets/ico"
)

func TestICOHoldsThePictures(t *testing.T) {
	file := ico.Tray(assets.TrayFine, assets.Color)
	if kind, count := binary.LittleEndian.Uint16(file[2:]), binary.LittleEndian.Uint16(file[4:]); kind != 1 || count != 2 {
		t.Fatalf("kind %d, %d pictures", kind, count)
	}
	want, err := png.Decode(bytes.NewReader(assets.TrayIcon(assets.TrayFine, assets.Color)))
	if err != nil {
		t.Fatal(err)
	}
	entry := file[6+16:] // the second: 64 pixels
	size := int(entry[0])
	length, offset := binary.LittleEndian.Uint32(entry[8:]), binary.LittleEndian.Uint32(entry[12:])
	bitmap := file[offset : offset+length]
	if size != 64 || int(offset+length) != len(file) || len(bitmap) != 40+64*64*4+8*64 {
		t.Fatalf("size %d at %d+%d of %d", size, offset, length, len(file))
	}
	for y := range 64 {
		for x := range 64 {
			at := 40 + ((63-y)*64+x)*4
			got := color.NRGBA{B: bitmap[at], G: bitmap[at+1], R: bitmap[at+2], A: bitmap[at+3]}
			if got != color.NRGBAModel.Convert(want.At(x, y)) {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want.At(x, y))
			}
		}
	}
}
