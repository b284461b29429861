package store

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/zalando/go-keyring"
)

// KeySource keeps the keys of store files.
type KeySource interface {
	// Protection names the kind of source.
	Protection() Protection
	// Create draws a key, keeps it, and writes into the header what finds it again.
	Create(ctx context.Context, rand io.Reader, h *Header) (Key, error)
	// Key returns the key of the file with this header.
	Key(ctx context.Context, h Header) (Key, error)
	// Forget removes the key; a key already gone is fine.
	Forget(ctx context.Context, h Header) error
}

// entryBytes is the size of the random part of a keyring entry's name, so that several stores of
// one user do not meet.
const entryBytes = 8

// Secrets is the operating system's keyring. Its calls may block for as long as a password dialog
// stays open; a missing entry is [keyring.ErrNotFound].
type Secrets interface {
	Set(service, user, secret string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}

// Maker is a service for secrets that can be given the keyring it has none of. The call may block as long as a
// dialog stays open; one that is there already is fine.
type Maker interface {
	Make() error
}

// SystemSecrets is the keyring of this system: Secret Service, Keychain or Credential Manager.
type SystemSecrets struct{}

// Keyring is a [KeySource] over the operating system's keyring. A locked keyring may block a call
// without end, and such a call cannot be taken back: every call therefore runs in a goroutine of
// its own, one at a time, and the caller leaves when its context ends. The goroutine it leaves
// behind ends when the keyring answers.
type Keyring struct {
	secrets Secrets
	service string
	slot    chan struct{}
}

// NewKeyring returns the source for a service name such as "io.github.tabferry.Tabferry".
func NewKeyring(secrets Secrets, service string) *Keyring {
	return &Keyring{secrets, service, make(chan struct{}, 1)}
}

// Protection is [ByKeyring].
func (*Keyring) Protection() Protection { return ByKeyring }

// Create draws a key and puts it into the keyring, reading it back: some services accept a secret
// that they do not keep.
func (k *Keyring) Create(ctx context.Context, rand io.Reader, h *Header) (Key, error) {
	key, err := newKey(rand)
	if err != nil {
		return Key{}, err
	}
	name := make([]byte, entryBytes)
	if _, err := io.ReadFull(rand, name); err != nil {
		return Key{}, fmt.Errorf("drawing a name: %w", err)
	}
	h.Entry = "store-" + hex.EncodeToString(name)
	secret := base64.StdEncoding.EncodeToString(key[:])
	entry := h.Entry
	_, err = k.call(ctx, func() (string, error) {
		err := k.secrets.Set(k.service, entry, secret)
		if err == nil && ctx.Err() != nil {
			// Nobody waits any more: the file for this key will never be.
			return "", k.secrets.Delete(k.service, entry)
		}
		return "", err
	})
	if err != nil {
		return Key{}, err
	}
	kept, err := k.Key(ctx, *h)
	if err != nil {
		return Key{}, err
	}
	if kept != key {
		return Key{}, fmt.Errorf("%w: it does not keep what it is given", ErrKeyring)
	}
	return key, nil
}

// Key asks the keyring.
func (k *Keyring) Key(ctx context.Context, h Header) (Key, error) {
	secret, err := k.call(ctx, func() (string, error) { return k.secrets.Get(k.service, h.Entry) })
	if errors.Is(err, keyring.ErrNotFound) {
		return Key{}, ErrKeyMissing
	}
	if err != nil {
		return Key{}, err
	}
	text, err := base64.StdEncoding.DecodeString(secret)
	if err != nil || len(text) != KeySize {
		return Key{}, ErrWrongKey
	}
	return Key(text), nil
}

// Make gives the service a keyring, where it has none and can be given one: see [ErrNoCollection].
func (k *Keyring) Make(ctx context.Context) error {
	maker, ok := k.secrets.(Maker)
	if !ok {
		return ErrNoKeyring
	}
	_, err := k.call(ctx, func() (string, error) { return "", maker.Make() })
	return err
}

// Forget removes the entry.
func (k *Keyring) Forget(ctx context.Context, h Header) error {
	_, err := k.call(ctx, func() (string, error) { return "", k.secrets.Delete(k.service, h.Entry) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}

// errGaveUp says that the keyring, or the library to it, failed in the middle of a call.
var errGaveUp = errors.New("it went away in the middle of an answer")

// answer is what a keyring call came back with.
type answer struct {
	text string
	err  error
}

// call runs f alone and waits for it as long as ctx lives.
func (k *Keyring) call(ctx context.Context, f func() (string, error)) (string, error) {
	select {
	case k.slot <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	done := make(chan answer, 1)
	go k.askKeyring(f, done)
	select {
	case a := <-done:
		if a.err != nil && !errors.Is(a.err, keyring.ErrNotFound) && !errors.Is(a.err, ErrKeyring) {
			return "", fmt.Errorf("%w: %w", ErrKeyring, a.err)
		}
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// askKeyring is the one goroutine that may outlive its caller; leak checks know it by this name.
//
// A panic of a keyring library is an answer like any other.
func (k *Keyring) askKeyring(f func() (string, error), done chan<- answer) {
	defer func() { <-k.slot }()
	defer func() {
		if recover() != nil {
			done <- answer{err: errGaveUp}
		}
	}()
	text, err := f()
	done <- answer{text, err}
}
