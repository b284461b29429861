// Package assets holds what the program shows but does not compute: its icons. The texts are in
// the package i18n below it.
//
// The icons are drawn in SVG (folder icons) and embedded as PNG; icons/make.sh makes the one from
// the other. Their colours are fixed and readable on light and dark panels, because a panel does
// not tell a tray icon which it is.
package assets

import (
	"embed"
	"fmt"
)

//go:generate icons/make.sh

//go:embed icons/*.png
var icons embed.FS

// AppSizes are the sizes of the application's icon in pixels, ascending.
func AppSizes() []int { return []int{16, 22, 24, 32, 48, 64, 128, 256, 512} }

// AppIcon returns the application's icon as a square PNG, at least size pixels wide where there is
// one, else the largest.
func AppIcon(size int) []byte {
	sizes := AppSizes()
	for _, have := range sizes {
		if have >= size {
			return read(fmt.Sprintf("app-%d", have))
		}
	}
	return read(fmt.Sprintf("app-%d", sizes[len(sizes)-1]))
}

// TrayState is what the tray icon says.
type TrayState string

// The states of the tray icon. Each has a mark of its own shape, so that colour never carries the
// meaning alone.
const (
	TrayFine        TrayState = "fine"
	TrayAttention   TrayState = "attention" // tabs that nobody has looked at
	TrayWorking     TrayState = "working"
	TrayNeedsSignIn TrayState = "needs_sign_in"
	TrayOffline     TrayState = "offline"
	TrayQuiet       TrayState = "quiet"
	TraySignedOut   TrayState = "signed_out"
)

// TrayStates returns all states.
func TrayStates() []TrayState {
	return []TrayState{TrayFine, TrayAttention, TrayWorking, TrayNeedsSignIn, TrayOffline, TrayQuiet, TraySignedOut}
}

// Palette is a set of colours for tray icons.
type Palette string

// The palettes.
const (
	Color Palette = "color" // readable on light and dark panels
	Light Palette = "light" // white, for panels known to be dark
	Dark  Palette = "dark"  // black, for panels known to be light, and as macOS's template
)

// Palettes returns all palettes.
func Palettes() []Palette { return []Palette{Color, Light, Dark} }

// TrayIcon returns a tray icon as a PNG of 64 by 64 pixels; panels scale it down.
func TrayIcon(s TrayState, p Palette) []byte { return read(fmt.Sprintf("tray-%s-%s-64", p, s)) }

// SmallTrayIcon returns a tray icon as a PNG of 32 by 32 pixels.
func SmallTrayIcon(s TrayState, p Palette) []byte { return read(fmt.Sprintf("tray-%s-%s-32", p, s)) }

// read returns an embedded picture. All names are made above and tested, so a missing one is a fault
// of the build.
func read(name string) []byte {
	picture, err := icons.ReadFile("icons/" + name + ".png")
	if err != nil {
		panic("assets: " + err.Error())
	}
	return picture
}
