package notify

import (
	"context"
	"fmt"

	"github.com/gen2brain/beeep"
)

// plainBackend shows notifications by beeep: on Windows toasts, on macOS the notification centre,
// elsewhere whatever program is there. It cannot replace one and hears nothing back.
type plainBackend struct {
	icon []byte
	show func(title, body string, icon any) error
}

// newPlainBackend makes it. beeep keeps the application's name in a variable of its own package;
// it is set here, before any notification.
func newPlainBackend(name string, icon []byte) *plainBackend {
	beeep.AppName = name
	return &plainBackend{icon: icon, show: beeep.Notify}
}

// Show shows n. Every text is made harmless first: see harmless.
func (b *plainBackend) Show(_ context.Context, n Notification) error {
	if err := b.show(harmless(n.Title, maxTitle), harmless(n.Body, maxText), b.icon); err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	return nil
}

// Clicks is false: beeep reports none.
func (b *plainBackend) Clicks(context.Context) bool { return false }

// Responses is nil: there are none.
func (b *plainBackend) Responses() <-chan Response { return nil }

// Close has nothing to free.
func (b *plainBackend) Close() error { return nil }
