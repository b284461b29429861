package crypt

import "slices"

// KeyRing holds the OAuth server's keys: the one in use, the next and the
// previous one, and one that is never published. Each is made when it is first
// needed: an RSA key costs more time than starting the whole service.
type KeyRing struct {
	make                            func() *SigningKey
	active, next, previous, foreign *SigningKey
}

// NewKeyRing returns a ring that takes its keys from the given function.
func NewKeyRing(newKey func() *SigningKey) KeyRing { return KeyRing{make: newKey} }

func (r *KeyRing) need(key **SigningKey) *SigningKey {
	if *key == nil {
		*key = r.make()
	}
	return *key
}

// Active is the key in use.
func (r *KeyRing) Active() *SigningKey { return r.need(&r.active) }

// Next is the key that Rotate puts in use; asking for it publishes it.
func (r *KeyRing) Next() *SigningKey { return r.need(&r.next) }

// Foreign is a key nobody can look up.
func (r *KeyRing) Foreign() *SigningKey { return r.need(&r.foreign) }

// Rotate puts the next key in use and keeps the former one published.
func (r *KeyRing) Rotate() *SigningKey {
	r.previous = r.Active()
	r.active, r.next = r.Next(), nil
	return r.active
}

// DropPrevious ends the publication of the key before the last rotation.
func (r *KeyRing) DropPrevious() { r.previous = nil }

// Published lists the keys tokens may be signed with.
func (r *KeyRing) Published() []*SigningKey {
	return slices.DeleteFunc([]*SigningKey{r.active, r.next, r.previous}, func(k *SigningKey) bool { return k == nil })
}
