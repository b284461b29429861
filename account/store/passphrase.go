package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// The parameters for new files: the second recommended option of RFC 9106, section 4.
const (
	argonTime      = 3
	argonMemoryKiB = 64 << 10
	argonThreads   = 4
	argonSaltSize  = 16
)

// The bounds for files that we read: a damaged header must not make us claim all memory.
const (
	maxArgonTime      = 64
	maxArgonMemoryKiB = 1 << 20
	maxArgonThreads   = 64
)

// wrapName is the place a wrapped key is bound to.
const wrapName = "wrapped"

func (a *Argon2id) valid() bool {
	return a.Time >= 1 && a.Time <= maxArgonTime &&
		a.MemoryKiB >= 8 && a.MemoryKiB <= maxArgonMemoryKiB &&
		a.Threads >= 1 && a.Threads <= maxArgonThreads && len(a.Salt) >= 8 && len(a.Salt) <= 64
}

// derive makes the wrapping key.
func (a *Argon2id) derive(passphrase string) Key {
	var k Key
	copy(k[:], argon2.IDKey([]byte(passphrase), a.Salt, a.Time, a.MemoryKiB, a.Threads, KeySize))
	return k
}

// Passphrase is a [KeySource] that wraps the store's key under a passphrase. Deriving takes about a
// fifth of a second and 64 MiB for a moment.
type Passphrase struct {
	text string
}

// NewPassphrase returns the source; the empty text is refused.
func NewPassphrase(text string) (*Passphrase, error) {
	if text == "" {
		return nil, ErrEmptyPassphrase
	}
	return &Passphrase{text}, nil
}

// Protection is [ByPassphrase].
func (*Passphrase) Protection() Protection { return ByPassphrase }

// Create draws a key and wraps it.
func (p *Passphrase) Create(ctx context.Context, random io.Reader, h *Header) (Key, error) {
	if err := ctx.Err(); err != nil {
		return Key{}, err
	}
	k, err := newKey(random)
	if err != nil {
		return Key{}, err
	}
	salt := make([]byte, argonSaltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return Key{}, fmt.Errorf("drawing a salt: %w", err)
	}
	h.Argon2id = &Argon2id{Time: argonTime, MemoryKiB: argonMemoryKiB, Threads: argonThreads, Salt: salt}
	wrap, err := newSealer(h.Argon2id.derive(p.text), random)
	if err != nil {
		return Key{}, err
	}
	h.Wrapped, err = wrap.seal(headerBucket, wrapName, k[:])
	return k, err
}

// Key unwraps the key; [ErrWrongKey] when the passphrase is another one.
func (p *Passphrase) Key(ctx context.Context, h Header) (Key, error) {
	if err := ctx.Err(); err != nil {
		return Key{}, err
	}
	wrap, err := newSealer(h.Argon2id.derive(p.text), rand.Reader)
	if err != nil {
		return Key{}, err
	}
	text, err := wrap.open(headerBucket, wrapName, h.Wrapped)
	if err != nil || len(text) != KeySize {
		return Key{}, ErrWrongKey
	}
	return Key(text), nil
}

// Forget has nothing to remove: the wrapped key goes with the file.
func (*Passphrase) Forget(context.Context, Header) error { return nil }
