//go:build !windows && !darwin

package notify

import "context"

// NewBackend returns the backend of this platform: the session bus's notification server, which may come
// later than we do. name is the application's name, id its desktop
// file's name without ".desktop", icon a PNG.
func NewBackend(ctx context.Context, name, id string, icon []byte) Backend {
	if b, err := newBusBackend(ctx, name, id, icon, connectSessionBus); err == nil {
		return b
	}
	return newPlainBackend(name, icon)
}
