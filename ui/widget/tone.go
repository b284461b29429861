package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Tone is how serious a message is; the icon and the words say the same as the colour.
type Tone int

const (
	ToneInfo Tone = iota
	ToneFine
	ToneWarn
	ToneBad
)

// Color returns the colour of words of a tone.
func (t Tone) Color() fyne.ThemeColorName {
	switch t {
	case ToneFine:
		return ColorFine
	case ToneWarn:
		return ColorWarn
	case ToneBad:
		return ColorBad
	}
	return ColorMuted
}

// Icon returns the icon of a tone.
func (t Tone) Icon() fyne.Resource {
	switch t {
	case ToneFine:
		return theme.ConfirmIcon()
	case ToneWarn:
		return theme.WarningIcon()
	case ToneBad:
		return theme.ErrorIcon()
	}
	return theme.InfoIcon()
}
