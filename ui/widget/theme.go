package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The colours of our own, beside Fyne's.
const (
	ColorRail    fyne.ThemeColorName = "rail"    // behind the rail
	ColorCard    fyne.ThemeColorName = "card"    // behind cards
	ColorEdge    fyne.ThemeColorName = "edge"    // around cards, between rows
	ColorMuted   fyne.ThemeColorName = "muted"   // second lines; at least 4.5:1 on every ground
	ColorRing    fyne.ThemeColorName = "ring"    // around what has the keyboard focus
	ColorAccent  fyne.ThemeColorName = "accent"  // accent for text and icons
	ColorTint    fyne.ThemeColorName = "tint"    // behind what is chosen
	ColorFine    fyne.ThemeColorName = "fine"    // text and icons: all is well
	ColorWarn    fyne.ThemeColorName = "warn"    // text and icons: look here
	ColorBad     fyne.ThemeColorName = "bad"     // text and icons: something failed
	ColorWarnBox fyne.ThemeColorName = "warnBox" // behind a warning
	ColorBadBox  fyne.ThemeColorName = "badBox"  // behind a failure
	ColorInfoBox fyne.ThemeColorName = "infoBox" // behind a remark
	ColorToast   fyne.ThemeColorName = "toast"   // behind a toast
	ColorOnToast fyne.ThemeColorName = "onToast" // text on a toast
	ColorQuiet   fyne.ThemeColorName = "quiet"   // behind small marks
)

// palette holds every colour for light and dark. The pairs of text and ground that occur are
// checked for contrast by the package's tests.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff} // #nosec G115 -- its lowest bytes are meant
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

func lightPalette() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0xf4f6fa),
		theme.ColorNameForeground:          rgb(0x181d26),
		theme.ColorNameDisabled:            rgb(0x636b7a),
		theme.ColorNamePlaceHolder:         rgb(0x5f6776),
		theme.ColorNamePrimary:             rgb(0x1d5fc2),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameHyperlink:           rgb(0x1a56b0),
		theme.ColorNameFocus:               rgba(0x1d5fc2, 0x40),
		theme.ColorNameSelection:           rgba(0x1d5fc2, 0x38),
		theme.ColorNameHover:               rgba(0x14243f, 0x0f),
		theme.ColorNamePressed:             rgba(0x14243f, 0x24),
		theme.ColorNameButton:              rgb(0xe8ecf3),
		theme.ColorNameDisabledButton:      rgb(0xeceff4),
		theme.ColorNameInputBackground:     rgb(0xf2f5f9),
		theme.ColorNameInputBorder:         rgb(0x828a99),
		theme.ColorNameSeparator:           rgb(0xdfe4ec),
		theme.ColorNameMenuBackground:      rgb(0xffffff),
		theme.ColorNameOverlayBackground:   rgb(0xffffff),
		theme.ColorNameHeaderBackground:    rgb(0xffffff),
		theme.ColorNameShadow:              rgba(0x14243f, 0x24),
		theme.ColorNameScrollBar:           rgba(0x14243f, 0x66),
		theme.ColorNameScrollBarBackground: rgba(0x14243f, 0x00),
		theme.ColorNameSuccess:             rgb(0x1b7a43),
		theme.ColorNameWarning:             rgb(0x8a5300),
		theme.ColorNameError:               rgb(0xb8203a),
		theme.ColorNameForegroundOnError:   rgb(0xffffff),
		theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameForegroundOnWarning: rgb(0xffffff),
		ColorRail:                          rgb(0xffffff),
		ColorCard:                          rgb(0xffffff),
		ColorEdge:                          rgb(0xe1e6ee),
		ColorMuted:                         rgb(0x545c6b),
		ColorRing:                          rgb(0x1d5fc2),
		ColorAccent:                        rgb(0x1b57b0),
		ColorTint:                          rgb(0xe3edfb),
		ColorFine:                          rgb(0x176b3a),
		ColorWarn:                          rgb(0x7a4a00),
		ColorBad:                           rgb(0xa81b33),
		ColorWarnBox:                       rgb(0xfdf0d5),
		ColorBadBox:                        rgb(0xfde4e8),
		ColorInfoBox:                       rgb(0xe9eefb),
		ColorToast:                         rgb(0x26303f),
		ColorOnToast:                       rgb(0xf6f6fa),
		ColorQuiet:                         rgb(0xebeff5),
	}
}

func darkPalette() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0x15181d),
		theme.ColorNameForeground:          rgb(0xeff2f6),
		theme.ColorNameDisabled:            rgb(0x959dab),
		theme.ColorNamePlaceHolder:         rgb(0x9da5b3),
		theme.ColorNamePrimary:             rgb(0x2e6bd0),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameHyperlink:           rgb(0x93bfff),
		theme.ColorNameFocus:               rgba(0x6ea8ff, 0x4c),
		theme.ColorNameSelection:           rgba(0x5c98f5, 0x59),
		theme.ColorNameHover:               rgba(0xffffff, 0x12),
		theme.ColorNamePressed:             rgba(0xffffff, 0x26),
		theme.ColorNameButton:              rgb(0x303641),
		theme.ColorNameDisabledButton:      rgb(0x282d36),
		theme.ColorNameInputBackground:     rgb(0x181c22),
		theme.ColorNameInputBorder:         rgb(0x747c8a),
		theme.ColorNameSeparator:           rgb(0x303641),
		theme.ColorNameMenuBackground:      rgb(0x272c35),
		theme.ColorNameOverlayBackground:   rgb(0x21262e),
		theme.ColorNameHeaderBackground:    rgb(0x21262e),
		theme.ColorNameShadow:              rgba(0x000000, 0x66),
		theme.ColorNameScrollBar:           rgba(0xffffff, 0x66),
		theme.ColorNameScrollBarBackground: rgba(0xffffff, 0x00),
		theme.ColorNameSuccess:             rgb(0x2f8a55),
		theme.ColorNameWarning:             rgb(0xf0b54a),
		theme.ColorNameError:               rgb(0xc9364f),
		theme.ColorNameForegroundOnError:   rgb(0xffffff),
		theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameForegroundOnWarning: rgb(0x241a05),
		ColorRail:                          rgb(0x1b1f26),
		ColorCard:                          rgb(0x21262e),
		ColorEdge:                          rgb(0x303641),
		ColorMuted:                         rgb(0xadb5c3),
		ColorRing:                          rgb(0x7fb3ff),
		ColorAccent:                        rgb(0x93bfff),
		ColorTint:                          rgb(0x223a5c),
		ColorFine:                          rgb(0x6fd79b),
		ColorWarn:                          rgb(0xf4c264),
		ColorBad:                           rgb(0xff98a7),
		ColorWarnBox:                       rgb(0x3a2f18),
		ColorBadBox:                        rgb(0x43232a),
		ColorInfoBox:                       rgb(0x1f2c44),
		ColorToast:                         rgb(0x37404e),
		ColorOnToast:                       rgb(0xf6f6fa),
		ColorQuiet:                         rgb(0x2d333d),
	}
}

// Theme is Fyne's with our colours, rounder corners and calmer spacing.
type Theme struct {
	fyne.Theme
	light, dark palette
	// Appearance is "light", "dark" or empty for the system's choice.
	Appearance string
	// TextScale enlarges texts; 1 is normal.
	TextScale float32
}

// NewTheme makes the theme for an appearance: light, dark, or empty for the choice of the system.
func NewTheme(appearance string) *Theme {
	return &Theme{
		Theme: theme.DefaultTheme(), light: lightPalette(), dark: darkPalette(),
		Appearance: appearance, TextScale: 1,
	}
}

// Color returns a colour for the variant, or for the one the person chose.
func (l *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch l.Appearance {
	case "light":
		variant = theme.VariantLight
	case "dark":
		variant = theme.VariantDark
	}
	colors := l.dark
	if variant == theme.VariantLight {
		colors = l.light
	}
	if c, ok := colors[name]; ok {
		return c
	}
	return l.Theme.Color(name, variant)
}

// Size returns a size in units.
func (l *Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return 14 * l.TextScale
	case theme.SizeNameCaptionText:
		return 12 * l.TextScale
	case theme.SizeNameSubHeadingText:
		return 16 * l.TextScale
	case theme.SizeNameHeadingText:
		return 22 * l.TextScale
	case theme.SizeNameInlineIcon:
		return 20 * l.TextScale
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return 8
	case theme.SizeNameDialogRadius, theme.SizeNameCardRadius:
		return 14
	case theme.SizeNameMenuRadius, theme.SizeNamePopupRadius:
		return 10
	case theme.SizeNameScrollBar:
		return 10
	}
	return l.Theme.Size(name)
}
