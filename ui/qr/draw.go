package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// QuietZone is the white margin around a code, in modules (ISO/IEC 18004, section 5.3.8).
const QuietZone = 4

// ErrTooLong is returned for text that fits no code: over 2953 bytes.
var ErrTooLong = errors.New("qr: the text is too long for a code")

// maxText is the capacity of version 40 at error-correction level L in byte mode.
const maxText = 2953

// modules gives the code with its quiet zone; true is black. Level L is enough for a screen, and
// makes the largest modules: a pairing address is version 6, 41 modules.
func modules(text string) ([][]bool, error) {
	if len(text) > maxText {
		return nil, ErrTooLong
	}
	code, err := qrcode.New(text, qrcode.Low)
	if err != nil {
		return nil, fmt.Errorf("qr: drawing: %w", ErrTooLong) // its own error could repeat the text
	}
	code.DisableBorder = true
	inner := code.Bitmap()
	size := len(inner) + 2*QuietZone
	out := make([][]bool, size)
	for y := range out {
		out[y] = make([]bool, size)
		if row := y - QuietZone; row >= 0 && row < len(inner) {
			copy(out[y][QuietZone:], inner[row])
		}
	}
	return out, nil
}

// Draw gives the code of a text with its quiet zone, one pixel per module.
func Draw(text string) (*image.Paletted, error) {
	grid, err := modules(text)
	if err != nil {
		return nil, err
	}
	img := image.NewPaletted(image.Rect(0, 0, len(grid), len(grid)), color.Palette{color.White, color.Black})
	for y, row := range grid {
		for x, black := range row {
			if black {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	return img, nil
}

// Enlarge draws every pixel of a code as a square of factor pixels.
func Enlarge(code *image.Paletted, factor int) *image.Paletted {
	factor = max(factor, 1)
	b := code.Bounds()
	img := image.NewPaletted(image.Rect(0, 0, b.Dx()*factor, b.Dy()*factor), code.Palette)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.Pix[y*img.Stride+x] = code.ColorIndexAt(b.Min.X+x/factor, b.Min.Y+y/factor)
		}
	}
	return img
}

// PNG draws the code of a text as a PNG file with factor pixels per module.
func PNG(text string, factor int) ([]byte, error) {
	code, err := Draw(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, Enlarge(code, factor)); err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	return out.Bytes(), nil
}

// Style is how a code is drawn on a terminal.
type Style int

const (
	// Coloured sets black and white by ANSI sequences, so that the terminal's theme does not matter.
	Coloured Style = iota
	// Plain draws the white parts with block characters: right on a dark terminal, and readable by
	// most phones on a light one.
	Plain
)

const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m" // from the fixed part of the 256 colours
	resetColours = "\x1b[0m"
)

// Terminal draws the code of a text with half blocks: two modules in the height of one character.
// Every line ends with a line feed.
func Terminal(text string, style Style) (string, error) {
	grid, err := modules(text)
	if err != nil {
		return "", err
	}
	// The glyph for upper and lower half drawn, in the foreground colour.
	glyphs := map[[2]bool]string{{false, false}: " ", {true, false}: "▀", {false, true}: "▄", {true, true}: "█"}
	var out strings.Builder
	for y := 0; y < len(grid); y += 2 {
		if style == Coloured {
			out.WriteString(blackOnWhite)
		}
		for x := range grid[y] {
			upper, lower := grid[y][x], false
			if y+1 < len(grid) {
				lower = grid[y+1][x]
			} else if style == Plain {
				lower = true // there is no module here: leave the terminal's own background
			}
			if style == Plain {
				upper, lower = !upper, !lower
			}
			out.WriteString(glyphs[[2]bool{upper, lower}])
		}
		if style == Coloured {
			out.WriteString(resetColours)
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}
