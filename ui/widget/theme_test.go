package widget

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// luminance and contrast follow WCAG 2.2, "relative luminance" and "contrast ratio".
func luminance(c color.NRGBA) float64 {
	channel := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c.R) + 0.7152*channel(c.G) + 0.0722*channel(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTextsCanBeReadInBothPalettes(t *testing.T) {
	grounds := []fyne.ThemeColorName{theme.ColorNameBackground, ColorRail, ColorCard, theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground}
	pairs := map[fyne.ThemeColorName][]fyne.ThemeColorName{
		theme.ColorNameForeground:          append(grounds, theme.ColorNameButton, theme.ColorNameInputBackground, ColorTint, ColorWarnBox, ColorBadBox, ColorInfoBox, ColorQuiet),
		ColorMuted:                         append(grounds, ColorTint, ColorQuiet),
		ColorAccent:                        append(grounds, ColorTint, ColorInfoBox),
		ColorFine:                          {ColorCard},
		ColorWarn:                          {ColorCard, ColorWarnBox},
		ColorBad:                           {ColorCard, ColorBadBox},
		ColorOnToast:                       {ColorToast},
		theme.ColorNamePlaceHolder:         {theme.ColorNameInputBackground},
		theme.ColorNameForegroundOnPrimary: {theme.ColorNamePrimary},
		theme.ColorNameForegroundOnError:   {theme.ColorNameError},
		theme.ColorNameError:               {ColorCard, theme.ColorNameBackground, theme.ColorNameOverlayBackground},
		theme.ColorNameDisabled:            {theme.ColorNameBackground, ColorRail, ColorCard, theme.ColorNameOverlayBackground},
	}
	for name, colors := range palettes() {
		want := 4.5 // WCAG 2.2, 1.4.3
		if strings.HasPrefix(name, "contrast") {
			want = 7 // 1.4.6
		}
		for ink, list := range pairs {
			for _, ground := range list {
				if got := contrast(colors[ink], colors[ground]); got < want {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want %.1f", name, ink, ground, got, want)
				}
			}
		}
		// What shows the focus and the edge of a field needs 3:1 (WCAG 2.2, 1.4.11).
		for _, ground := range append(grounds, ColorTint, ColorWarnBox, ColorBadBox, ColorInfoBox, ColorQuiet) {
			if got := contrast(colors[ColorRing], colors[ground]); got < 3 {
				t.Errorf("%s: the focus ring on %s has a contrast of %.2f, want 3", name, ground, got)
			}
		}
		for _, ground := range []fyne.ThemeColorName{ColorCard, theme.ColorNameBackground} {
			if got := contrast(colors[theme.ColorNameInputBorder], colors[ground]); got < 3 {
				t.Errorf("%s: the edge of a field on %s has a contrast of %.2f, want 3", name, ground, got)
			}
		}
		if got := contrast(colors[ColorOnToast], colors[ColorToast]); got < 3 {
			t.Errorf("%s: the ring on a toast has a contrast of %.2f, want 3", name, got)
		}
	}
}

func palettes() map[string]palette {
	return map[string]palette{
		AppearanceLight: lightPalette(), AppearanceDark: darkPalette(),
		AppearanceSharpLight: sharpLightPalette(), AppearanceSharpDark: sharpDarkPalette(),
	}
}

func TestAppearanceOverridesTheSystem(t *testing.T) {
	for appearance, want := range palettes() {
		for _, system := range []fyne.ThemeVariant{theme.VariantLight, theme.VariantDark} {
			if got := NewTheme(appearance).Color(ColorMuted, system); got != want[ColorMuted] {
				t.Errorf("appearance %q on system %d: %v", appearance, system, got)
			}
		}
	}
	for system, want := range map[fyne.ThemeVariant]palette{theme.VariantLight: lightPalette(), theme.VariantDark: darkPalette()} {
		if got := NewTheme("").Color(ColorMuted, system); got != want[ColorMuted] {
			t.Errorf("as the system, %d: %v", system, got)
		}
	}
}

func TestPalettesHoldTheSameColours(t *testing.T) {
	light := lightPalette()
	for name, colors := range palettes() {
		for color := range light {
			if _, ok := colors[color]; !ok {
				t.Errorf("%s lacks %s", name, color)
			}
		}
		if len(light) != len(colors) {
			t.Errorf("%d colours in the light palette, %d in %s", len(light), len(colors), name)
		}
	}
}
