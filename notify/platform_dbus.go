//go:build !windows && !darwin

package notify

import "context"

// NewBackend returns the backend of this platform: the session bus's notification server, which may come
// later than we do. name is the application's name, id its desktop file's name without ".desktop", icon a
// PNG, which is put into folder.
func NewBackend(ctx context.Context, name, id, folder string, icon []byte) Backend {
	return newBusBackend(ctx, name, id, placePicture(folder, id, icon), connectSessionBus)
}
