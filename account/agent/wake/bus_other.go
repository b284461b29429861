//go:build !linux

package wake

import (
	"context"
	"errors"
)

// bus does not exist on this system.
type bus struct{}

func openBus(context.Context, string) (*bus, error) {
	return nil, errors.New("this system has none")
}

func (*bus) run(context.Context, func(Event), *poll) {}
func (*bus) close()                                  {}
