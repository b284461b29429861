package ece_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tabferry/tabferry/account/internal/ece"
)

// FuzzRoundTrip: what is sealed opens to the same text, and one changed octet
// anywhere is refused.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("When I grow up, I want to be a watermelon"), uint32(4096), uint8(128), uint16(90))
	f.Add([]byte{0, 1, 2, 0, 0}, uint32(18), uint8(1), uint16(0))
	f.Add(bytes.Repeat([]byte{2}, 5000), uint32(4096), uint8(128), uint16(4200))
	r := newReceiver(f)
	f.Fuzz(func(t *testing.T, text []byte, rs uint32, multiple uint8, flip uint16) {
		if len(text) == 0 || len(text) > 1<<14 {
			return
		}
		rs = max(rs, 18)
		body := r.sealAs(t, text, rs, max(1, int(multiple)))
		got, err := ece.Decrypt(r.priv, r.auth, body)
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("text of %d octets does not come back: %v", len(text), err)
		}
		changed := bytes.Clone(body)
		at := int(flip) % len(changed)
		changed[at] ^= 0x40
		got, err = ece.Decrypt(r.priv, r.auth, changed)
		// The record size may change without moving a boundary.
		if inRecordSize := at >= 16 && at < 20; err == nil && !inRecordSize {
			t.Fatalf("octet %d changed, still accepted", at)
		}
		if err != nil && got != nil {
			t.Fatal("refused input yields text")
		}
	})
}

// FuzzBody: any octets as a body either open or are refused with a kind, and
// are left alone.
func FuzzBody(f *testing.F) {
	v := loadVectors(f)
	for _, c := range append(v.Positive, v.Negative...) {
		f.Add([]byte(c.Body), c.Headers.Encoding, c.Headers.Encryption, c.Headers.CryptoKey)
	}
	priv, auth := privateKey(f, v.Positive[1].UAPrivate), v.Positive[1].Auth
	f.Fuzz(func(t *testing.T, body []byte, encoding, encryption, cryptoKey string) {
		before := bytes.Clone(body)
		text, err := ece.DecryptMessage(priv, auth, body, ece.Headers{
			Encoding: encoding, Encryption: encryption, CryptoKey: cryptoKey,
		})
		if !bytes.Equal(body, before) {
			t.Fatal("body was changed")
		}
		if err == nil {
			if len(text) > len(body) {
				t.Fatalf("%d octets out of %d", len(text), len(body))
			}
			return
		}
		var refused *ece.DecodeError
		if !errors.As(err, &refused) || refused.Kind == "" {
			t.Fatalf("error without a kind: %v", err)
		}
		if text != nil {
			t.Fatal("refused input yields text")
		}
	})
}
