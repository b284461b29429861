package account

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// Sending a tab cannot be cheaper than making a key pair, agreeing on a secret and
// sealing the text; receiving one not cheaper than agreeing and opening. The
// benchmarks report how many times that the whole of a command costs.

var benchTabs = map[string]SendTabPayload{
	"200B": {Entries: []TabEntry{{Title: "A page of the usual kind", URL: "https://example.com/" + strings.Repeat("x", 60)}}, FlowID: "AAAAAAAAAAAA", StreamID: "BBBBBBBBBBBB"},
	"9kB":  {Entries: []TabEntry{{Title: "A page with a long address", URL: "https://example.com/" + strings.Repeat("x", 9000)}}, FlowID: "AAAAAAAAAAAA", StreamID: "BBBBBBBBBBBB"},
}

func benchGCM(b *testing.B) cipher.AEAD {
	b.Helper()
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return gcm
}

// beside reports how many times as long as the bare crypto an operation takes. They take turns and the
// shortest of each counts: on a machine with other work the others tell of that work.
func beside(b *testing.B, op, bare func()) {
	b.Helper()
	least := func(best time.Duration, f func()) time.Duration {
		began := time.Now()
		f()
		return min(best, time.Since(began))
	}
	whole, part := time.Hour, time.Hour
	for range 1000 {
		whole, part = least(whole, op), least(part, bare)
	}
	b.ReportMetric(float64(whole)/float64(part), "x-bare")
}

func BenchmarkSealTab(b *testing.B) {
	for _, size := range []string{"200B", "9kB"} {
		b.Run(size, func(b *testing.B) {
			payload := benchTabs[size]
			clear, err := encodePayload(payload)
			if err != nil {
				b.Fatal(err)
			}
			k, err := keys.NewCommandKeys(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			gcm, nonce, sealed := benchGCM(b), make([]byte, 12), make([]byte, 0, len(clear)+64)
			o := outgoing{account: &Account{}, keys: k.Public()}
			o.account.random = rand.Reader
			bare := func() {
				sender, err := ecdh.P256().GenerateKey(rand.Reader)
				if err == nil {
					_, err = sender.ECDH(k.Private.PublicKey())
				}
				if err != nil {
					b.Fatal(err)
				}
				gcm.Seal(sealed, nonce, clear, nil)
			}
			b.ReportAllocs()
			op := func() {
				if _, err := o.seal(payload, 0); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				op()
			}
			beside(b, op, bare)
		})
	}
}

func BenchmarkOpenTab(b *testing.B) {
	for _, size := range []string{"200B", "9kB"} {
		b.Run(size, func(b *testing.B) {
			payload := benchTabs[size]
			clear, err := encodePayload(payload)
			if err != nil {
				b.Fatal(err)
			}
			k, err := keys.NewCommandKeys(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			o := outgoing{account: &Account{}, keys: k.Public()}
			o.account.random = rand.Reader
			invocation, err := o.seal(payload, 0)
			if err != nil {
				b.Fatal(err)
			}
			other, err := keys.NewCommandKeys(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			gcm, nonce := benchGCM(b), make([]byte, 12)
			sealed, opened := gcm.Seal(nil, nonce, clear, nil), make([]byte, 0, len(clear))
			bare := func() {
				_, err := k.Private.ECDH(other.Private.PublicKey())
				if err == nil {
					_, err = gcm.Open(opened, nonce, sealed, nil)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			ciphers := commandCiphers{known: map[string]keys.CommandKeys{commandOpenURI: k}}
			message := wire.Command{Index: 1, Command: commandOpenURI, Payload: json.RawMessage(invocation.Payload)}
			b.ReportAllocs()
			op := func() {
				if _, err := decodeCommand(&ciphers, message, Incoming{}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				op()
			}
			beside(b, op, bare)
		})
	}
}
