package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// syncKeySize is the length of an oldsync key: an AES-256 key and an HMAC key.
const syncKeySize = 64

// Bundle is a key pair of Firefox Sync: AES-256-CBC for secrecy,
// HMAC-SHA256 for integrity.
type Bundle struct {
	enc, mac []byte
}

// NewBundle splits 64 bytes into the two keys.
func NewBundle(raw []byte) (Bundle, error) {
	if len(raw) != syncKeySize {
		return Bundle{}, malformed("sync key size")
	}
	half := syncKeySize / 2
	return Bundle{enc: append([]byte(nil), raw[:half]...), mac: append([]byte(nil), raw[half:]...)}, nil
}

// String never shows a key.
func (Bundle) String() string { return "sync key bundle" }

// GoString never shows a key.
func (b Bundle) GoString() string { return b.String() }

// Sealed is text encrypted with a Bundle, as Firefox Sync writes it. The HMAC
// covers the base64 text of the ciphertext, not its bytes.
type Sealed struct {
	IV         string `json:"IV"`         // 16 bytes, standard base64
	HMAC       string `json:"hmac"`       // hex
	Ciphertext string `json:"ciphertext"` // standard base64
}

// Seal encrypts cleartext under a fresh IV taken from rand (16 bytes).
func (b Bundle) Seal(rand io.Reader, cleartext []byte) (Sealed, error) {
	block, err := b.block()
	if err != nil {
		return Sealed{}, err
	}
	iv, err := randomBytes(rand, aes.BlockSize)
	if err != nil {
		return Sealed{}, fmt.Errorf("make iv: %w", err)
	}
	pad := aes.BlockSize - len(cleartext)%aes.BlockSize
	text := make([]byte, len(cleartext)+pad)
	copy(text, cleartext)
	for i := len(cleartext); i < len(text); i++ {
		text[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	encoded := base64.StdEncoding.EncodeToString(text)
	return Sealed{
		IV:         base64.StdEncoding.EncodeToString(iv),
		HMAC:       hex.EncodeToString(b.sum(encoded)),
		Ciphertext: encoded,
	}, nil
}

// Open verifies the HMAC and decrypts. A wrong HMAC, and padding that does not
// fit although the HMAC does, are ErrDecrypt.
func (b Bundle) Open(s Sealed) ([]byte, error) {
	block, err := b.block()
	if err != nil {
		return nil, err
	}
	want, err := hex.DecodeString(s.HMAC)
	if err != nil || len(want) != sha256.Size {
		return nil, malformed("bundle hmac")
	}
	if !hmac.Equal(want, b.sum(s.Ciphertext)) {
		return nil, fmt.Errorf("bundle hmac: %w", ErrDecrypt)
	}
	iv, errIV := base64.StdEncoding.DecodeString(s.IV)
	text, errText := base64.StdEncoding.DecodeString(s.Ciphertext)
	if errIV != nil || errText != nil || len(iv) != aes.BlockSize || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, malformed("bundle text")
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, fmt.Errorf("bundle padding: %w", ErrDecrypt)
	}
	for _, p := range text[len(text)-pad:] {
		if int(p) != pad {
			return nil, fmt.Errorf("bundle padding: %w", ErrDecrypt)
		}
	}
	return text[:len(text)-pad], nil
}

func (b Bundle) block() (cipher.Block, error) {
	if len(b.enc) == 0 {
		return nil, malformed("empty sync key bundle")
	}
	return aes.NewCipher(b.enc)
}

func (b Bundle) sum(text string) []byte {
	mac := hmac.New(sha256.New, b.mac)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// namedSealed is a Sealed that says which scoped key it was made with.
type namedSealed struct {
	KID string `json:"kid"` // hex
	Sealed
}

// sealNamed encrypts cleartext for everybody who holds the scoped key.
func sealNamed(rand io.Reader, key ScopedKey, cleartext []byte) (string, error) {
	bundle, kid, err := key.bundle()
	if err != nil {
		return "", err
	}
	sealed, err := bundle.Seal(rand, cleartext)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(namedSealed{KID: kid, Sealed: sealed})
	if err != nil {
		return "", fmt.Errorf("write bundle: %w", err)
	}
	return string(text), nil
}

// openNamed is the inverse of sealNamed; ErrKeyMismatch when the text names
// another key.
func openNamed(key ScopedKey, value string) ([]byte, error) {
	bundle, kid, err := key.bundle()
	if err != nil {
		return nil, err
	}
	var sealed namedSealed
	if err := json.Unmarshal([]byte(value), &sealed); err != nil {
		return nil, malformed("command bundle")
	}
	if sealed.KID == "" || sealed.Ciphertext == "" {
		return nil, malformed("command bundle members")
	}
	if sealed.KID != kid {
		return nil, fmt.Errorf("command bundle: %w", ErrKeyMismatch)
	}
	return bundle.Open(sealed.Sealed)
}

func (k ScopedKey) bundle() (Bundle, string, error) {
	raw, err := k.Bytes()
	if err != nil {
		return Bundle{}, "", err
	}
	kid, err := k.Fingerprint()
	if err != nil {
		return Bundle{}, "", err
	}
	bundle, err := NewBundle(raw)
	return bundle, kid, err
}
