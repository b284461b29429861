package issuer

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"time"
)

const (
	// keysLife is how long keys are believed if the server does not say, keysMost if it
	// says more than that, keysStale how much longer when they cannot be fetched.
	keysLife  = 5 * time.Minute
	keysMost  = 24 * time.Hour
	keysStale = 30 * time.Minute
	// keysDistance is the least time between two fetches for the sake of an unknown key:
	// anybody can send tokens that name one.
	keysDistance = time.Minute
	// mostKeys bounds a set; servers publish two or three.
	mostKeys = 32
	// minBits and maxBits bound a modulus. Longer ones take long to verify with.
	minBits, maxBits = 2048, 8192
	// maxExponentBits bounds an exponent: crypto/rsa takes no more, and servers use 17.
	maxExponentBits = 31
)

// ErrNoKey says that the server does not publish the key.
var ErrNoKey = errors.New("the key is not one of the issuer's")

// Keys are the keys of an accounts server by their ids.
type Keys map[string]*rsa.PublicKey

// Key returns the key with an id. ErrNoKey if there is none, [ErrUnreachable] if that
// could not be found out.
func (s *Server) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	keys, err := s.keys.get(ctx, never)
	if err != nil {
		return nil, err
	}
	if key := keys[id]; key != nil {
		return key, nil
	}
	if keys, err = s.keys.get(ctx, keysDistance); err != nil {
		return nil, err
	}
	if key := keys[id]; key != nil {
		return key, nil
	}
	return nil, ErrNoKey
}

// Keys returns all keys.
func (s *Server) Keys(ctx context.Context) (Keys, error) { return s.keys.get(ctx, never) }

func (s *Server) fetchKeys(ctx context.Context) (Keys, time.Duration, error) {
	e, err := s.endpoints.get(ctx, never)
	if err != nil {
		return nil, 0, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	header, err := s.fetch(ctx, http.MethodGet, e.JWKS, nil, &set)
	if err != nil {
		return nil, 0, err
	}
	keys := Keys{}
	for _, text := range set.Keys[:min(len(set.Keys), mostKeys)] {
		id, key := usable(text)
		if key != nil && keys[id] == nil {
			keys[id] = key
		}
	}
	if len(keys) == 0 {
		return nil, 0, fmt.Errorf("%w: it publishes no usable key", ErrUnreachable)
	}
	return keys, lifeOf(header, keysLife, keysDistance, keysMost), nil
}

// usable reads a key that tokens may be signed with (RFC 7517; RFC 7518, section 6.3.1). One that is not, or that we
// do not understand, must not spoil the others.
func usable(text []byte) (id string, key *rsa.PublicKey) {
	var jwk struct {
		Kind      string          `json:"kty"`
		ID        string          `json:"kid"`
		Use       string          `json:"use"`
		Algorithm string          `json:"alg"`
		Modulus   string          `json:"n"`
		Exponent  string          `json:"e"`
		Secret    json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(text, &jwk); err != nil || jwk.Kind != "RSA" || jwk.ID == "" || jwk.Use != "" && jwk.Use != "sig" ||
		jwk.Algorithm != "" && jwk.Algorithm != "RS256" || jwk.Secret != nil {
		return "", nil
	}
	n, e := natural(jwk.Modulus), natural(jwk.Exponent)
	if n.BitLen() < minBits || n.BitLen() > maxBits || e.BitLen() < 2 || e.BitLen() > maxExponentBits {
		return "", nil
	}
	return jwk.ID, &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// natural reads a number as keys in JSON have it (RFC 7518, section 2, Base64urlUInt); what is none is zero.
func natural(text string) *big.Int {
	digits, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(digits)
}
