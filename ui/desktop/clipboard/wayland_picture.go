//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"fmt"
)

// waylandPicture reads the picture through data-control; see waylandClipboard. The compositor tells
// the selection to everybody who comes.
func waylandPicture(ctx context.Context) (picture []byte, err error) {
	c, err := newWaylandClipboard(waylandContent{forms: pictureForms(), limit: maxPicture, everyTime: true})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPicturesUnsupported, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	select {
	case <-c.Changed():
	case <-ctx.Done():
		return nil, fmt.Errorf("desktop: waiting for the clipboard: %w", context.Cause(ctx))
	}
	if content := c.Text(); content != "" {
		return []byte(content), nil
	}
	return nil, ErrNoPicture
}
