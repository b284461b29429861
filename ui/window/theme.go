package window

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The colours of our own, beside Fyne's.
const (
	colorRail    fyne.ThemeColorName = "tabferryRail"    // behind the rail
	colorCard    fyne.ThemeColorName = "tabferryCard"    // behind cards
	colorEdge    fyne.ThemeColorName = "tabferryEdge"    // around cards, between rows
	colorMuted   fyne.ThemeColorName = "tabferryMuted"   // second lines; at least 4.5:1 on every ground
	colorRing    fyne.ThemeColorName = "tabferryRing"    // around what has the keyboard focus
	colorAccent  fyne.ThemeColorName = "tabferryAccent"  // accent for text and icons
	colorTint    fyne.ThemeColorName = "tabferryTint"    // behind what is chosen
	colorFine    fyne.ThemeColorName = "tabferryFine"    // text and icons: all is well
	colorWarn    fyne.ThemeColorName = "tabferryWarn"    // text and icons: look here
	colorBad     fyne.ThemeColorName = "tabferryBad"     // text and icons: something failed
	colorWarnBox fyne.ThemeColorName = "tabferryWarnBox" // behind a warning
	colorBadBox  fyne.ThemeColorName = "tabferryBadBox"  // behind a failure
	colorInfoBox fyne.ThemeColorName = "tabferryInfoBox" // behind a remark
	colorToast   fyne.ThemeColorName = "tabferryToast"   // behind a toast
	colorOnToast fyne.ThemeColorName = "tabferryOnToast" // text on a toast
	colorQuiet   fyne.ThemeColorName = "tabferryQuiet"   // behind small marks
)

// palette holds every colour for light and dark. The pairs of text and ground that occur are
// checked for contrast by the package's tests.
type palette map[fyne.ThemeColorName]color.NRGBA

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

func rgba(hex uint32, alpha uint8) color.NRGBA {
	c := rgb(hex)
	c.A = alpha
	return c
}

func lightPalette() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0xf5f5f9),
		theme.ColorNameForeground:          rgb(0x1c1b25),
		theme.ColorNameDisabled:            rgb(0x6c6b7a),
		theme.ColorNamePlaceHolder:         rgb(0x686777),
		theme.ColorNamePrimary:             rgb(0x5a3fd4),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameHyperlink:           rgb(0x4f35c4),
		theme.ColorNameFocus:               rgba(0x5a3fd4, 0x40),
		theme.ColorNameSelection:           rgba(0x5a3fd4, 0x38),
		theme.ColorNameHover:               rgba(0x1c1b40, 0x0f),
		theme.ColorNamePressed:             rgba(0x1c1b40, 0x24),
		theme.ColorNameButton:              rgb(0xebebf3),
		theme.ColorNameDisabledButton:      rgb(0xeeeef3),
		theme.ColorNameInputBackground:     rgb(0xf4f4f9),
		theme.ColorNameInputBorder:         rgb(0x8d8c9c),
		theme.ColorNameSeparator:           rgb(0xe3e3ec),
		theme.ColorNameMenuBackground:      rgb(0xffffff),
		theme.ColorNameOverlayBackground:   rgb(0xffffff),
		theme.ColorNameHeaderBackground:    rgb(0xffffff),
		theme.ColorNameShadow:              rgba(0x1c1b40, 0x24),
		theme.ColorNameScrollBar:           rgba(0x1c1b40, 0x66),
		theme.ColorNameScrollBarBackground: rgba(0x1c1b40, 0x00),
		theme.ColorNameSuccess:             rgb(0x1b7a43),
		theme.ColorNameWarning:             rgb(0x8a5300),
		theme.ColorNameError:               rgb(0xb8203a),
		theme.ColorNameForegroundOnError:   rgb(0xffffff),
		theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameForegroundOnWarning: rgb(0xffffff),
		colorRail:                          rgb(0xffffff),
		colorCard:                          rgb(0xffffff),
		colorEdge:                          rgb(0xe5e5ed),
		colorMuted:                         rgb(0x5b5a6b),
		colorRing:                          rgb(0x5a3fd4),
		colorAccent:                        rgb(0x5338cc),
		colorTint:                          rgb(0xece8fd),
		colorFine:                          rgb(0x176b3a),
		colorWarn:                          rgb(0x7a4a00),
		colorBad:                           rgb(0xa81b33),
		colorWarnBox:                       rgb(0xfdf0d5),
		colorBadBox:                        rgb(0xfde4e8),
		colorInfoBox:                       rgb(0xe9eefb),
		colorToast:                         rgb(0x2b2a36),
		colorOnToast:                       rgb(0xf6f6fa),
		colorQuiet:                         rgb(0xeeeef4),
	}
}

func darkPalette() palette {
	return palette{
		theme.ColorNameBackground:          rgb(0x18181e),
		theme.ColorNameForeground:          rgb(0xf1f1f6),
		theme.ColorNameDisabled:            rgb(0x9a99a8),
		theme.ColorNamePlaceHolder:         rgb(0xa3a2b2),
		theme.ColorNamePrimary:             rgb(0x6c54e0),
		theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
		theme.ColorNameHyperlink:           rgb(0xb6aaff),
		theme.ColorNameFocus:               rgba(0x9c8cff, 0x4c),
		theme.ColorNameSelection:           rgba(0x8f7dff, 0x59),
		theme.ColorNameHover:               rgba(0xffffff, 0x12),
		theme.ColorNamePressed:             rgba(0xffffff, 0x26),
		theme.ColorNameButton:              rgb(0x35343f),
		theme.ColorNameDisabledButton:      rgb(0x2c2b34),
		theme.ColorNameInputBackground:     rgb(0x1c1c23),
		theme.ColorNameInputBorder:         rgb(0x7a7988),
		theme.ColorNameSeparator:           rgb(0x35343f),
		theme.ColorNameMenuBackground:      rgb(0x2b2a34),
		theme.ColorNameOverlayBackground:   rgb(0x25252d),
		theme.ColorNameHeaderBackground:    rgb(0x25252d),
		theme.ColorNameShadow:              rgba(0x000000, 0x66),
		theme.ColorNameScrollBar:           rgba(0xffffff, 0x66),
		theme.ColorNameScrollBarBackground: rgba(0xffffff, 0x00),
		theme.ColorNameSuccess:             rgb(0x2f8a55),
		theme.ColorNameWarning:             rgb(0xf0b54a),
		theme.ColorNameError:               rgb(0xc9364f),
		theme.ColorNameForegroundOnError:   rgb(0xffffff),
		theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
		theme.ColorNameForegroundOnWarning: rgb(0x241a05),
		colorRail:                          rgb(0x202027),
		colorCard:                          rgb(0x25252d),
		colorEdge:                          rgb(0x35343f),
		colorMuted:                         rgb(0xb3b2c1),
		colorRing:                          rgb(0xa798ff),
		colorAccent:                        rgb(0xb6aaff),
		colorTint:                          rgb(0x37325a),
		colorFine:                          rgb(0x6fd79b),
		colorWarn:                          rgb(0xf4c264),
		colorBad:                           rgb(0xff98a7),
		colorWarnBox:                       rgb(0x3a2f18),
		colorBadBox:                        rgb(0x43232a),
		colorInfoBox:                       rgb(0x252c40),
		colorToast:                         rgb(0x3b3a48),
		colorOnToast:                       rgb(0xf6f6fa),
		colorQuiet:                         rgb(0x33323d),
	}
}

// look is Tabferry's theme: Fyne's with our colours, rounder corners and calmer spacing.
type look struct {
	fyne.Theme
	light, dark palette
	// appearance is "light", "dark" or empty for the system's choice.
	appearance string
	// textScale enlarges texts; 1 is normal.
	textScale float32
}

func newLook(appearance string) *look {
	return &look{
		Theme: theme.DefaultTheme(), light: lightPalette(), dark: darkPalette(),
		appearance: appearance, textScale: 1,
	}
}

// Color gives a colour for the variant, or for the one the person chose.
func (l *look) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch l.appearance {
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

// Size gives a size in units.
func (l *look) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNameText:
		return 14 * l.textScale
	case theme.SizeNameCaptionText:
		return 12 * l.textScale
	case theme.SizeNameSubHeadingText:
		return 16 * l.textScale
	case theme.SizeNameHeadingText:
		return 22 * l.textScale
	case theme.SizeNameInlineIcon:
		return 20 * l.textScale
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
