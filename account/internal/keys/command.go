package keys

import (
	"crypto/ecdh"
	"encoding/json"
	"fmt"
	"io"
)

// authSecretSize is the length of a Web Push authentication secret
// (RFC 8291 section 3.2).
const authSecretSize = 16

// CommandKeys are the keys with which a device receives one kind of command:
// messages are encrypted to Private's public half and AuthSecret as Web Push
// messages are (RFC 8291).
type CommandKeys struct {
	Private    *ecdh.PrivateKey
	AuthSecret []byte // 16 bytes
}

// CommandPublic is what a sender needs.
type CommandPublic struct {
	PublicKey  *ecdh.PublicKey
	AuthSecret []byte // 16 bytes
}

// NewCommandKeys makes fresh keys.
func NewCommandKeys(rand io.Reader) (CommandKeys, error) {
	priv, err := NewPrivateKey(rand)
	if err != nil {
		return CommandKeys{}, fmt.Errorf("make command key: %w", err)
	}
	auth, err := randomBytes(rand, authSecretSize)
	if err != nil {
		return CommandKeys{}, fmt.Errorf("make command auth secret: %w", err)
	}
	return CommandKeys{Private: priv, AuthSecret: auth}, nil
}

// String never shows a key.
func (CommandKeys) String() string { return "command keys" }

// GoString never shows a key.
func (k CommandKeys) GoString() string { return k.String() }

// Public is the part that is published.
func (k CommandKeys) Public() CommandPublic {
	return CommandPublic{PublicKey: k.Private.PublicKey(), AuthSecret: k.AuthSecret}
}

// storedCommandKeys is the text form in the state of Mozilla's own client, kept
// so that its state can be taken over. Bytes are arrays of numbers there.
type storedCommandKeys struct {
	V1 *storedV1 `json:"V1"`
}

type storedV1 struct {
	P256Key    storedP256 `json:"p256key"`
	AuthSecret []int      `json:"auth_secret"`
}

type storedP256 struct {
	Curve      string `json:"curve"`
	PrivateKey []int  `json:"private_key"`
	PublicKey  []int  `json:"public_key"`
}

// MarshalText writes the keys in the form that is kept in the saved state. It
// holds the private key.
func (k CommandKeys) MarshalText() ([]byte, error) {
	if k.Private == nil || len(k.AuthSecret) != authSecretSize {
		return nil, malformed("command keys")
	}
	return json.Marshal(storedCommandKeys{V1: &storedV1{
		P256Key: storedP256{
			Curve:      "P256",
			PrivateKey: toInts(k.Private.Bytes()),
			PublicKey:  toInts(k.Private.PublicKey().Bytes()),
		},
		AuthSecret: toInts(k.AuthSecret),
	}})
}

// UnmarshalText reads what MarshalText wrote. The public key must belong to
// the private one.
func (k *CommandKeys) UnmarshalText(text []byte) error {
	var s storedCommandKeys
	if err := json.Unmarshal(text, &s); err != nil || s.V1 == nil {
		return malformed("command keys")
	}
	if s.V1.P256Key.Curve != "P256" {
		return unsupported("command key curve")
	}
	d, okD := toBytes(s.V1.P256Key.PrivateKey, scalarSize)
	q, okQ := toBytes(s.V1.P256Key.PublicKey, uncompressedLen)
	auth, okA := toBytes(s.V1.AuthSecret, authSecretSize)
	if !okD || !okQ || !okA {
		return malformed("command keys size")
	}
	priv, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		return malformed("command private key")
	}
	if string(priv.PublicKey().Bytes()) != string(q) {
		return malformed("command keys do not belong together")
	}
	k.Private, k.AuthSecret = priv, auth
	return nil
}

func toInts(b []byte) []int {
	out := make([]int, len(b))
	for i, v := range b {
		out[i] = int(v)
	}
	return out
}

func toBytes(in []int, size int) ([]byte, bool) {
	if len(in) != size {
		return nil, false
	}
	out := make([]byte, size)
	for i, v := range in {
		if v < 0 || v > 0xff {
			return nil, false
		}
		out[i] = byte(v)
	}
	return out, true
}

// publishedKeys is the cleartext of a published bundle.
type publishedKeys struct {
	PublicKey  string `json:"publicKey"`  // 65 bytes, base64url
	AuthSecret string `json:"authSecret"` // 16 bytes, base64url
}

// SealCommandKeys writes the value a device publishes for one command: its
// public key and auth secret, readable only for holders of the account's
// oldsync key.
func SealCommandKeys(rand io.Reader, oldsync ScopedKey, public CommandPublic) (string, error) {
	if public.PublicKey == nil || len(public.AuthSecret) != authSecretSize {
		return "", malformed("command public key")
	}
	clear, err := json.Marshal(publishedKeys{
		PublicKey:  b64.EncodeToString(public.PublicKey.Bytes()),
		AuthSecret: b64.EncodeToString(public.AuthSecret),
	})
	if err != nil {
		return "", fmt.Errorf("write command keys: %w", err)
	}
	return sealNamed(rand, oldsync, clear)
}

// OpenCommandKeys reads what another device of the account published. A value
// made with another oldsync key is ErrKeyMismatch.
func OpenCommandKeys(oldsync ScopedKey, value string) (CommandPublic, error) {
	clear, err := openNamed(oldsync, value)
	if err != nil {
		return CommandPublic{}, err
	}
	var p publishedKeys
	if err := json.Unmarshal(clear, &p); err != nil {
		return CommandPublic{}, malformed("command keys")
	}
	raw, errKey := b64.DecodeString(trimPadding(p.PublicKey))
	auth, errAuth := b64.DecodeString(trimPadding(p.AuthSecret))
	if errKey != nil || errAuth != nil || len(auth) != authSecretSize {
		return CommandPublic{}, malformed("command keys")
	}
	pub, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return CommandPublic{}, malformed("command public key")
	}
	return CommandPublic{PublicKey: pub, AuthSecret: auth}, nil
}
