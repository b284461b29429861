package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/png" // what screencapture writes
	"os"
	"os/exec"
	"path/filepath"
)

// grab lets the system's own program take the picture of the main display: reading the
// screen ourselves would need cgo. macOS asks the person once and then keeps to the answer.
func grab(ctx context.Context) (img image.Image, err error) {
	dir, err := os.MkdirTemp("", "tabferry-screen-")
	if err != nil {
		return nil, fmt.Errorf("desktop: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "screen.png")
	// -x: no sound.
	if err := exec.CommandContext(ctx, "/usr/sbin/screencapture", "-x", "-t", "png", path).Run(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDeclined, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, ErrDeclined // the program ends well without a picture when it may not take one
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	img, _, err = image.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("desktop: the picture of the screen: %w", err)
	}
	return img, nil
}
