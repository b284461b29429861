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
	// smallPicture is up to where a picture is also tried enlarged: codes with modules of one or
	// two pixels are found that way.
	smallPicture = 1_500_000
	// largeSide is from where a picture is also tried reduced: photographs with large, blurred
	// modules are found that way.
	largeSide = 1400
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
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPixels/cfg.Height {
		return "", ErrTooLarge
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return "", ErrNoPicture
	}
	return Read(img)
}

// Read finds the code in a picture and gives its text. Of several it prefers one that pairs. The
// picture may be a whole screen with the code anywhere on it, turned, mirrored or light on dark.
// ErrNoCode if there is none.
func Read(img image.Image) (string, error) {
	texts, err := ReadAll(img)
	if err != nil {
		return "", err
	}
	for _, text := range texts {
		if strings.Contains(text, "channel_key=") {
			return text, nil
		}
	}
	return texts[0], nil
}

// ReadAll finds all codes in a picture and gives their texts, each once; see Read.
func ReadAll(img image.Image) ([]string, error) {
	b := img.Bounds()
	if b.Empty() {
		return nil, ErrNoCode
	}
	if b.Dx() > maxPixels/b.Dy() {
		return nil, ErrTooLarge
	}
	g := toGray(img)
	// The usual picture first; the others cost time only where nothing was found.
	tries := []func() *image.Gray{
		func() *image.Gray { return g },
		func() *image.Gray { return inverted(g) },
	}
	if b.Dx()*b.Dy() <= smallPicture {
		tries = append(tries, func() *image.Gray { return enlarged(padded(g), 3) })
	}
	if max(b.Dx(), b.Dy()) >= largeSide {
		tries = append(tries, func() *image.Gray { return halved(g) }, func() *image.Gray { return halved(halved(g)) })
	}
	for _, try := range tries {
		if texts := find(try()); len(texts) > 0 {
			return texts, nil
		}
	}
	return nil, ErrNoCode
}

// find looks for codes with both ways of telling black from white: the local one suits photographs
// and coloured screens, the global one clean pictures with small modules.
func find(g *image.Gray) []string {
	for _, local := range []bool{true, false} {
		if texts := findWith(g, local); len(texts) > 0 {
			return texts
		}
	}
	return nil
}

// findWith runs the decoder. Whatever it makes of a hostile picture is no code: the decoder is a
// translation from a language in which an index out of bounds is an ordinary error.
func findWith(g *image.Gray, local bool) (texts []string) {
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
