package widget

import (
	"image/color"
	"math"
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
		theme.ColorNameDisabled:            {theme.ColorNameBackground, ColorRail, ColorCard, theme.ColorNameOverlayBackground},
	}
	for name, colors := range map[string]palette{"light": lightPalette(), "dark": darkPalette()} {
		for ink, list := range pairs {
			for _, ground := range list {
				if got := contrast(colors[ink], colors[ground]); got < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", name, ink, ground, got)
				}
			}
		}
		// What shows the focus and the edge of a field needs 3:1 (WCAG 2.2, 1.4.11).
		for _, ground := range grounds[:3] {
			if got := contrast(colors[ColorRing], colors[ground]); got < 3 {
				t.Errorf("%s: the focus ring on %s has a contrast of %.2f, want 3", name, ground, got)
			}
		}
		if got := contrast(colors[theme.ColorNameInputBorder], colors[ColorCard]); got < 3 {
			t.Errorf("%s: the edge of a field has a contrast of %.2f, want 3", name, got)
		}
	}
}

func TestAppearanceOverridesTheSystem(t *testing.T) {
	for _, c := range []struct {
		appearance string
		system     fyne.ThemeVariant
		want       palette
	}{
		{"", theme.VariantLight, lightPalette()},
		{"", theme.VariantDark, darkPalette()},
		{"light", theme.VariantDark, lightPalette()},
		{"dark", theme.VariantLight, darkPalette()},
	} {
		if got := NewTheme(c.appearance).Color(ColorCard, c.system); got != c.want[ColorCard] {
			t.Errorf("appearance %q on system %d: %v", c.appearance, c.system, got)
		}
	}
}

func TestBothPalettesHoldTheSameColours(t *testing.T) {
	light, dark := lightPalette(), darkPalette()
	for name := range light {
		if _, ok := dark[name]; !ok {
			t.Errorf("the dark palette lacks %s", name)
		}
	}
	if len(light) != len(dark) {
		t.Errorf("%d colours in the light palette, %d in the dark one", len(light), len(dark))
	}
}
