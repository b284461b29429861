// Command icons writes the program's icon in the formats of Windows and macOS.
//
//	go run ./packaging/icons -ico build/tabferry.ico -icns build/tabferry.icns
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"

	"github.com/jackmordaunt/icns/v3"
	"github.com/sergeymakinen/go-ico"

	"github.com/tabferry/tabferry/assets"
)

// icoSizes are those that Windows shows, in pixels: small and large lists, taskbar, start menu, tiles.
var icoSizes = []int{16, 24, 32, 48, 64, 128, 256}

// icnsSize is the largest there is; the smaller ones are made of it.
const icnsSize = 512

func main() {
	icoFile := flag.String("ico", "", "`file` for Windows")
	icnsFile := flag.String("icns", "", "`file` for macOS")
	flag.Parse()
	if err := errors.Join(write(*icoFile, windows), write(*icnsFile, macOS)); err != nil {
		fmt.Fprintln(os.Stderr, "icons:", err)
		os.Exit(1)
	}
}

// write writes a file, if one is wanted.
func write(path string, draw func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	var file bytes.Buffer
	if err := draw(&file); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o644) // #nosec G306 -- everybody may see it
}

func windows(w io.Writer) error {
	var all []image.Image
	for _, size := range icoSizes {
		picture, err := icon(size)
		if err != nil {
			return err
		}
		all = append(all, picture)
	}
	return ico.EncodeAll(w, all)
}

func macOS(w io.Writer) error {
	picture, err := icon(icnsSize)
	if err != nil {
		return err
	}
	return icns.Encode(w, picture)
}

func icon(size int) (image.Image, error) {
	return png.Decode(bytes.NewReader(assets.AppIcon(size)))
}
