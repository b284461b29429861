package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// TestUsableKeys: only signing keys of RSA that are long enough are taken, and one that is not spoils nothing.
func TestUsableKeys(t *testing.T) {
	t.Parallel()
	key := func(bits int) *rsa.PublicKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return &k.PublicKey
	}
	good := key(2048)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		jwk  jose.JSONWebKey
		want bool
	}{
		"good":            {jose.JSONWebKey{Key: good, KeyID: "k", Use: "sig", Algorithm: "RS256"}, true},
		"with less":       {jose.JSONWebKey{Key: good, KeyID: "k"}, true},
		"for encryption":  {jose.JSONWebKey{Key: good, KeyID: "k", Use: "enc"}, false},
		"another method":  {jose.JSONWebKey{Key: good, KeyID: "k", Algorithm: "PS256"}, false},
		"without a name":  {jose.JSONWebKey{Key: good}, false},
		"of another kind": {jose.JSONWebKey{Key: &other.PublicKey, KeyID: "k"}, false},
		"secret":          {jose.JSONWebKey{Key: []byte("secret"), KeyID: "k"}, false},
	} {
		text, err := json.Marshal(c.jwk)
		if err != nil {
			t.Fatal(err)
		}
		if id, got := usable(text); (got != nil) != c.want || c.want && (id != "k" || !got.Equal(good)) {
			t.Errorf("%s: taken %v as %q", name, got != nil, id)
		}
	}
	for _, text := range []string{"", "{}", "[]", `{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}`, `{"kty":"RSA","kid":"k"}`, `{"kty":"new","kid":"k"}`} {
		if _, got := usable([]byte(text)); got != nil {
			t.Errorf("%s was taken", text)
		}
	}
	secret, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]any{
		"1024 bits": key(1024), "a secret that was published": secret,
		"an exponent of one": &rsa.PublicKey{N: good.N, E: 1}, "a long exponent": &rsa.PublicKey{N: good.N, E: 1<<31 + 1},
	} {
		text, err := json.Marshal(jose.JSONWebKey{Key: k, KeyID: "k"})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := usable(text); got != nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 5 * time.Minute, "no-cache": 5 * time.Minute, "max-age=60": time.Minute, "public, max-age=3600": time.Hour,
		"public,Max-Age=100": 100 * time.Second, "max-age=999999999": 24 * time.Hour, "max-age=-1": 5 * time.Minute, "s-max-age=7": 5 * time.Minute, "max-age=0": time.Minute,
	} {
		if got := lifeOf(http.Header{"Cache-Control": {value}}, keysLife, keysDistance, keysMost); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	for n, want := range map[float64]string{
		1_700_000_000: "2023-11-14T22:13:20Z", 1_700_000_000_123: "2023-11-14T22:13:20.123Z", 1_700_000_000.5: "2023-11-14T22:13:20.5Z",
	} {
		if got := Moment(n).Format(time.RFC3339Nano); got != want {
			t.Errorf("%s: %s, want %s", fmt.Sprint(n), got, want)
		}
	}
}
