//go:build windows || darwin

package application

import "context"

// Run waits until ctx ends: this system has no such bus.
func Run(ctx context.Context, _ Params) { <-ctx.Done() }
