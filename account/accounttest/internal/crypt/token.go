package crypt

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// rsaBits is the size of the keys Mozilla's OAuth server signs with.
const rsaBits = 2048

// ErrToken says that a token was not signed by one of the keys.
var ErrToken = errors.New("token is not one of ours")

// SigningKey is an RSA key of the OAuth server.
type SigningKey struct {
	ID      string // the kid
	Created time.Time
	key     *rsa.PrivateKey
}

// NewSigningKey makes a key, which costs 50 to 500 ms. It is always random.
func NewSigningKey(id string, created time.Time) *SigningKey {
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		panic(fmt.Sprintf("accounttest: rsa: %v", err))
	}
	return &SigningKey{ID: id, Created: created, key: key}
}

// Named returns the same key under another id.
func (k *SigningKey) Named(id string) *SigningKey {
	return &SigningKey{ID: id, Created: k.Created, key: k.key}
}

// JWK is the public key as /jwks publishes it (RFC 7517).
func (k *SigningKey) JWK() (json.RawMessage, error) {
	text, err := json.Marshal(jose.JSONWebKey{Key: &k.key.PublicKey, KeyID: k.ID, Algorithm: "RS256", Use: "sig"})
	if err != nil {
		return nil, fmt.Errorf("write key: %w", err)
	}
	stamp := fmt.Sprintf(`,"fxa-createdAt":%d}`, k.Created.Unix())
	return json.RawMessage(strings.TrimSuffix(string(text), "}") + stamp), nil
}

// Sign signs claims as the OAuth server does: alg, kid and, if given, typ.
func (k *SigningKey) Sign(typ string, claims map[string]any) string {
	opts := (&jose.SignerOptions{}).WithHeader("kid", k.ID)
	if typ != "" {
		opts = opts.WithHeader("typ", typ)
	}
	signed, err := signJWT(jose.SigningKey{Algorithm: jose.RS256, Key: k.key}, opts, claims)
	if err != nil {
		panic(fmt.Sprintf("accounttest: sign: %v", err)) // our own key and plain claims
	}
	return signed
}

// SignAs signs as nobody should: with another algorithm, and with more in the header.
// HS256 takes the public key for its secret, which fools those who let the token say
// how it is to be checked.
func (k *SigningKey) SignAs(algorithm, typ string, header, claims map[string]any) (string, error) {
	opts := (&jose.SignerOptions{}).WithHeader("kid", k.ID)
	if typ != "" {
		opts = opts.WithHeader("typ", jose.ContentType(typ))
	}
	for name, value := range header {
		opts = opts.WithHeader(jose.HeaderKey(name), value)
	}
	var key any = k.key
	if strings.HasPrefix(algorithm, "HS") {
		der, err := x509.MarshalPKIXPublicKey(&k.key.PublicKey)
		if err != nil {
			return "", fmt.Errorf("write key: %w", err)
		}
		key = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	return signJWT(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, opts, claims)
}

// Verify checks a signature with the key the token names and returns the
// claims, or ErrToken.
func Verify(text string, keys []*SigningKey) (map[string]any, error) {
	signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, ErrToken
	}
	for _, k := range keys {
		if signed.Signatures[0].Header.KeyID != k.ID {
			continue
		}
		payload, err := signed.Verify(&k.key.PublicKey)
		if err != nil {
			return nil, ErrToken
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			return nil, ErrToken
		}
		return claims, nil
	}
	return nil, ErrToken
}

// signJWT makes a compact JWT (RFC 7519).
func signJWT(key jose.SigningKey, opts *jose.SignerOptions, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(key, opts)
	if err != nil {
		return "", fmt.Errorf("signer: %w", err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("serialize: %w", err)
	}
	return compact, nil
}
