package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // pictures may come in
	_ "image/jpeg" // any of these
	_ "image/png"  // forms
	"io"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode"
	single "github.com/makiuchi-d/gozxing/qrcode"
	_ "golang.org/x/image/bmp"  // screenshots of some systems
	_ "golang.org/x/image/webp" // pictures saved from browsers
)

var (
	// ErrNoCode: there is no readable code in the picture.
	ErrNoCode = errors.New("qr: no code in the picture")
	// ErrNoPicture: the bytes are no picture in a form we know (PNG, JPEG, GIF, BMP, WebP).
	ErrNoPicture = errors.New("qr: not a picture")
	// ErrTooLarge: the file or the picture is larger than any screen.
	ErrTooLarge = errors.New("qr: the picture is too large")
)

const (
	// maxFile and maxPixels keep a hostile file from filling the memory: an uncompressed 8K screen
	// has 133 MB and 33 million pixels.
	maxFile   = 160 << 20
	maxPixels = 50_000_000
	// maxSide is as long as browsers make a screenshot of a whole page; three 8K screens are 23,040 wide. Much
	// of the work goes with the longer side, which a picture of one line could make as long as it likes.
	maxSide = 32_767
	// smallPicture is up to where a picture is also tried enlarged: codes with modules of one or
	// two pixels are found that way.
	smallPicture = 1_500_000
	// smallestSide is down to where a picture is also tried reduced: photographs with large, blurred
	// modules and terminals with gaps between their lines are found that way.
	smallestSide = 300
	// smallRadius is how far around a pixel is looked to tell whether it is dark, where a share of
	// the picture says nothing: a screen on which a code is small.
	smallRadius = 20
)

// DecodeFrom finds the code in a picture file; see Decode. It reads no more than a picture can have.
func DecodeFrom(file io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", fmt.Errorf("qr: reading the picture: %w", err)
	}
	return Decode(data)
}

// Decode finds the code in the bytes of a picture file; see Read. A file or a picture beyond any
// screen is ErrTooLarge before anything is unpacked.
func Decode(data []byte) (string, error) {
	if len(data) > maxFile {
		return "", ErrTooLarge
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", ErrNoPicture
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || tooLarge(cfg.Width, cfg.Height) {
		return "", ErrTooLarge
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", ErrNoPicture
	}
	return Read(img)
}

func tooLarge(width, height int) bool {
	return max(width, height) > maxSide || width > maxPixels/height
}

// Read finds the code in a picture and gives its text. Of several it prefers one that pairs. The
// picture may be a whole screen with the code anywhere on it, turned, mirrored or light on dark.
// ErrNoCode if there is none.
func Read(img image.Image) (string, error) {
	texts, err := ReadAll(img)
	if err != nil {
		return "", err
	}
	return texts[max(pairing(texts), 0)], nil
}

// pairing gives the index of the text that pairs, or -1.
func pairing(texts []string) int {
	return slices.IndexFunc(texts, func(text string) bool { return strings.Contains(text, "channel_key=") })
}

// ReadAll finds all codes in a picture and gives their texts, each once; see Read.
func ReadAll(img image.Image) ([]string, error) {
	b := img.Bounds()
	if b.Empty() {
		return nil, ErrNoCode
	}
	if tooLarge(b.Dx(), b.Dy()) {
		return nil, ErrTooLarge
	}
	texts := readGray(toGray(img, 255), find)
	// What is light on nothing shows on a dark page only.
	if o, ok := img.(interface{ Opaque() bool }); len(texts) == 0 && ok && !o.Opaque() {
		texts = readGray(toGray(img, 0), seen)
	}
	if len(texts) == 0 {
		return nil, ErrNoCode
	}
	slices.Sort(texts)
	return slices.Compact(texts), nil
}

// readGray looks for codes at several sizes, the usual one first; the others cost time only where
// nothing was found.
func readGray(g *image.Gray, find func(*image.Gray) []string) []string {
	texts := find(g)
	if len(texts) == 0 && len(g.Pix) <= smallPicture {
		texts = find(enlarged(padded(g), 3))
	}
	for len(texts) == 0 {
		for h, n := g, 0; n < 2 && len(texts) == 0 && len(g.Pix) <= smallPicture; n++ {
			h = smoothed(h)
			texts = seen(h)
		}
		if len(texts) > 0 || max(g.Rect.Dx(), g.Rect.Dy()) < 2*smallestSide {
			break
		}
		g = halved(g)
		texts = find(g)
	}
	return texts
}

// find looks for codes in two ways: the translated reader, which is fast and takes codes with dots
// and rounded squares for what they are, and ours, which knows perspective. Either may see what the
// other does not, so the first text is not taken before both have looked, unless it pairs.
func find(g *image.Gray) []string {
	texts := translated(g, true)
	if pairing(texts) >= 0 {
		return texts
	}
	texts = append(texts, seen(g)...)
	for _, try := range []func() []string{
		func() []string { return translated(g, false) },
		func() []string { return translated(inverted(g), true) },
	} {
		if len(texts) == 0 {
			texts = try()
		}
	}
	return texts
}

// seen looks for codes in perspective, of both colours, first with what is dark for its share of the
// picture.
func seen(g *image.Gray) (texts []string) {
	side := max(g.Rect.Dx(), g.Rect.Dy())
	for _, radius := range []int{side / 16, smallRadius} {
		texts = detect(g, threshold(g, radius))
		if len(texts) > 0 || side/16 < 2*smallRadius {
			break
		}
	}
	return texts
}

// translated runs the decoder with one of its ways of telling black from white: the local one suits
// photographs and coloured screens, the global one clean pictures with small modules. Whatever it makes of a hostile picture is no code: the decoder is a
// translation from a language in which an index out of bounds is an ordinary error.
func translated(g *image.Gray, local bool) (texts []string) {
	defer func() {
		if recover() != nil {
			texts = nil
		}
	}()
	b := g.Bounds()
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.Pix, g.Stride, b.Dy(), 0, 0, b.Dx(), b.Dy(), false)
	if err != nil {
		return nil
	}
	binarizer := gozxing.NewGlobalHistgramBinarizer(source)
	if local {
		binarizer = gozxing.NewHybridBinarizer(source)
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer)
	if err != nil {
		return nil
	}
	results, err := qrcode.NewQRCodeMultiReader().DecodeMultipleWithoutHint(bitmap)
	if err != nil || len(results) == 0 {
		// The reader for one code forgives more.
		result, err := single.NewQRCodeReader().DecodeWithoutHints(bitmap)
		if err != nil {
			return nil
		}
		results = []*gozxing.Result{result}
	}
	for _, result := range results {
		if text := result.GetText(); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}
