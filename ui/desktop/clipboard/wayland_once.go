//go:build !windows && !darwin

package clipboard

import (
	"context"
	"errors"
)

// wayland reads through data-control; see waylandClipboard. The compositor tells the selection to everybody
// who comes.
func (o once) wayland(ctx context.Context) (form string, content []byte, err error) {
	c, err := newWaylandClipboard(waylandContent{forms: o.forms, limit: int64(o.limit), everyTime: true})
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	select {
	case <-c.Changed():
	case <-ctx.Done():
		return "", nil, givenUp(ctx)
	}
	if form, text := c.taken(); text != "" {
		return form, []byte(text), nil
	}
	return "", nil, errNothing
}
