package ece_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"testing"

	"github.com/tabferry/tabferry/account/internal/ece"
)

var benchText = bytes.Repeat([]byte("tab "), 100)

// BenchmarkDecrypt compares opening a message with the two operations it cannot
// do without: one key agreement and one AES-GCM.
func BenchmarkDecrypt(b *testing.B) {
	r := newReceiver(b)
	body := r.seal(b, benchText)
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		sealed := body[86:]
		key, nonce := make([]byte, 16), make([]byte, 12)
		text := mustGCM(b, key).Seal(nil, nonce, make([]byte, len(sealed)-16), nil)
		for b.Loop() {
			peer, err := ecdh.P256().NewPublicKey(body[21:86])
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.priv.ECDH(peer); err != nil {
				b.Fatal(err)
			}
			if _, err := mustGCM(b, key).Open(nil, nonce, text, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ece", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ece.Decrypt(r.priv, r.auth, body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncrypt compares sealing with a fresh key pair, one key agreement
// and one AES-GCM.
func BenchmarkEncrypt(b *testing.B) {
	r := newReceiver(b)
	public := r.priv.PublicKey()
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		key, nonce := make([]byte, 16), make([]byte, 12)
		for b.Loop() {
			sender, err := ecdh.P256().GenerateKey(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			sender.PublicKey()
			if _, err := sender.ECDH(public); err != nil {
				b.Fatal(err)
			}
			mustGCM(b, key).Seal(nil, nonce, benchText, nil)
		}
	})
	b.Run("ece", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ece.Encrypt(rand.Reader, public, r.auth, benchText); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func mustGCM(b *testing.B, key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead
}
