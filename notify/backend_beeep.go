package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/gen2brain/beeep"
)

// plainTime is how long a program that shows a notification may take: PowerShell starts slowly.
const plainTime = 20 * time.Second

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

// Show shows n. Every text is made harmless first: see harmless. What beeep asks may hang; Show waits
// no longer than ctx, and plainTime.
func (b *plainBackend) Show(ctx context.Context, n Notification) error {
	ctx, cancel := context.WithTimeout(ctx, plainTime)
	defer cancel()
	shown := make(chan error, 1)
	go func() { shown <- b.show(harmless(n.Title, maxTitle), harmless(n.Body, maxText), b.icon) }()
	var err error
	select {
	case err = <-shown:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
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
