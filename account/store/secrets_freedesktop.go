//go:build !windows && !darwin

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// The names of the Secret Service (freedesktop Secret Service API, draft 0.2).
const (
	secretsName       = "org.freedesktop.secrets"
	secretsPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceInterface  = "org.freedesktop.Secret.Service"
	collectionMethods = "org.freedesktop.Secret.Collection"
	itemInterface     = "org.freedesktop.Secret.Item"
	promptInterface   = "org.freedesktop.Secret.Prompt"
	loginCollection   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	nothing           = dbus.ObjectPath("/")
)

// newCollection is what a collection that we have made is called: as the desktops call theirs, because it is
// for every program.
const newCollection = "Default keyring"

// secretsTime is how long the bus and the service may take for one answer that no person has a part in.
const secretsTime = 20 * time.Second

// Set stores a secret.
func (SystemSecrets) Set(service, user, secret string) error {
	return onSecrets(func(s *secretService) error {
		collection, err := s.collection(s.unlock)
		if err != nil {
			return err
		}
		session, err := s.session()
		if err != nil {
			return err
		}
		properties := map[string]dbus.Variant{
			itemInterface + ".Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", user, service)),
			itemInterface + ".Attributes": dbus.MakeVariant(attributes(service, user)),
		}
		var item, prompt dbus.ObjectPath
		sealed := secretValue{session, []byte{}, []byte(secret), "text/plain; charset=utf8"}
		if err := s.call(collection, collectionMethods+".CreateItem", properties, sealed, true).Store(&item, &prompt); err != nil {
			return err
		}
		return s.ask(prompt)
	})
}

// Get reads a secret. Mostly it is unlocked, so that nobody need be asked to unlock anything: each question to
// the service takes a millisecond of a start. If it does not come so, or empty, it is asked for in full.
func (SystemSecrets) Get(service, user string) (secret string, err error) {
	err = onSecrets(func(s *secretService) (err error) {
		if secret, err = s.read(service, user, func(dbus.ObjectPath) error { return nil }); err != nil || secret == "" {
			secret, err = s.read(service, user, s.unlock)
		}
		return err
	})
	return secret, err
}

// read reads a secret, with what unlocks the collection and the item.
func (s *secretService) read(service, user string, unlock func(what dbus.ObjectPath) error) (secret string, err error) {
	item, err := s.find(service, user, unlock)
	if err != nil {
		return "", err
	}
	if err := unlock(item); err != nil { // some ask for each item
		return "", err
	}
	session, err := s.session()
	if err != nil {
		return "", err
	}
	var value secretValue
	err = s.call(item, itemInterface+".GetSecret", session).Store(&value)
	return string(value.Value), err
}

// Delete removes a secret.
func (SystemSecrets) Delete(service, user string) error {
	return onSecrets(func(s *secretService) error {
		item, err := s.find(service, user, s.unlock)
		if err != nil {
			return err
		}
		var prompt dbus.ObjectPath
		if err := s.call(item, itemInterface+".Delete").Store(&prompt); err != nil {
			return err
		}
		return s.ask(prompt)
	})
}

// Make makes the service's default collection, if it has none. The service asks the person for a password
// to protect it with.
func (SystemSecrets) Make() error {
	return onSecrets(func(s *secretService) error {
		if _, err := s.collection(s.unlock); !errors.Is(err, ErrNoCollection) {
			return err
		}
		properties := map[string]dbus.Variant{collectionMethods + ".Label": dbus.MakeVariant(newCollection)}
		var made, prompt dbus.ObjectPath
		if err := s.call(secretsPath, serviceInterface+".CreateCollection", properties, "default").Store(&made, &prompt); err != nil {
			return err
		}
		return s.ask(prompt)
	})
}

// attributes find a secret. They are those of github.com/zalando/go-keyring, which wrote the entries of
// earlier versions.
func attributes(service, user string) map[string]string {
	return map[string]string{"service": service, "username": user}
}

// secretValue is the structure Secret of the API.
type secretValue struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// secretService is the service on a connection of its own, so that nobody else's signals are taken for
// the answer to a dialog.
type secretService struct{ conn *dbus.Conn }

// onSecrets runs do on the service. It starts no session bus: where there is none, there is no keyring.
func onSecrets(do func(*secretService) error) error {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoKeyring, err)
	}
	defer conn.Close()
	late := time.AfterFunc(secretsTime, func() { conn.Close() }) // #nosec G104 -- what it interrupts says so
	err = conn.Auth(nil)
	if err == nil {
		err = conn.Hello()
	}
	late.Stop()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoKeyring, err)
	}
	err = do(&secretService{conn})
	var said dbus.Error
	if errors.As(err, &said) && noSuchService(said.Name) {
		return fmt.Errorf("%w: %w", ErrNoKeyring, err)
	}
	return err
}

// noSuchService reports whether an error's name says that nobody answers to the name of the service.
func noSuchService(name string) bool {
	name, of := strings.CutPrefix(name, "org.freedesktop.DBus.Error.")
	return of && (name == "ServiceUnknown" || name == "NameHasNoOwner" || strings.HasPrefix(name, "Spawn."))
}

func (s *secretService) call(on dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(context.Background(), secretsTime)
	defer cancel()
	return s.conn.Object(secretsName, on).CallWithContext(ctx, method, 0, args...)
}

// collection returns the collection that secrets lie in, once it is unlocked: the one that is unlocked with
// the login, or what the service says is its default. Not every service answers at the alias's own path.
func (s *secretService) collection(unlock func(what dbus.ObjectPath) error) (dbus.ObjectPath, error) {
	var property dbus.Variant
	err := s.call(secretsPath, "org.freedesktop.DBus.Properties.Get", serviceInterface, "Collections").Store(&property)
	if err != nil {
		return "", err
	}
	collection := loginCollection
	if paths, ok := property.Value().([]dbus.ObjectPath); !ok || !slices.Contains(paths, loginCollection) {
		if err := s.call(secretsPath, serviceInterface+".ReadAlias", "default").Store(&collection); err != nil {
			return "", err
		}
	}
	if collection == nothing {
		return "", ErrNoCollection
	}
	return collection, unlock(collection)
}

func (s *secretService) find(service, user string, unlock func(what dbus.ObjectPath) error) (dbus.ObjectPath, error) {
	collection, err := s.collection(unlock)
	if err != nil {
		return "", err
	}
	var items []dbus.ObjectPath
	if err := s.call(collection, collectionMethods+".SearchItems", attributes(service, user)).Store(&items); err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", keyring.ErrNotFound
	}
	return items[0], nil
}

func (s *secretService) session() (session dbus.ObjectPath, err error) {
	var output dbus.Variant
	err = s.call(secretsPath, serviceInterface+".OpenSession", "plain", dbus.MakeVariant("")).Store(&output, &session)
	return session, err
}

// unlock unlocks a collection or an item. It waits for the person where a password dialog is needed:
// possibly for ever.
func (s *secretService) unlock(what dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := s.call(secretsPath, serviceInterface+".Unlock", []dbus.ObjectPath{what}).Store(&unlocked, &prompt); err != nil {
		return err
	}
	return s.ask(prompt)
}

// ask shows a dialog of the service, if there is one to show, and waits for its end.
func (s *secretService) ask(prompt dbus.ObjectPath) error {
	if prompt == nothing {
		return nil
	}
	signals := make(chan *dbus.Signal, 1)
	s.conn.Signal(signals)
	if err := s.conn.AddMatchSignal(dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface)); err != nil {
		return err
	}
	if err := s.call(prompt, promptInterface+".Prompt", "").Err; err != nil {
		return fmt.Errorf("%w: %w", ErrKeyringLocked, err) // nobody could be asked
	}
	for signal := range signals {
		if signal.Path != prompt || signal.Name != promptInterface+".Completed" || len(signal.Body) == 0 {
			continue
		}
		s.conn.RemoveSignal(signals)
		if dismissed, ok := signal.Body[0].(bool); !ok || dismissed {
			return ErrKeyringCancelled
		}
		return nil
	}
	return errGaveUp // the bus went away
}
