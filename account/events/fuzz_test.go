package events

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// fuzzKey signs what is to be taken.
var fuzzKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func sign(t testing.TB, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: fuzzKey()}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// FuzzToken: what is taken for a token by us is one for go-jose too, with the same key id and payload, and
// a signature that passes here passes there.
func FuzzToken(f *testing.F) {
	good := sign(f, []byte(`{"iss":"https://a.example"}`))
	parts := strings.Split(good, ".")
	for _, text := range []string{
		good, "", "a.b.c", "..", parts[0] + "." + parts[1] + ".", parts[0] + "." + parts[1] + "." + parts[2] + "=",
		"eyJhbGciOiJub25lIn0.e30.AA", "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJjcml0IjpbXX0.e30.AA", "eyJBTEciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AA",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tok, err := parse(text)
		if err != nil {
			return
		}
		if tok.key == "" || len(tok.payload) == 0 || !strings.HasPrefix(text, tok.signed+".") {
			t.Fatalf("%q: %+v", text, tok)
		}
		judge, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			if strings.Contains(err.Error(), "x5c") || strings.Contains(err.Error(), "jwk") || strings.Contains(err.Error(), "json") {
				return // it reads embedded keys, which we pass over, and refuses doubled members
			}
			t.Fatalf("%q: taken here, not there: %v", text, err)
		}
		if h := judge.Signatures[0].Header; h.KeyID != tok.key || h.Algorithm != "RS256" || !bytes.Equal(judge.UnsafePayloadWithoutVerification(), tok.payload) {
			t.Fatalf("%q: key %q here, %+v there", text, tok.key, h)
		}
		_, refused := judge.Verify(&fuzzKey().PublicKey)
		if ours := tok.verify(&fuzzKey().PublicKey); (ours == nil) != (refused == nil) {
			t.Fatalf("%q: %v here, %v there", text, ours, refused)
		}
	})
}

// FuzzClaims: whatever a signed token says, what is taken is whole: the right issuer and client, names,
// a time within bounds, and times of events that can be written as JSON.
func FuzzClaims(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	for _, text := range []string{
		`{"iss":"https://a.example/","aud":["c"],"sub":"u","jti":"j","iat":1700000000.5,"events":{"` + Prefix + `password-change":{"changeTime":1700000000000}}}`,
		`{"iss":"https://a.example","aud":"c","sub":"u","jti":"j","iat":1.7e9,"exp":1e300,"nbf":-1,"events":{"x":1,"` + Prefix + `profile-change":null}}`,
		`{"iss":"https://a.example","aud":"c","sub":"u","jti":"j","iat":1700000000,"events":{"` + Prefix + `subscription-state-change":{"capabilities":["a"],"isActive":true,"changeTime":1e18}}}`,
		`{"ISS":"https://a.example","aud":null}`, `[]`, `null`, ``, `{`, `{"iat":"1"}`, `{"events":{}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := token{payload: payload}.read("https://a.example", "c", now)
		if err != nil {
			return
		}
		if c.subject == "" || c.id == "" || len(c.events) == 0 || len(c.events) > mostEvents || now.Sub(c.issued) > maxAge || c.issued.Sub(now) > maxAhead {
			t.Fatalf("%s: %+v", payload, c)
		}
		if !json.Valid(payload) {
			t.Fatalf("%s: taken, and no JSON", payload)
		}
		for uri, text := range c.events {
			event, err := decode(uri, text)
			if err != nil || event == nil {
				continue
			}
			if Prefix+event.Name() != uri {
				t.Fatalf("%s became %s", uri, event.Name())
			}
			if _, err := json.Marshal(event); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
	})
}
