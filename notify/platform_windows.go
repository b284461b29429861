package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"git.sr.ht/~jackmordaunt/go-toast"
	"github.com/gen2brain/beeep"
	"golang.org/x/sys/windows/registry"
)

// NewBackend returns the backend of this platform. name is the application's name, appID its application
// user model id, icon a PNG.
func NewBackend(_ context.Context, name, appID, _ string, icon []byte) Backend {
	b := newPlainBackend(name, icon)
	beeep.AppName = appID // beeep takes it for the id
	// The notification centre reads the picture again, long after a program has ended.
	b.keep = filepath.Join(os.TempDir(), appID+".png")
	b.present = func(picture string) error { return register(name, appID, picture) }
	return b
}

// identityKey is where Windows looks up who an application user model id is, below the user's own key.
const identityKey = `Software\Classes\AppUserModelId\`

// register says under which name and picture toasts of appID appear ("Send a local toast notification
// from other types of unpackaged apps"). The toast library writes the id in place of the name, but each
// of its entries only once: so it is asked first.
func register(name, appID, picture string) (err error) {
	if err := toast.SetAppData(toast.AppData{AppID: appID, IconPath: picture}); err != nil {
		return fmt.Errorf("introducing the program to Windows: %w", err)
	}
	key, _, err := registry.CreateKey(registry.CURRENT_USER, identityKey+appID, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("introducing the program to Windows: %w", err)
	}
	defer func() { err = errors.Join(err, key.Close()) }()
	if err := errors.Join(key.SetStringValue("DisplayName", name), key.SetStringValue("IconUri", picture)); err != nil {
		return fmt.Errorf("introducing the program to Windows: %w", err)
	}
	return nil
}
