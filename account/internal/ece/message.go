package ece

import "crypto/ecdh"

// The content encodings that can be opened.
const (
	EncodingAES128GCM = "aes128gcm"
	EncodingAESGCM    = "aesgcm"
)

// Headers are the values a push service passes on with an encrypted body: the
// request's Content-Encoding, Encryption and Crypto-Key. The latter two belong
// to aesgcm alone.
type Headers struct {
	Encoding   string
	Encryption string
	CryptoKey  string
}

// DecryptMessage opens body with the decoder that h.Encoding names. An absent
// or unknown encoding is refused with [KindHeaders].
func DecryptMessage(priv *ecdh.PrivateKey, auth, body []byte, h Headers) ([]byte, error) {
	switch h.Encoding {
	case EncodingAES128GCM:
		return Decrypt(priv, auth, body)
	case EncodingAESGCM:
		return DecryptAESGCM(priv, auth, body, h.Encryption, h.CryptoKey)
	case "":
		return nil, refuse(KindHeaders, "no encoding named")
	default:
		return nil, refuse(KindHeaders, "encoding is not supported")
	}
}
