package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Parameters of the one JWE shape the accounts service uses: direct key
// agreement (RFC 7518 section 4.6) with A256GCM (section 5.3).
const (
	algECDHES  = "ECDH-ES"
	encA256GCM = "A256GCM"
	cekBits    = 256
	gcmIVSize  = 12
	gcmTagSize = 16
	// maxJWE bounds what is parsed. A bundle of a dozen scoped keys is about
	// 3 kB; the server's own limit for a request body is 16 kB.
	maxJWE = 64 << 10
)

// header is the protected header of a JWE. Members not named here are
// allowed and ignored, except those that change the meaning of the rest.
type header struct {
	Alg  string          `json:"alg"`
	Enc  string          `json:"enc"`
	Kid  string          `json:"kid,omitempty"`
	Epk  *jwk            `json:"epk"`
	Apu  *string         `json:"apu,omitempty"`
	Apv  *string         `json:"apv,omitempty"`
	Crit json.RawMessage `json:"crit,omitempty"`
	Zip  json.RawMessage `json:"zip,omitempty"`
}

// check refuses what this package cannot decrypt.
func (h header) check() error {
	switch {
	case h.Alg != algECDHES:
		return unsupported("jwe alg")
	case h.Enc != encA256GCM:
		return unsupported("jwe enc")
	case h.Crit != nil:
		return unsupported("jwe crit")
	case h.Zip != nil:
		return unsupported("jwe zip")
	case h.Epk == nil:
		return malformed("jwe epk")
	}
	return nil
}

// EncryptJWE encrypts plaintext to a P-256 public key given as JWK and returns
// the compact form. A kid in the JWK is copied into the protected header. The
// randomness gives the ephemeral key (32 bytes) and then the IV (12 bytes).
func EncryptJWE(rand io.Reader, recipientJWK, plaintext []byte) (string, error) {
	var recipient struct {
		jwk
		Kid string `json:"kid"`
	}
	if err := json.Unmarshal(recipientJWK, &recipient); err != nil {
		return "", malformed("recipient jwk")
	}
	pub, err := recipient.key()
	if err != nil {
		return "", err
	}
	ephemeral, err := NewPrivateKey(rand)
	if err != nil {
		return "", fmt.Errorf("make ephemeral key: %w", err)
	}
	iv, err := randomBytes(rand, gcmIVSize)
	if err != nil {
		return "", fmt.Errorf("make iv: %w", err)
	}
	epk := jwkOf(ephemeral.PublicKey())
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(header{Alg: algECDHES, Enc: encA256GCM, Kid: recipient.Kid, Epk: &epk}); err != nil {
		return "", fmt.Errorf("write jwe header: %w", err)
	}
	protected := b64.EncodeToString(bytes.TrimRight(text.Bytes(), "\n"))
	gcm, err := agree(ephemeral, pub, nil, nil)
	if err != nil {
		return "", err
	}
	sealed := gcm.Seal(nil, iv, plaintext, []byte(protected))
	cut := len(sealed) - gcmTagSize
	return strings.Join([]string{
		protected, "", b64.EncodeToString(iv),
		b64.EncodeToString(sealed[:cut]), b64.EncodeToString(sealed[cut:]),
	}, "."), nil
}

// DecryptJWE decrypts a compact JWE addressed to priv. A kid in the header is
// not compared with anything: the service copies ours or makes up its own.
func DecryptJWE(priv *ecdh.PrivateKey, compact string) ([]byte, error) {
	if len(compact) > maxJWE {
		return nil, malformed("jwe size")
	}
	if strings.ContainsAny(compact, "\r\n") {
		// The base64 decoder would skip them, and one message would have
		// several spellings.
		return nil, malformed("jwe line break")
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 5 {
		return nil, malformed("jwe parts")
	}
	if parts[1] != "" {
		return nil, malformed("jwe encrypted key must be empty")
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return nil, err
	}
	iv, errIV := b64.DecodeString(parts[2])
	body, errBody := b64.DecodeString(parts[3])
	tag, errTag := b64.DecodeString(parts[4])
	if errIV != nil || errBody != nil || errTag != nil {
		return nil, malformed("jwe base64")
	}
	if len(iv) != gcmIVSize || len(tag) != gcmTagSize {
		return nil, malformed("jwe iv or tag size")
	}
	epk, err := h.Epk.key()
	if err != nil {
		return nil, err
	}
	sealed := append(body, tag...)
	for _, party := range h.parties() {
		gcm, err := agree(priv, epk, party.apu, party.apv)
		if err != nil {
			return nil, err
		}
		plain, err := gcm.Open(nil, iv, sealed, []byte(parts[0]))
		if err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("jwe: %w", ErrDecrypt)
}

func parseHeader(part string) (header, error) {
	text, err := b64.DecodeString(part)
	if err != nil {
		return header{}, malformed("jwe header base64")
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return header{}, malformed("jwe header")
	}
	return h, h.check()
}

// partyInfo is one reading of the two party strings of the key derivation.
type partyInfo struct{ apu, apv []byte }

// parties lists the readings to try. RFC 7518 section 4.6.1 has apu and apv
// base64url encoded in the header and decoded in the derivation; Mozilla's own
// client takes their text as it stands. The service sends neither, so that
// there is nearly always exactly one reading.
func (h header) parties() []partyInfo {
	if h.Apu == nil && h.Apv == nil {
		return []partyInfo{{}}
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	raw := partyInfo{[]byte(text(h.Apu)), []byte(text(h.Apv))}
	apu, errU := b64.DecodeString(text(h.Apu))
	apv, errV := b64.DecodeString(text(h.Apv))
	if errU != nil || errV != nil {
		return []partyInfo{raw}
	}
	return []partyInfo{{apu, apv}, raw}
}

// agree does the key agreement of RFC 7518 section 4.6.2: one round of the
// Concat KDF over the shared x-coordinate, because the key is as long as the
// hash.
func agree(priv *ecdh.PrivateKey, pub *ecdh.PublicKey, apu, apv []byte) (cipher.AEAD, error) {
	z, err := priv.ECDH(pub)
	if err != nil {
		return nil, malformed("key agreement")
	}
	info := binary.BigEndian.AppendUint32(nil, 1)
	info = append(info, z...)
	for _, part := range [][]byte{[]byte(encA256GCM), apu, apv} {
		info = binary.BigEndian.AppendUint32(info, uint32(len(part))) // #nosec G115 -- bounded by maxJWE
		info = append(info, part...)
	}
	info = binary.BigEndian.AppendUint32(info, cekBits)
	cek := sha256.Sum256(info)
	block, err := aes.NewCipher(cek[:])
	if err != nil {
		return nil, fmt.Errorf("jwe cipher: %w", err)
	}
	return cipher.NewGCM(block)
}
