package accounttest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// derivations are published and computed values of Mozilla's key derivations.
type derivations struct {
	Session struct {
		Cases []struct{ SessionToken, TokenID, HawkKey, Bearer string }
	} `json:"session_token_credentials"`
	Hawk struct {
		Cases []struct {
			TokenID, HawkKey, HawkKeyUtf8, Method, URL, Header string
			Body                                               *string
		}
	} `json:"hawk_legacy_header"`
	OnePW struct {
		Email, Password, AuthPW, UnwrapBkey, WrapkB, KB string
		AccountKeys                                     struct{ KeyFetchToken, TokenID, ReqHMACkey, KeyRequestKey, KA, WrapkB, Bundle string }
	} `json:"onepw"`
	Scoped struct {
		Oldsync struct {
			KB                   string
			KeyRotationTimestamp int64
			JWK                  scopedKey
		}
		General struct {
			UID, KB, ScopedKeyIdentifier, KeyRotationSecret, K, Kid string
			KeyRotationTimestamp                                    int64
		}
	} `json:"scoped_key_derivation"`
}

func readTestdata(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

func TestDerivationsMatchPublishedValues(t *testing.T) {
	t.Parallel()
	var d derivations
	readTestdata(t, "derivations.json", &d)
	for _, c := range d.Session.Cases {
		got := deriveCredential(unhex(c.SessionToken), "sessionToken")
		if got.id != c.TokenID || hex.EncodeToString(got.key) != c.HawkKey || typedSession(c.SessionToken) != c.Bearer {
			t.Errorf("session token %s: id %s, key %x", c.SessionToken, got.id, got.key)
		}
	}
	secrets := stretch(d.OnePW.Email, d.OnePW.Password)
	if hex.EncodeToString(secrets.authPW) != d.OnePW.AuthPW || hex.EncodeToString(secrets.unwrapBKey) != d.OnePW.UnwrapBkey {
		t.Errorf("onepw: authPW %x, unwrapBKey %x", secrets.authPW, secrets.unwrapBKey)
	}
	if kB := xor(unhex(d.OnePW.WrapkB), secrets.unwrapBKey); hex.EncodeToString(kB) != d.OnePW.KB {
		t.Errorf("kB %x", kB)
	}
	keys := d.OnePW.AccountKeys
	cred := deriveCredential(unhex(keys.KeyFetchToken), "keyFetchToken")
	if cred.id != keys.TokenID || hex.EncodeToString(cred.key) != keys.ReqHMACkey || hex.EncodeToString(cred.extra) != keys.KeyRequestKey {
		t.Errorf("keyFetchToken: %+v", cred)
	}
	if got := keysBundle(cred.extra, unhex(keys.KA), unhex(keys.WrapkB)); got != keys.Bundle {
		t.Errorf("bundle %s", got)
	}
	old := d.Scoped.Oldsync
	got, err := deriveScopedKey(scopeOldSync, unhex(old.KB), strings.Repeat("0", 32), old.KeyRotationTimestamp)
	if err != nil || got != old.JWK {
		t.Errorf("oldsync key %+v, %v", got, err)
	}
	g := d.Scoped.General
	other, err := deriveOtherKey(g.ScopedKeyIdentifier, unhex(g.KB), unhex(g.KeyRotationSecret), g.UID, g.KeyRotationTimestamp)
	if err != nil || other.K != g.K || other.Kid != g.Kid {
		t.Errorf("scoped key %+v, %v", other, err)
	}
	if _, err := deriveScopedKey("https://example.com/x", unhex(old.KB), "not hex", 1); err == nil {
		t.Error("a uid that is no hex was taken")
	}
}

func TestHawkMatchesPublishedHeaders(t *testing.T) {
	t.Parallel()
	var d derivations
	readTestdata(t, "derivations.json", &d)
	s := New(t)
	for _, c := range d.Hawk.Cases {
		key := unhex(c.HawkKey)
		if c.HawkKeyUtf8 != "" {
			key = []byte(c.HawkKeyUtf8)
		}
		body := ""
		if c.Body != nil {
			body = *c.Body
		}
		r := httptest.NewRequest(c.Method, c.URL, strings.NewReader(body))
		r.Host = r.URL.Host
		if r.URL.Scheme == "https" {
			r.Host += ":443"
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", strings.ReplaceAll(c.Header, "\n", ""))
		if c.Header == "" {
			continue // the published server example has no whole header
		}
		call := &call{s: s, r: r, route: &route{method: c.Method, path: r.URL.Path}, body: []byte(body)}
		id, err := s.credentialID(call, "sessionToken", func(id string) ([]byte, bool) { return key, id == c.TokenID })
		if err != nil || id != c.TokenID {
			t.Errorf("%s %s: %v", c.Method, c.URL, err)
		}
		call.body = append(call.body, ' ')
		if _, err := s.credentialID(call, "sessionToken", func(string) ([]byte, bool) { return key, true }); body != "" && asAPIError(err).errno != 109 {
			t.Errorf("a changed body passed: %v", err)
		}
		call.r.Method = "PUT"
		if _, err := s.credentialID(call, "sessionToken", func(string) ([]byte, bool) { return key, true }); asAPIError(err).errno != 109 {
			t.Errorf("a changed method passed: %v", err)
		}
	}
}

func TestKeysJWEOpensWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	f := newFlow("x", "y")
	plain := []byte(`{"a":1}`)
	compact, err := encryptKeys(New(t, WithSeed("jwe")).random, f.jwk(), plain)
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	got, err := jwe.Decrypt(privateJWK(t, f.key))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q, %v", got, err)
	}
	if !jweRule.fits(compact) {
		t.Errorf("our own keys_jwe breaks the route's rule: %s", compact)
	}
	for name, jwk := range map[string]string{
		"not base64": "*", "not JSON": b64([]byte("x")), "wrong kty": b64([]byte(`{"kty":"RSA"}`)),
		"short x":   b64([]byte(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`)),
		"off curve": b64([]byte(`{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`)),
	} {
		if _, err := encryptKeys(strings.NewReader(strings.Repeat("x", 4096)), jwk, plain); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestConcatKDFMatchesAPublishedValue(t *testing.T) {
	t.Parallel()
	var d struct {
		Encrypt []struct{ Z, CEK, IV, KeysJWE, Plaintext string } `json:"keys_jwe_encrypt"`
	}
	text, err := os.ReadFile("testdata/derivations.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte(`"keys_jwe"`), []byte(`"keysJWE"`)), &d); err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Encrypt {
		cek := concatKDF(unhex(c.Z))
		if hex.EncodeToString(cek) != c.CEK {
			t.Fatalf("content key %x, want %s", cek, c.CEK)
		}
		block, err := aes.NewCipher(cek)
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(c.KeysJWE, ".")
		sealed := gcm.Seal(nil, unhex(c.IV), []byte(c.Plaintext), []byte(parts[0]))
		if got := b64(sealed[:len(sealed)-16]) + "." + b64(sealed[len(sealed)-16:]); got != parts[3]+"."+parts[4] {
			t.Errorf("cipher text differs: %s", got)
		}
	}
}
