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
	KeyringAbsent           // there is a service, but it has no keyring
)

// keyringPassword protects the keyring of every box.
const keyringPassword = "test"

func (b *Box) keyring(ctx context.Context, k Keyring) error {
	if k == KeyringAbsent {
		return nil
	}
	unlock := b.Command("gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground")
	unlock.Stdin = strings.NewReader(keyringPassword)
	if err := b.launch(unlock); err != nil {
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
	if err := b.until(ctx, "xdotool", "search", "--onlyvisible", "--class", "gcr-prompter", "windowactivate", "--sync"); err != nil {
		return fmt.Errorf("no dialog asks for the password: %w", err)
	}
	if err := b.Command("xdotool", "type", "--delay", "20", keyringPassword).Run(); err != nil {
		return err
	}
	return b.Command("xdotool", "key", "Return").Run()
}
