package crypt

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
)

// derivations are published and computed values of Mozilla's key derivations.
type derivations struct {
	Session struct {
		Cases []struct{ SessionToken, TokenID, HawkKey, Bearer string }
	} `json:"session_token_credentials"`
	OnePW struct {
		Email, Password, AuthPW, UnwrapBkey, WrapkB, KB string
		AccountKeys                                     struct{ KeyFetchToken, TokenID, ReqHMACkey, KeyRequestKey, KA, WrapkB, Bundle string }
	} `json:"onepw"`
	Scoped struct {
		Oldsync struct {
			KB                   string
			KeyRotationTimestamp int64
			JWK                  ScopedKey
		}
		General struct {
			UID, KB, ScopedKeyIdentifier, KeyRotationSecret, K, Kid string
			KeyRotationTimestamp                                    int64
		}
	} `json:"scoped_key_derivation"`
}

func readTestdata(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(name)
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
	readTestdata(t, "testdata/derivations.json", &d)
	for _, c := range d.Session.Cases {
		got := DeriveCredential(unhex(c.SessionToken), "sessionToken")
		if got.ID != c.TokenID || hex.EncodeToString(got.Key) != c.HawkKey || "Bearer fxs_"+got.ID != c.Bearer {
			t.Errorf("session token %s: id %s, key %x", c.SessionToken, got.ID, got.Key)
		}
	}
	secrets := Stretch(d.OnePW.Email, d.OnePW.Password)
	if hex.EncodeToString(secrets.AuthPW) != d.OnePW.AuthPW || hex.EncodeToString(secrets.UnwrapBKey) != d.OnePW.UnwrapBkey {
		t.Errorf("onepw: authPW %x, unwrapBKey %x", secrets.AuthPW, secrets.UnwrapBKey)
	}
	if kB := XOR(unhex(d.OnePW.WrapkB), secrets.UnwrapBKey); hex.EncodeToString(kB) != d.OnePW.KB {
		t.Errorf("kB %x", kB)
	}
	keys := d.OnePW.AccountKeys
	cred := DeriveCredential(unhex(keys.KeyFetchToken), "keyFetchToken")
	if cred.ID != keys.TokenID || hex.EncodeToString(cred.Key) != keys.ReqHMACkey || hex.EncodeToString(cred.Extra) != keys.KeyRequestKey {
		t.Errorf("keyFetchToken: %+v", cred)
	}
	if got := KeysBundle(cred.Extra, unhex(keys.KA), unhex(keys.WrapkB)); got != keys.Bundle {
		t.Errorf("bundle %s", got)
	}
	old := d.Scoped.Oldsync
	got, err := DeriveScopedKey(oauthscope.OldSync, unhex(old.KB), strings.Repeat("0", 32), old.KeyRotationTimestamp)
	if err != nil || got != old.JWK {
		t.Errorf("oldsync key %+v, %v", got, err)
	}
	g := d.Scoped.General
	other, err := deriveOtherKey(g.ScopedKeyIdentifier, unhex(g.KB), unhex(g.KeyRotationSecret), g.UID, g.KeyRotationTimestamp)
	if err != nil || other.K != g.K || other.Kid != g.Kid {
		t.Errorf("scoped key %+v, %v", other, err)
	}
	if _, err := DeriveScopedKey("https://example.com/x", unhex(old.KB), "not hex", 1); err == nil {
		t.Error("a uid that is no hex was taken")
	}
}

// TestKeysJWEOpensByHand: another implementation, which the published value
// below judges, opens it.
func TestKeysJWEOpensByHand(t *testing.T) {
	t.Parallel()
	key, err := ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	jwk := func(x, y string) string {
		return B64([]byte(`{"kty":"EC","crv":"P-256","kid":"k","x":"` + x + `","y":"` + y + `"}`))
	}
	point := key.PublicKey().Bytes()
	plain := []byte(`{"a":1}`)
	compact, err := EncryptKeys(strings.NewReader(strings.Repeat("x", 44)), jwk(B64(point[1:33]), B64(point[33:])), plain)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(compact, ".")
	var header struct {
		Alg, Enc, Kid string
		Epk           struct{ Kty, Crv, X, Y string }
	}
	if err := json.Unmarshal(decoded(t, parts[0]), &header); err != nil {
		t.Fatal(err)
	}
	epk := header.Epk
	header.Epk.X, header.Epk.Y = "", ""
	if got := fmt.Sprint(header); got != "{ECDH-ES A256GCM k {EC P-256  }}" || parts[1] != "" {
		t.Errorf("header %s, encrypted key %q", got, parts[1])
	}
	sender, err := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, decoded(t, epk.X), decoded(t, epk.Y)))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.ECDH(sender)
	if err != nil {
		t.Fatal(err)
	}
	got, err := NewGCM(concatKDF(secret)).Open(nil, decoded(t, parts[2]), append(decoded(t, parts[3]), decoded(t, parts[4])...), []byte(parts[0]))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q, %v", got, err)
	}
	for name, bad := range map[string]string{
		"not base64": "*", "not JSON": B64([]byte("x")), "wrong kty": B64([]byte(`{"kty":"RSA"}`)),
		"short x": jwk("AA", "AA"), "off curve": jwk(B64(make([]byte, 32)), B64(make([]byte, 32))),
		"a secret alone": B64([]byte(`{"kty":"oct","k":"AAAA"}`)),
	} {
		if _, err := EncryptKeys(strings.NewReader(strings.Repeat("x", 44)), bad, plain); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := DecodeB64(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func unhex(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// concatKDF is one round of the Concat KDF for A256GCM without party info (RFC
// 7518 section 4.6.2).
func concatKDF(secret []byte) []byte {
	info := "\x00\x00\x00\x07A256GCM\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"
	sum := sha256.Sum256(slices.Concat([]byte{0, 0, 0, 1}, secret, []byte(info)))
	return sum[:]
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
		parts := strings.Split(c.KeysJWE, ".")
		sealed := NewGCM(cek).Seal(nil, unhex(c.IV), []byte(c.Plaintext), []byte(parts[0]))
		if got := B64(sealed[:len(sealed)-16]) + "." + B64(sealed[len(sealed)-16:]); got != parts[3]+"."+parts[4] {
			t.Errorf("cipher text differs: %s", got)
		}
	}
}

func TestPushMatchesWhatFirefoxAccepted(t *testing.T) {
	t.Parallel()
	var capture struct {
		Pushes []struct {
			Plaintext string
			Receiver  struct{ PublicKey, AuthSecret string }
			Sender    struct{ PrivateKey string }
			Salt      string
			Body      string
		}
	}
	readTestdata(t, "../../testdata/firefox.json", &capture)
	if len(capture.Pushes) == 0 {
		t.Fatal("no pushes in the capture")
	}
	for _, c := range capture.Pushes {
		sender, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), decoded(t, c.Sender.PrivateKey))
		if err != nil {
			t.Fatal(err)
		}
		got, err := encryptPush(sender, decoded(t, c.Salt), c.Receiver.PublicKey, c.Receiver.AuthSecret, []byte(c.Plaintext))
		if err != nil {
			t.Fatal(err)
		}
		if B64(got) != strings.TrimRight(c.Body, "=") {
			t.Errorf("cipher text of %q differs", c.Plaintext)
		}
	}
}
