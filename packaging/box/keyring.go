//go:build linux

package box

import (
	"context"
	"fmt"
	"strings"
)

// Keyring is the state of the Secret Service in the box.
type Keyring int

// The states of the Secret Service.
const (
	KeyringUnlocked Keyring = iota
	KeyringLocked           // there, but it asks for a password that nobody types
	KeyringAbsent           // nobody has begun a service; the bus may begin one, without a keyring
	KeyringNone             // there is a service, but no keyring in it, as where the login is automatic
)

// keyringPassword protects the keyring of every box.
const keyringPassword = "test"

func (b *Box) keyring(ctx context.Context, k Keyring) error {
	if k == KeyringAbsent {
		return nil
	}
	args := []string{"--components=secrets", "--foreground"}
	if k != KeyringNone {
		args = append(args, "--unlock") // which makes one, too
	}
	daemon := b.Command("gnome-keyring-daemon", args...)
	daemon.Stdin = strings.NewReader(keyringPassword)
	if err := b.launch(daemon); err != nil {
		return err
	}
	if err := b.untilOwned(ctx, "org.freedesktop.secrets"); err != nil {
		return err
	}
	if k == KeyringLocked {
		return b.LockKeyring(ctx)
	}
	return nil
}

// LockKeyring locks the keyring, as a screen saver may.
func (b *Box) LockKeyring(ctx context.Context) error {
	return b.until(ctx, "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
		"org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login")
}

// UnlockKeyring types the keyring's password into the dialog that asks for it.
func (b *Box) UnlockKeyring(ctx context.Context) error {
	return b.answerKeyring(ctx, []string{"type", "--delay", "20", keyringPassword}, []string{"key", "Return"})
}

// ProtectKeyring types a password, and the same again, into the dialog that asks for one for a new keyring.
func (b *Box) ProtectKeyring(ctx context.Context) error {
	password := []string{"type", "--delay", "20", keyringPassword}
	return b.answerKeyring(ctx, password, []string{"key", "Tab"}, password, []string{"key", "Return"})
}

// RefuseKeyring closes the keyring's dialog.
func (b *Box) RefuseKeyring(ctx context.Context) error {
	return b.answerKeyring(ctx, []string{"key", "Escape"})
}

// KeyringAsks reports whether the keyring's dialog is on the screen.
func (b *Box) KeyringAsks() bool {
	cmd := b.Command("xdotool", "search", "--onlyvisible", "--class", "gcr-prompter")
	cmd.Stdout, cmd.Stderr = nil, nil
	return cmd.Run() == nil
}

// answerKeyring waits for the keyring's dialog and does what is to be done there.
func (b *Box) answerKeyring(ctx context.Context, strokes ...[]string) error {
	if err := b.until(ctx, "xdotool", "search", "--onlyvisible", "--class", "gcr-prompter", "windowactivate", "--sync"); err != nil {
		return fmt.Errorf("no dialog of the keyring: %w", err)
	}
	for _, stroke := range strokes {
		if err := b.Command("xdotool", stroke...).Run(); err != nil {
			return err
		}
	}
	return nil
}
