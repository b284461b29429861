// Package ico makes icons in the format of Windows. It is a room of its own because the library registers its format
// with package image: a program that imports it reads icons wherever it reads pictures.
package ico

import (
	"bytes"
	"image"
	"image/png"

	"github.com/sergeymakinen/go-ico"

	"github.com/tabferry/tabferry/assets"
)

// Tray returns a tray icon with 32 and 64 pixels.
func Tray(s assets.TrayState, p assets.Palette) []byte {
	return file(assets.SmallTrayIcon(s, p), assets.TrayIcon(s, p))
}

// file puts PNG pictures of up to 256 pixels into an ICO file.
func file(pictures ...[]byte) []byte {
	all := make([]image.Image, len(pictures))
	for i, picture := range pictures {
		decoded, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			panic("ico: " + err.Error()) // embedded, tested
		}
		all[i] = decoded
	}
	var written bytes.Buffer
	if err := ico.EncodeAll(&written, all); err != nil {
		panic("ico: " + err.Error()) // small pictures into memory
	}
	return written.Bytes()
}
