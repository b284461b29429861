package keys_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/internal/keys"
)

func TestSessionCredential(t *testing.T) {
	var v struct {
		Cases []struct{ SessionToken, TokenID, HawkKey, Bearer string }
	}
	vector(t, "session_token_credentials", &v)
	if len(v.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range v.Cases {
		id, mac, err := keys.SessionCredential(c.SessionToken)
		if err != nil {
			t.Fatal(err)
		}
		if id != c.TokenID || hex.EncodeToString(mac) != c.HawkKey || "Bearer fxs_"+id != c.Bearer {
			t.Errorf("token %s: wrong credential", c.SessionToken)
		}
	}
	for name, bad := range map[string]string{
		"empty":     "",
		"short":     strings.Repeat("a0", 31),
		"long":      strings.Repeat("a0", 33),
		"odd":       strings.Repeat("a0", 31) + "a",
		"not hex":   strings.Repeat("zz", 32),
		"with type": "fxs_" + strings.Repeat("a0", 32),
	} {
		id, mac, err := keys.SessionCredential(bad)
		if !errors.Is(err, keys.ErrMalformed) || id != "" || mac != nil {
			t.Errorf("%s: got %v, want ErrMalformed and nothing else", name, err)
		}
	}
}

func TestPKCE(t *testing.T) {
	var cases []struct {
		RandomBytesHex string `json:"randomBytesHex"`
		Verifier       string `json:"code_verifier"`
		Challenge      string `json:"code_challenge"`
	}
	vector(t, "pkce_s256", &cases)
	generated := 0
	for _, c := range cases {
		if got := keys.Challenge(c.Verifier); got != c.Challenge {
			t.Errorf("challenge of %q = %q, want %q", c.Verifier, got, c.Challenge)
		}
		if c.RandomBytesHex == "" {
			continue
		}
		generated++
		verifier, challenge, err := keys.NewPKCE(bytes.NewReader(unhex(t, c.RandomBytesHex)))
		if err != nil || verifier != c.Verifier || challenge != c.Challenge {
			t.Errorf("generated %q, %q, %v", verifier, challenge, err)
		}
	}
	if generated == 0 {
		t.Error("no vector with randomness")
	}
	if _, _, err := keys.NewPKCE(bytes.NewReader(make([]byte, 42))); err == nil {
		t.Error("a verifier was made from too little randomness")
	}
}

func TestNewState(t *testing.T) {
	state, err := keys.NewState(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if err != nil || state != strings.Repeat("_", 21)+"w" {
		t.Errorf("state = %q, %v", state, err)
	}
	if _, err := keys.NewState(bytes.NewReader(make([]byte, 15))); err == nil {
		t.Error("a state was made from too little randomness")
	}
}

func TestScopedKeyDerivation(t *testing.T) {
	var v struct {
		Oldsync struct {
			KB                   string `json:"kB"`
			KeyRotationTimestamp int64
			KSync                string `json:"kSync"`
			KXCS                 string `json:"kXCS"`
			JWK                  keys.ScopedKey
		}
		General struct {
			UID                  string
			KB                   string `json:"kB"`
			ScopedKeyIdentifier  string
			KeyRotationSecret    string
			KeyRotationTimestamp int64
			Fingerprint, K, Kid  string
		}
	}
	vector(t, "scoped_key_derivation", &v)
	got := oldSyncKey(t, unhex(t, v.Oldsync.KB), v.Oldsync.KeyRotationTimestamp)
	if got != v.Oldsync.JWK {
		t.Error("oldsync key differs")
	}
	raw, err := got.Bytes()
	if err != nil || hex.EncodeToString(raw) != v.Oldsync.KSync {
		t.Errorf("key bytes differ (%v)", err)
	}
	if fp, err := got.Fingerprint(); err != nil || fp != v.Oldsync.KXCS {
		t.Errorf("fingerprint = %q, %v", fp, err)
	}

	ikm := slices.Concat(unhex(t, v.General.KB), unhex(t, v.General.KeyRotationSecret))
	out := expand(t, ikm, unhex(t, v.General.UID), "scoped_key\n"+v.General.ScopedKeyIdentifier, 48)
	got = scopedKey("app_key", out[16:], v.General.KeyRotationTimestamp, out[:16])
	if want := (keys.ScopedKey{KTY: "oct", Scope: "app_key", K: v.General.K, KID: v.General.Kid}); got != want {
		t.Error("scoped key differs")
	}
	if fp, err := got.Fingerprint(); err != nil || fp != v.General.Fingerprint {
		t.Errorf("fingerprint = %q, %v", fp, err)
	}
}

// oldSyncKey derives the key of the sync scope from the account's root key, as the sender of a
// keys_jwe does; the client itself never has that root key.
func oldSyncKey(t *testing.T, kB []byte, rotation int64) keys.ScopedKey {
	t.Helper()
	sum := sha256.Sum256(kB)
	return scopedKey("https://identity.mozilla.com/apps/oldsync", expand(t, kB, nil, "oldsync", 64), rotation, sum[:16])
}

func expand(t *testing.T, secret, salt []byte, info string, size int) []byte {
	t.Helper()
	key, err := hkdf.Key(sha256.New, secret, salt, "identity.mozilla.com/picl/v1/"+info, size)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func scopedKey(scope string, k []byte, rotation int64, fingerprint []byte) keys.ScopedKey {
	b64 := base64.RawURLEncoding
	return keys.ScopedKey{
		KTY: "oct", Scope: scope, K: b64.EncodeToString(k),
		KID: fmt.Sprint(rotation, "-", b64.EncodeToString(fingerprint)),
	}
}

func TestKIDHex(t *testing.T) {
	for _, c := range []struct {
		name, kid, want string
		err             error
	}{
		{"published", "1542236016429-Ox1FbJfFfwTe5t-xq4v2hQ", "3b1d456c97c57f04dee6dfb1ab8bf685", nil},
		{"fingerprint holds a dash", "1-v7-_", "bfbfbf", nil},
		{"no dash", "1542236016429", "", keys.ErrMalformed},
		{"nothing after the dash", "1542236016429-", "", keys.ErrMalformed},
		{"not base64url", "1-a+b/", "", keys.ErrMalformed},
		{"empty", "", "", keys.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := keys.KIDHex(c.kid)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestParseScopedKeys(t *testing.T) {
	const k, kid = `"k":"AAAA"`, `"kid":"1-AAAA"`
	for _, c := range []struct {
		name, text string
		err        error
	}{
		{"empty object", `{}`, nil},
		{"complete", `{"s":{"kty":"oct","scope":"s",` + k + `,` + kid + `}}`, nil},
		{"scope filled in", `{"s":{"kty":"oct",` + k + `,` + kid + `}}`, nil},
		{"unknown member", `{"s":{"kty":"oct","x":[1],` + k + `,` + kid + `}}`, nil},
		{"no key", `{"s":{"kty":"oct",` + kid + `}}`, keys.ErrMalformed},
		{"no kid", `{"s":{"kty":"oct",` + k + `}}`, keys.ErrMalformed},
		{"other kind", `{"s":{"kty":"EC",` + k + `,` + kid + `}}`, keys.ErrUnsupported},
		{"bad base64", `{"s":{"kty":"oct","k":"!",` + kid + `}}`, keys.ErrMalformed},
		{"null", `null`, keys.ErrMalformed},
		{"array", `[]`, keys.ErrMalformed},
		{"more behind it", `{}{}`, keys.ErrMalformed},
		{"not json", `k`, keys.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := keys.ParseScopedKeys([]byte(c.text))
			if !errors.Is(err, c.err) || (err != nil && got != nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			for scope, key := range got {
				if key.Scope != scope {
					t.Errorf("scope %q, want %q", key.Scope, scope)
				}
			}
		})
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	key := keys.ScopedKey{KTY: "oct", Scope: "s", K: "c2VjcmV0", KID: "1-ZmluZ2Vy"}
	bundle, err := keys.NewBundle(bytes.Repeat([]byte{0xab}, 64))
	if err != nil {
		t.Fatal(err)
	}
	command, err := keys.NewCommandKeys(bytes.NewReader(bytes.Repeat([]byte{0xab}, 48)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{key, bundle, command} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range []string{"c2VjcmV0", "ZmluZ2Vy", "ab, 0xab", "171 171", "0xab"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s of %T shows a secret", verb, v)
				}
			}
		}
	}
}
