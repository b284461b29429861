//go:build !windows && !darwin

package tray

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"

	"github.com/tabferry/tabferry/assets"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// iconName is what the picture of a state is called in the folder of placeIcons.
func iconName(state assets.TrayState) string { return "tabferry-tray-" + string(state) }

// placeIcons puts the pictures of all states where panels find them by name, as libappindicator does, and returns
// that place. Panels ask for all properties of an icon whenever they are told of anything, the tooltip of a new tab
// as well: with the pixels among them an answer has 16 kB and takes a millisecond. All pictures are there before the
// first is named, since GTK looks only every five seconds whether there are others. From a sandbox no panel can read
// files; there, and where the folder takes none, the place is empty.
func placeIcons(folder string) (place string, err error) {
	if folder == "" || session.Sandboxed(os.Getenv) {
		return "", nil
	}
	place = filepath.Join(folder, "tray")
	if err := os.MkdirAll(place, 0o700); err != nil {
		return "", err
	}
	for _, state := range assets.TrayStates() {
		path, picture := filepath.Join(place, iconName(state)+".png"), assets.TrayIcon(state, assets.Color)
		if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, picture) { // #nosec G304 -- in our own folder
			continue
		}
		fresh := path + ".new" // nobody reads half of it
		if err := os.WriteFile(fresh, picture, 0o600); err != nil {
			return "", err
		}
		if err := os.Rename(fresh, path); err != nil {
			return "", err
		}
	}
	return place, nil
}

// pixmap is a picture as StatusNotifierItem has it: (iiay), ARGB with the highest byte first.
type pixmap struct {
	Width, Height int32
	Pixels        []byte
}

// wordPixmap is the same on the bus as a pixmap, where an array is the number of its bytes and then these. The
// library writes arrays element by element, each through reflection, twice for a message. So it is handed a word for
// a pixel: 1.0 instead of 4.2 ms of the processor and 8,500 instead of 33,100 allocations for an answer.
type wordPixmap struct {
	Width, Height int32
	Pixels        []uint32 // in the machine's order, as the library writes messages
}

func inWords(p pixmap) dbus.Variant {
	w := wordPixmap{p.Width, p.Height, make([]uint32, len(p.Pixels)/4)}
	for i := range w.Pixels {
		w.Pixels[i] = binary.NativeEndian.Uint32(p.Pixels[4*i:])
	}
	return dbus.MakeVariantWithSignature([]wordPixmap{w}, dbus.SignatureOf([]pixmap{}))
}

// trayPixmap decodes the icon of a state. The pictures are part of the program and tested.
func trayPixmap(state assets.TrayState) pixmap {
	decoded, err := png.Decode(bytes.NewReader(assets.TrayIcon(state, assets.Color)))
	if err != nil {
		return pixmap{}
	}
	picture := image.NewNRGBA(decoded.Bounds())
	draw.Draw(picture, picture.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	pixels := picture.Pix
	for i := 0; i < len(pixels); i += 4 { // RGBA to ARGB
		pixels[i], pixels[i+1], pixels[i+2], pixels[i+3] = pixels[i+3], pixels[i], pixels[i+1], pixels[i+2]
	}
	size := picture.Bounds().Size()
	return pixmap{int32(size.X), int32(size.Y), pixels} // #nosec G115 -- an icon of ours
}
