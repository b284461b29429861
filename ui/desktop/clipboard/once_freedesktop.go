//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// once is a look at the clipboard that keeps nothing: which forms of the contents are wanted, best first, and
// of how many bytes at most.
type once struct {
	forms []string
	limit int
}

// errNothing says that the clipboard holds none of the forms, a password, or more than is wanted.
var errNothing = errors.New("clipboard: it holds nothing of the kind")

// givenUp says that nobody waits for the clipboard any more, and why.
func givenUp(ctx context.Context) error {
	return fmt.Errorf("desktop: waiting for the clipboard: %w", context.Cause(ctx))
}

// read returns what the owner gives, and in which form; errNothing or ErrUnavailable say why not. It asks
// Wayland first, for the same reasons as Open.
func (o once) read(ctx context.Context) (form string, content []byte, err error) {
	var reasons []error
	for _, way := range []struct {
		variable string
		read     func(context.Context) (string, []byte, error)
	}{{"WAYLAND_DISPLAY", o.wayland}, {"DISPLAY", o.x11}} {
		if os.Getenv(way.variable) == "" {
			continue
		}
		form, content, err := way.read(ctx)
		if err == nil || errors.Is(err, errNothing) {
			return form, content, err
		}
		reasons = append(reasons, err)
	}
	if len(reasons) == 0 {
		return "", nil, fmt.Errorf("%w: there is no display", ErrUnavailable)
	}
	return "", nil, errors.Join(reasons...)
}
