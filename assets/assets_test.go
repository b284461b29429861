package assets_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/tabferry/tabferry/assets"
)

func decode(t *testing.T, picture []byte) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAppIconSizes(t *testing.T) {
	for wish, want := range map[int]int{1: 16, 16: 16, 17: 22, 48: 48, 65: 128, 512: 512, 9999: 512} {
		if got := decode(t, assets.AppIcon(wish)).Bounds().Size(); got != (image.Point{X: want, Y: want}) {
			t.Errorf("AppIcon(%d) is %v, want %d", wish, got, want)
		}
	}
}

func TestTrayIconsDiffer(t *testing.T) {
	for _, p := range assets.Palettes() {
		seen := map[string]assets.TrayState{}
		for _, s := range assets.TrayStates() {
			icon := assets.TrayIcon(s, p)
			if other, ok := seen[string(icon)]; ok {
				t.Errorf("%s: %s looks like %s", p, s, other)
			}
			seen[string(icon)] = s
			if got := decode(t, icon).Bounds().Size(); got != (image.Point{X: 64, Y: 64}) {
				t.Errorf("%s %s is %v", p, s, got)
			}
		}
	}
}

// TestTrayIconsAreReadable: most of what is drawn stands out from the panels it is meant for.
func TestTrayIconsAreReadable(t *testing.T) {
	white, black := 1.0, 0.02 // relative luminance of a light and a dark panel
	panels := map[assets.Palette][]float64{assets.Color: {white, black}, assets.Light: {black}, assets.Dark: {white}}
	for p, against := range panels {
		for _, s := range assets.TrayStates() {
			m := decode(t, assets.TrayIcon(s, p))
			for _, panel := range against {
				drawn, seen := 0, 0
				for y := range 64 {
					for x := range 64 {
						c, ok := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
						if !ok || c.A < 128 {
							continue
						}
						drawn++
						if contrast(luminance(c), panel) >= 2.5 {
							seen++
						}
					}
				}
				if drawn < 500 || seen*100 < drawn*80 {
					t.Errorf("%s %s: %d of %d pixels stand out from a panel of luminance %.2f", p, s, seen, drawn, panel)
				}
			}
		}
	}
}

// luminance and contrast are WCAG 2.2's, with sRGB's gamma taken as 2.2.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 { f := float64(v) / 255; return f * f * (1.2*f + 1) / 2.2 }
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func contrast(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return (a + 0.05) / (b + 0.05)
}
