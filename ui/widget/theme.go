package widget

import (
	"image/color"
	"maps"

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
		theme.ColorNameError:               rgb(0xff98a7),
		theme.ColorNameForegroundOnError:   rgb(0x2b0b12),
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

// The palettes of high contrast take the others and leave out everything that is pale: texts are black or
// white or nearly so, at 7:1 on every ground (WCAG 2.2, 1.4.6), and every edge is a line.
func sharpLightPalette() palette {
	return lightPalette().with(palette{
		theme.ColorNameBackground:          rgb(0xffffff),
		theme.ColorNameForeground:          rgb(0x000000),
		theme.ColorNameDisabled:            rgb(0x4a4a4a),
		theme.ColorNamePlaceHolder:         rgb(0x3d3d3d),
		theme.ColorNamePrimary:             rgb(0x003a94),
		theme.ColorNameHyperlink:           rgb(0x00317d),
		theme.ColorNameButton:              rgb(0xe6e6e6),
		theme.ColorNameInputBackground:     rgb(0xffffff),
		theme.ColorNameInputBorder:         rgb(0x000000),
		theme.ColorNameSeparator:           rgb(0x000000),
		theme.ColorNameShadow:              rgba(0x000000, 0x00),
		theme.ColorNameScrollBar:           rgb(0x3d3d3d),
		theme.ColorNameSuccess:             rgb(0x00451a),
		theme.ColorNameWarning:             rgb(0x553300),
		theme.ColorNameError:               rgb(0x8c0018),
		ColorEdge:                          rgb(0x000000),
		ColorMuted:                         rgb(0x262626),
		ColorRing:                          rgb(0x003a94),
		ColorAccent:                        rgb(0x00317d),
		ColorTint:                          rgb(0xdce8ff),
		ColorFine:                          rgb(0x00451a),
		ColorWarn:                          rgb(0x4d2e00),
		ColorBad:                           rgb(0x7d0015),
		ColorToast:                         rgb(0x000000),
		ColorOnToast:                       rgb(0xffffff),
		ColorQuiet:                         rgb(0xf0f0f0),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
	})
}

func sharpDarkPalette() palette {
	return darkPalette().with(palette{
		theme.ColorNameBackground:          rgb(0x000000),
		theme.ColorNameForeground:          rgb(0xffffff),
		theme.ColorNameDisabled:            rgb(0xb8b8b8),
		theme.ColorNamePlaceHolder:         rgb(0xc8c8c8),
		theme.ColorNamePrimary:             rgb(0x9cc7ff),
		theme.ColorNameForegroundOnPrimary: rgb(0x000000),
		theme.ColorNameHyperlink:           rgb(0xaed1ff),
		theme.ColorNameButton:              rgb(0x2b2b2b),
		theme.ColorNameDisabledButton:      rgb(0x1a1a1a),
		theme.ColorNameInputBackground:     rgb(0x000000),
		theme.ColorNameInputBorder:         rgb(0xffffff),
		theme.ColorNameSeparator:           rgb(0xffffff),
		theme.ColorNameMenuBackground:      rgb(0x000000),
		theme.ColorNameOverlayBackground:   rgb(0x000000),
		theme.ColorNameHeaderBackground:    rgb(0x000000),
		theme.ColorNameShadow:              rgba(0x000000, 0x00),
		theme.ColorNameScrollBar:           rgb(0xc8c8c8),
		theme.ColorNameSuccess:             rgb(0x7df0ab),
		theme.ColorNameError:               rgb(0xffa3b0),
		theme.ColorNameForegroundOnError:   rgb(0x000000),
		theme.ColorNameForegroundOnSuccess: rgb(0x000000),
		ColorRail:                          rgb(0x000000),
		ColorCard:                          rgb(0x000000),
		ColorEdge:                          rgb(0xffffff),
		ColorMuted:                         rgb(0xe0e0e0),
		ColorRing:                          rgb(0xffd84d),
		ColorAccent:                        rgb(0xaed1ff),
		ColorTint:                          rgb(0x0d2a52),
		ColorFine:                          rgb(0x7df0ab),
		ColorWarn:                          rgb(0xffd27a),
		ColorBad:                           rgb(0xffa3b0),
		ColorWarnBox:                       rgb(0x2b1f00),
		ColorBadBox:                        rgb(0x330009),
		ColorInfoBox:                       rgb(0x001a3d),
		ColorToast:                         rgb(0xffffff),
		ColorOnToast:                       rgb(0x000000),
		ColorQuiet:                         rgb(0x1a1a1a),
	})
}

// with returns a palette with some colours replaced.
func (p palette) with(others palette) palette {
	maps.Copy(p, others)
	return p
}

// What a theme can look like, whatever the system has chosen.
const (
	AppearanceLight      = "light"
	AppearanceDark       = "dark"
	AppearanceSharpLight = "contrast-light"
	AppearanceSharpDark  = "contrast-dark"
)

// Theme is Fyne's with our colours, rounder corners and calmer spacing.
type Theme struct {
	fyne.Theme
	light, dark palette
	// TextScale enlarges texts; 1 is normal.
	TextScale float32
	// Mirrored is for a language that is written from right to left: everything lies on the other side.
	Mirrored bool

	glyphs map[rune]bool // whether a font has it, as far as anybody has asked
}

// NewTheme makes the theme for an appearance; any other name looks as the system has chosen.
func NewTheme(appearance string) *Theme {
	t := &Theme{Theme: theme.DefaultTheme(), TextScale: 1}
	switch appearance {
	case AppearanceLight:
		t.light = lightPalette()
		t.dark = t.light
	case AppearanceDark:
		t.light = darkPalette()
		t.dark = t.light
	case AppearanceSharpLight:
		t.light = sharpLightPalette()
		t.dark = t.light
	case AppearanceSharpDark:
		t.light = sharpDarkPalette()
		t.dark = t.light
	default:
		t.light, t.dark = lightPalette(), darkPalette()
	}
	return t
}

// Color returns a colour for the variant, or for the appearance that the person chose.
func (l *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
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
