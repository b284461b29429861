//go:build !windows && !darwin

package store

import (
	"errors"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The names of the Secret Service (freedesktop Secret Service API, draft 0.2).
const (
	secretsName       = "org.freedesktop.secrets"
	secretsPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	loginCollection   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultCollection = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	noPrompt          = dbus.ObjectPath("/")
	promptInterface   = "org.freedesktop.Secret.Prompt"
)

// errDeclined says that the keyring's password dialog was closed without the password.
var errDeclined = errors.New("it stays locked")

// unlock makes sure that the keyring that go-keyring uses is unlocked. It waits for the person where
// a password dialog is needed: possibly for ever.
//
// go-keyring can unlock by itself, but it takes the first signal on the process's shared bus
// connection for the dialog's answer, and reads past the end of a connection that closes. The tray
// library gets its signals on that connection, so the answer was "no" while the dialog still stood
// there. Here the dialog has a connection of its own. Everything else that may be wrong with the
// service is left to go-keyring to report.
func unlock() error {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil // see above
	}
	defer conn.Close()
	service := conn.Object(secretsName, secretsPath)
	collection := defaultCollection
	if property, err := service.GetProperty("org.freedesktop.Secret.Service.Collections"); err == nil {
		if paths, ok := property.Value().([]dbus.ObjectPath); ok && slices.Contains(paths, loginCollection) {
			collection = loginCollection
		}
	}
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err = service.Call("org.freedesktop.Secret.Service.Unlock", 0, []dbus.ObjectPath{collection}).Store(&unlocked, &prompt)
	if err != nil || prompt == noPrompt {
		return nil // see above
	}
	return ask(conn, prompt)
}

// ask shows a dialog of the Secret Service and waits for its end.
func ask(conn *dbus.Conn, prompt dbus.ObjectPath) error {
	signals := make(chan *dbus.Signal, 1)
	conn.Signal(signals)
	err := conn.AddMatchSignal(dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface))
	if err != nil {
		return err
	}
	if err := conn.Object(secretsName, prompt).Call(promptInterface+".Prompt", 0, "").Err; err != nil {
		return err
	}
	for signal := range signals {
		if signal.Path != prompt || signal.Name != promptInterface+".Completed" || len(signal.Body) == 0 {
			continue
		}
		if dismissed, ok := signal.Body[0].(bool); !ok || dismissed {
			return errDeclined
		}
		return nil
	}
	return errGaveUp // the bus went away
}
