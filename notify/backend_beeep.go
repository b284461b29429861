package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	// picture is the file that holds the icon from the first notification to the end. beeep makes one
	// for each, which stays behind where it cannot be removed while the desktop still reads it.
	picture string
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
	if err := b.draw(); err != nil {
		return fmt.Errorf("show notification: %w", err)
	}
	icon := b.picture
	shown := make(chan error, 1)
	go func() { shown <- b.show(harmless(n.Title, maxTitle), harmless(n.Body, maxText), icon) }()
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

// Ready is nil: nobody says.
func (b *plainBackend) Ready() <-chan struct{} { return nil }

// draw writes the picture unless it is there.
func (b *plainBackend) draw() error {
	if b.picture != "" {
		return nil
	}
	file, err := os.CreateTemp("", "tabferry-*.png")
	if err != nil {
		return err
	}
	b.picture = file.Name()
	_, err = file.Write(b.icon)
	return errors.Join(err, file.Close())
}

// Close removes the picture.
func (b *plainBackend) Close() error {
	if b.picture == "" {
		return nil
	}
	return os.Remove(b.picture)
}
