package cli

import (
	"fmt"
	"image"
	"os"
	"strings"

	"golang.org/x/term"
)

// quietModules is the white border a code needs (ISO/IEC 18004: four modules).
const quietModules = 4

// draw draws the code of an address on standard output.
func (p *program) draw(address string, invert bool) error {
	code, err := p.DrawCode(address)
	if err != nil {
		return fmt.Errorf("draw the code: %w", err)
	}
	file, ok := p.Out.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	s := style{colours: terminal && coloured(os.Getenv), ink: darkText(os.Getenv) != invert}
	if _, err := fmt.Fprint(p.Out, blocks(code, s)); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	if terminal {
		p.tellSmall(file, code.Bounds())
	}
	return nil
}

// linesBelow is how many lines stand below a code: what to do with it, how long it is good, and the cursor.
const linesBelow = 3

// tellSmall says that a code does not fit on a terminal, where it can be put right: many draw anew what they hold.
func (p *program) tellSmall(terminal *os.File, code image.Rectangle) {
	columns := code.Dx() + 2*quietModules
	rows := (code.Dy()+2*quietModules+1)/2 + linesBelow
	wide, high, err := term.GetSize(int(terminal.Fd()))
	if err == nil && wide > 0 && (wide < columns || high < rows) { // some do not know their size
		fmt.Fprintln(p.Err, p.Words.T("cli.pair.small_terminal", "Columns", columns, "Rows", rows, "Wide", wide, "High", high))
	}
}

// style is how a code is drawn.
type style struct {
	colours bool // dark on light is set by escape codes
	ink     bool // without colours: text is dark on light here, so that a block is a dark module
}

// coloured reports whether escape codes are welcome (https://no-color.org).
func coloured(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// darkText reports whether the terminal says that it writes dark on light, in the way of rxvt and its kin:
// COLORFGBG is the numbers of the colours of text and ground. Most are light on dark.
func darkText(getenv func(string) string) bool {
	numbers := strings.Split(getenv("COLORFGBG"), ";")
	switch numbers[len(numbers)-1] {
	case "7", "9", "10", "11", "12", "13", "14", "15":
		return true
	default:
		return false
	}
}

// blocks draws a code with half-block characters, two modules above each other in one. Black on
// bright white is set by escape codes, so that it scans on dark and light terminals alike; without them
// the modules that are light, their border too, are what is drawn, unless text is dark here.
func blocks(code image.Image, style style) string {
	b := code.Bounds()
	drawn := func(x, y int) bool {
		dark := false
		if x >= b.Min.X && y >= b.Min.Y && x < b.Max.X && y < b.Max.Y {
			r, g, bl, _ := code.At(x, y).RGBA()
			dark = r+g+bl < 3*0x8000
		}
		return dark == (style.colours || style.ink)
	}
	var s strings.Builder
	for y := b.Min.Y - quietModules; y < b.Max.Y+quietModules; y += 2 {
		if style.colours {
			s.WriteString("\x1b[30;107m") // black on bright white
		}
		for x := b.Min.X - quietModules; x < b.Max.X+quietModules; x++ {
			switch upper, lower := drawn(x, y), drawn(x, y+1); {
			case upper && lower:
				s.WriteString("█")
			case upper:
				s.WriteString("▀")
			case lower:
				s.WriteString("▄")
			default:
				s.WriteString(" ")
			}
		}
		if style.colours {
			s.WriteString("\x1b[0m")
		}
		s.WriteString("\n")
	}
	return s.String()
}
