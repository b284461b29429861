package notify

import "context"

// NewBackend returns the backend of this platform. name is the application's name, icon a PNG.
func NewBackend(_ context.Context, name, _, _ string, icon []byte) Backend {
	return newPlainBackend(name, icon)
}
