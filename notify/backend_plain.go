package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// plainTime is how long a program that shows a notification may take: PowerShell starts slowly.
const plainTime = 20 * time.Second

// plainBackend shows notifications by beeep: on Windows toasts, on macOS the notification centre. It cannot
// replace one and hears nothing back.
type plainBackend struct {
	icon []byte
	show func(title, body string, icon any) error
	// picture is the file that holds the icon from the first notification to the end. beeep makes one
	// for each, which stays behind where it cannot be removed while the desktop still reads it.
	picture string
	// keep has the picture stay, at this path, for a desktop that shows old notifications again; empty
	// for one that goes.
	keep string
	// present introduces us to the desktop before the first notification; nil where nobody asks.
	present func(picture string) error
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

// Withdraw does nothing: beeep cannot take anything back.
func (b *plainBackend) Withdraw(context.Context, string) error { return nil }

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
	picture, err := b.drawAt(b.keep)
	if err != nil {
		return err
	}
	b.picture = picture
	if b.present == nil {
		return nil
	}
	return b.present(picture)
}

// drawAt writes the picture to path, or to a new temporary file.
func (b *plainBackend) drawAt(path string) (string, error) {
	if path != "" {
		return path, os.WriteFile(path, b.icon, 0o600)
	}
	file, err := os.CreateTemp("", "tabferry-*.png")
	if err != nil {
		return "", err
	}
	_, err = file.Write(b.icon)
	return file.Name(), errors.Join(err, file.Close())
}

// Close removes the picture, unless it stays.
func (b *plainBackend) Close() error {
	if b.picture == "" || b.keep != "" {
		return nil
	}
	return os.Remove(b.picture)
}
