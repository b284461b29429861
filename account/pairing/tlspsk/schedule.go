package tlspsk

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Sizes of TLS_AES_128_GCM_SHA256 (RFC 8446, appendix B.4).
const (
	hashSize = sha256.Size
	keySize  = 16
	ivSize   = 12
)

// schedule walks the key schedule of RFC 8446, section 7.1, for a single external PSK.
type schedule struct {
	secret  []byte // early, handshake or master secret, as far as the walk has come
	observe func(name string, secret []byte)
}

func (s *schedule) see(name string, secret []byte) []byte {
	if s.observe != nil {
		s.observe(name, secret)
	}
	return secret
}

func newSchedule(psk []byte, observe func(string, []byte)) *schedule {
	s := &schedule{observe: observe}
	s.secret = s.see("early_secret", extract(psk, make([]byte, hashSize)))
	return s
}

// binderFinishedKey returns the key of the binder of an external PSK.
func (s *schedule) binderFinishedKey() []byte {
	binderKey := s.see("ext_binder_key", deriveSecret(s.secret, "ext binder", emptyHash()))
	defer clear(binderKey)
	return s.see("binder_finished_key", finishedKey(binderKey))
}

// next replaces the secret by the following stage; psk_ke puts zeros where a shared secret would be.
func (s *schedule) next(stage string) {
	derived := deriveSecret(s.secret, "derived", emptyHash())
	clear(s.secret)
	s.secret = s.see(stage, extract(make([]byte, hashSize), derived))
	clear(derived)
}

func (s *schedule) traffic(name, label string, transcript []byte) []byte {
	return s.see(name, deriveSecret(s.secret, label, transcript))
}

func (s *schedule) wipe() { clear(s.secret) }

func emptyHash() []byte {
	h := sha256.Sum256(nil)
	return h[:]
}

func extract(ikm, salt []byte) []byte {
	out, err := hkdf.Extract(sha256.New, ikm, salt)
	if err != nil {
		// Only a key under 112 bits in FIPS-only mode fails; ours have 256.
		panic("tlspsk: hkdf: " + err.Error())
	}
	return out
}

// expandLabel is HKDF-Expand-Label of RFC 8446, section 7.1.
func expandLabel(secret []byte, label string, context []byte, length int) []byte {
	info := binary.BigEndian.AppendUint16(nil, uint16(length)) // #nosec G115 -- the length of a key
	info = append(info, byte(len("tls13 ")+len(label)))        // #nosec G115 -- our own short labels
	info = append(info, "tls13 "+label...)
	info = append(info, byte(len(context))) // #nosec G115 -- a hash or nothing
	info = append(info, context...)
	out, err := hkdf.Expand(sha256.New, secret, string(info), length)
	if err != nil {
		panic("tlspsk: hkdf: " + err.Error()) // lengths here are constants up to 32
	}
	return out
}

func deriveSecret(secret []byte, label string, transcript []byte) []byte {
	return expandLabel(secret, label, transcript, hashSize)
}

func finishedKey(traffic []byte) []byte { return expandLabel(traffic, "finished", nil, hashSize) }

// verifyData is the MAC of Finished messages and binders (RFC 8446, section 4.4.4).
func verifyData(key, transcript []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(transcript)
	return mac.Sum(nil)
}
