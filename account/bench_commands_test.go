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

// perOp gives nanoseconds a run of f, over a tenth of a second.
func perOp(f func()) float64 {
	const long = 100 * time.Millisecond
	n, start := 0, time.Now()
	for time.Since(start) < long {
		f()
		n++
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
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
			bare := perOp(func() {
				sender, err := ecdh.P256().GenerateKey(rand.Reader)
				if err == nil {
					_, err = sender.ECDH(k.Private.PublicKey())
				}
				if err != nil {
					b.Fatal(err)
				}
				gcm.Seal(sealed, nonce, clear, nil)
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.seal(payload, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/bare, "x-bare")
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
			bare := perOp(func() {
				_, err := k.Private.ECDH(other.Private.PublicKey())
				if err == nil {
					_, err = gcm.Open(opened, nonce, sealed, nil)
				}
				if err != nil {
					b.Fatal(err)
				}
			})
			ciphers := commandCiphers{known: map[string]keys.CommandKeys{commandOpenURI: k}}
			message := wire.Command{Index: 1, Command: commandOpenURI, Payload: json.RawMessage(invocation.Payload)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeCommand(&ciphers, message, Incoming{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/bare, "x-bare")
		})
	}
}
