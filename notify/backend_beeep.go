//go:build windows || darwin

package notify

import "github.com/gen2brain/beeep"

// newPlainBackend makes it. beeep keeps the application's name in a variable of its own package;
// it is set here, before any notification.
func newPlainBackend(name string, icon []byte) *plainBackend {
	beeep.AppName = name
	return &plainBackend{icon: icon, show: beeep.Notify}
}
