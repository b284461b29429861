package keys_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tabferry/tabferry/account/internal/keys"
)

func TestKeysJWK(t *testing.T) {
	var v struct {
		PrivateKeyD string
		JSON        string `json:"json"`
		KeysJWK     string `json:"keys_jwk"`
		Length      int
	}
	vector(t, "keys_jwk_parameter", &v)
	pub := privateKey(t, unb64u(t, v.PrivateKeyD)).PublicKey()
	text, err := keys.PublicJWK(pub)
	if err != nil || string(text) != v.JSON {
		t.Errorf("jwk = %s, %v", text, err)
	}
	param, err := keys.KeysJWK(pub)
	if err != nil || param != v.KeysJWK || len(param) != v.Length {
		t.Errorf("keys_jwk = %s, %v", param, err)
	}
	back, err := keys.ParseKeysJWK(param + "=")
	if err != nil || string(back) != v.JSON {
		t.Errorf("parsed back: %s, %v", back, err)
	}
	for name, bad := range map[string]struct {
		json string
		err  error
	}{
		"other curve":       {strings.Replace(v.JSON, "P-256", "P-384", 1), keys.ErrUnsupported},
		"other kind":        {strings.Replace(v.JSON, "EC", "OKP", 1), keys.ErrUnsupported},
		"not on the curve":  {strings.Replace(v.JSON, `"x":"AR`, `"x":"AS`, 1), keys.ErrMalformed},
		"short coordinate":  {strings.Replace(v.JSON, `"x":"ARvG`, `"x":"`, 1), keys.ErrMalformed},
		"missing":           {`{"kty":"EC","crv":"P-256"}`, keys.ErrMalformed},
		"not json":          {`{`, keys.ErrMalformed},
		"null":              {`null`, keys.ErrUnsupported},
		"coordinate number": {`{"kty":"EC","crv":"P-256","x":1,"y":2}`, keys.ErrMalformed},
	} {
		_, err := keys.ParseKeysJWK(base64.RawURLEncoding.EncodeToString([]byte(bad.json)))
		if !errors.Is(err, bad.err) {
			t.Errorf("%s: %v, want %v", name, err, bad.err)
		}
	}
	if _, err := keys.ParseKeysJWK("!"); !errors.Is(err, keys.ErrMalformed) {
		t.Errorf("bad base64: %v", err)
	}
}

func TestDecryptJWEPublished(t *testing.T) {
	var cases []struct {
		PrivateKeyD string
		KeysJWE     string `json:"keys_jwe"`
		Plaintext   string
	}
	vector(t, "keys_jwe_decrypt", &cases)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		plain, err := keys.DecryptJWE(privateKey(t, unb64u(t, c.PrivateKeyD)), c.KeysJWE)
		if err != nil || string(plain) != c.Plaintext {
			t.Errorf("decrypt: %v", err)
		}
		all, err := keys.ParseScopedKeys(plain)
		if err != nil || len(all) != 1 {
			t.Errorf("parse: %d keys, %v", len(all), err)
		}
	}
}

type encryptVector struct {
	RecipientPrivateKeyD string
	Ephemeral            struct{ D string }
	IV                   string
	Plaintext            string
	KeysJWE              string `json:"keys_jwe"`
}

func loadEncryptVector(t testing.TB) encryptVector {
	var cases []encryptVector
	vector(t, "keys_jwe_encrypt", &cases)
	return cases[0]
}

func TestEncryptJWEByteForByte(t *testing.T) {
	v := loadEncryptVector(t)
	priv := privateKey(t, unb64u(t, v.RecipientPrivateKeyD))
	recipient, err := keys.PublicJWK(priv.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	random := append(unb64u(t, v.Ephemeral.D), unhex(t, v.IV)...)
	got, err := keys.EncryptJWE(bytes.NewReader(random), recipient, []byte(v.Plaintext))
	if err != nil || got != v.KeysJWE {
		t.Errorf("jwe differs from the vector (%v):\n got %s\nwant %s", err, got, v.KeysJWE)
	}
	plain, err := keys.DecryptJWE(priv, got)
	if err != nil || string(plain) != v.Plaintext {
		t.Errorf("round trip: %v", err)
	}
	if _, err := keys.EncryptJWE(bytes.NewReader(random[:40]), recipient, nil); err == nil {
		t.Error("encrypted with too little randomness")
	}
	if _, err := keys.EncryptJWE(bytes.NewReader(make([]byte, 1000)), recipient, nil); err == nil {
		t.Error("a zero scalar was taken for a key")
	}
}

// TestDecryptJWERefuses changes one thing at a time in a good message and
// names the kind of failure.
func TestDecryptJWERefuses(t *testing.T) {
	v := loadEncryptVector(t)
	priv := privateKey(t, unb64u(t, v.RecipientPrivateKeyD))
	parts := strings.Split(v.KeysJWE, ".")
	headerText := string(unb64u(t, parts[0]))
	replace := func(i int, with string) string {
		p := append([]string(nil), parts...)
		p[i] = with
		return strings.Join(p, ".")
	}
	header := func(old, with string) string {
		changed := strings.Replace(headerText, old, with, 1)
		if changed == headerText {
			t.Fatalf("%q is not in the header", old)
		}
		return replace(0, base64.RawURLEncoding.EncodeToString([]byte(changed)))
	}
	flip := func(i int) string {
		raw := unb64u(t, parts[i])
		raw[0] ^= 1
		return replace(i, base64.RawURLEncoding.EncodeToString(raw))
	}
	other, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string
		err        error
	}{
		{"empty", "", keys.ErrMalformed},
		{"four parts", strings.Join(parts[:4], "."), keys.ErrMalformed},
		{"six parts", v.KeysJWE + ".", keys.ErrMalformed},
		{"encrypted key present", replace(1, "AAAA"), keys.ErrMalformed},
		{"header not base64", replace(0, "?"), keys.ErrMalformed},
		{"header not json", replace(0, "AAAA"), keys.ErrMalformed},
		{"iv not base64", replace(2, "?"), keys.ErrMalformed},
		{"iv short", replace(2, "AAAA"), keys.ErrMalformed},
		{"tag short", replace(4, "AAAA"), keys.ErrMalformed},
		{"line break", replace(2, parts[2]+"\n"), keys.ErrMalformed},
		{"tag padded", replace(4, parts[4]+"=="), keys.ErrMalformed},
		{"too large", replace(3, strings.Repeat("A", 64<<10)), keys.ErrMalformed},
		{"alg", header("ECDH-ES", "ECDH-ES+A128KW"), keys.ErrUnsupported},
		{"enc", header("A256GCM", "A128GCM"), keys.ErrUnsupported},
		{"crit", header(`"alg"`, `"crit":["alg"],"alg"`), keys.ErrUnsupported},
		{"zip", header(`"alg"`, `"zip":"DEF","alg"`), keys.ErrUnsupported},
		{"no epk", header(`"epk"`, `"epq"`), keys.ErrMalformed},
		{"epk curve", header("P-256", "P-521"), keys.ErrUnsupported},
		{"epk kind", header(`"kty":"EC"`, `"kty":"oct"`), keys.ErrUnsupported},
		{"epk off the curve", header(`"x":"N4z`, `"x":"N4a`), keys.ErrMalformed},
		{"ciphertext changed", flip(3), keys.ErrDecrypt},
		{"iv changed", flip(2), keys.ErrDecrypt},
		{"tag changed", flip(4), keys.ErrDecrypt},
		{"header changed", header(`{"alg"`, `{ "alg"`), keys.ErrDecrypt},
		{"apu added", header(`{"alg"`, `{"apu":"QUJD","alg"`), keys.ErrDecrypt},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain, err := keys.DecryptJWE(priv, c.text)
			if !errors.Is(err, c.err) || plain != nil {
				t.Errorf("got %v, want %v", err, c.err)
			}
		})
	}
	if _, err := keys.DecryptJWE(other, v.KeysJWE); !errors.Is(err, keys.ErrDecrypt) {
		t.Errorf("another key: %v", err)
	}
}

func TestEncryptJWECopiesKid(t *testing.T) {
	v := loadEncryptVector(t)
	priv := privateKey(t, unb64u(t, v.RecipientPrivateKeyD))
	text, err := keys.PublicJWK(priv.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	withKid := strings.Replace(string(text), "{", `{"kid":"mine <&>",`, 1)
	got, err := keys.EncryptJWE(rand.Reader, []byte(withKid), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Kid string }
	if err := json.Unmarshal(unb64u(t, strings.Split(got, ".")[0]), &h); err != nil || h.Kid != "mine <&>" {
		t.Errorf("kid = %q, %v", h.Kid, err)
	}
	if _, err := keys.DecryptJWE(priv, got); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "{}", `{"kty":"RSA"}`} {
		if _, err := keys.EncryptJWE(rand.Reader, []byte(bad), nil); err == nil {
			t.Errorf("recipient %q was taken", bad)
		}
	}
}

// judge gives the same key to an unrelated JOSE library.
func judge(t testing.TB, priv *ecdh.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), priv.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestJWEAgreesWithGoJose(t *testing.T) {
	priv, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := keys.PublicJWK(priv.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"", "{}", strings.Repeat("x", 5000)} {
		ours, err := keys.EncryptJWE(rand.Reader, recipient, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jose.ParseEncryptedCompact(ours, []jose.KeyAlgorithm{jose.ECDH_ES}, []jose.ContentEncryption{jose.A256GCM})
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsed.Decrypt(judge(t, priv))
		if err != nil || string(got) != plain {
			t.Errorf("go-jose reads ours: %v", err)
		}

		enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES, Key: judge(t, priv).Public(), KeyID: "k"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		object, err := enc.Encrypt([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := object.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		back, err := keys.DecryptJWE(priv, theirs)
		if err != nil || string(back) != plain {
			t.Errorf("we read go-jose's: %v", err)
		}
	}
}

// TestDecryptJWEPartyInfo accepts both readings of apu and apv: decoded as
// RFC 7518 section 4.6.1 says, and as raw text as Mozilla's client has it.
func TestDecryptJWEPartyInfo(t *testing.T) {
	receiver := privateKey(t, bytes.Repeat([]byte{1}, 32))
	sender := privateKey(t, bytes.Repeat([]byte{2}, 32))
	epk, err := keys.PublicJWK(sender.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	header := []byte(`{"alg":"ECDH-ES","enc":"A256GCM","apu":"QWxpY2U","apv":"Qm9i","epk":` + string(epk) + `}`)
	protected := base64.RawURLEncoding.EncodeToString(header)
	z, err := sender.ECDH(receiver.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	for name, party := range map[string]struct {
		apu, apv string
		want     error
	}{
		"decoded": {"Alice", "Bob", nil},
		"raw":     {"QWxpY2U", "Qm9i", nil},
		"absent":  {"", "", keys.ErrDecrypt},
	} {
		field := func(s string) []byte { return append([]byte{0, 0, 0, byte(len(s))}, s...) }
		hash := sha256.New()
		for _, part := range [][]byte{{0, 0, 0, 1}, z, field("A256GCM"), field(party.apu), field(party.apv), {0, 0, 1, 0}} {
			hash.Write(part)
		}
		block, err := aes.NewCipher(hash.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		iv := make([]byte, 12)
		sealed := gcm.Seal(nil, iv, []byte("plain"), []byte(protected))
		text := strings.Join([]string{
			protected, "", base64.RawURLEncoding.EncodeToString(iv),
			base64.RawURLEncoding.EncodeToString(sealed[:5]), base64.RawURLEncoding.EncodeToString(sealed[5:]),
		}, ".")
		plain, err := keys.DecryptJWE(receiver, text)
		if !errors.Is(err, party.want) || (err == nil && string(plain) != "plain") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecryptJWE: whatever is not exactly what the key's owner was sent is
// refused without a plaintext, and nothing panics.
func FuzzDecryptJWE(f *testing.F) {
	v := loadEncryptVector(f)
	priv := privateKey(f, unb64u(f, v.RecipientPrivateKeyD))
	f.Add(v.KeysJWE)
	f.Add("....")
	f.Add("e30....")
	f.Add(v.KeysJWE + ".")
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := keys.DecryptJWE(priv, text)
		if err != nil {
			if plain != nil {
				t.Error("a refused message gave a plaintext")
			}
			if !errors.Is(err, keys.ErrMalformed) && !errors.Is(err, keys.ErrUnsupported) && !errors.Is(err, keys.ErrDecrypt) {
				t.Errorf("failure of no kind: %v", err)
			}
			return
		}
		if text != v.KeysJWE {
			t.Errorf("a changed message was accepted")
		}
	})
}

// FuzzJWERoundTrip: what is encrypted comes back unchanged.
func FuzzJWERoundTrip(f *testing.F) {
	v := loadEncryptVector(f)
	priv := privateKey(f, unb64u(f, v.RecipientPrivateKeyD))
	recipient, err := keys.PublicJWK(priv.PublicKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) > 40<<10 {
			t.Skip("longer than what a receiver reads")
		}
		text, err := keys.EncryptJWE(rand.Reader, recipient, plain)
		if err != nil {
			t.Fatal(err)
		}
		back, err := keys.DecryptJWE(priv, text)
		if err != nil || !bytes.Equal(back, plain) {
			t.Errorf("round trip failed: %v", err)
		}
	})
}
