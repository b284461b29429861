//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"fmt"
)

func systemPicture(ctx context.Context) ([]byte, error) {
	_, picture, err := once{pictureForms(), maxPicture}.read(ctx)
	switch {
	case errors.Is(err, errNothing):
		return nil, ErrNoPicture
	case errors.Is(err, ErrUnavailable):
		return nil, fmt.Errorf("%w: %w", ErrPicturesUnsupported, err)
	}
	return picture, err
}
