package keys_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/internal/keys"
)

type bundleVector struct {
	OldsyncKey                 keys.ScopedKey
	AESKey                     string
	KidHex                     string
	DevicePrivateKey           string
	AuthSecret                 string
	IV                         string
	AvailableCommandsValue     string
	PersistedCommandsDataValue string
}

func loadBundleVector(t testing.TB) bundleVector {
	var v bundleVector
	vector(t, "command_key_bundle", &v)
	return v
}

func TestSyncPayload(t *testing.T) {
	var v struct {
		EncKey     string `json:"encKey_b64"`
		HMACKey    string `json:"hmacKey_b64"`
		Cleartext  string `json:"cleartext_b64"`
		IV         string `json:"IV"`
		HMAC       string `json:"hmac"`
		Ciphertext string `json:"ciphertext"`
	}
	vector(t, "sync_encrypted_payload", &v)
	bundle, err := keys.NewBundle(append(unb64(t, v.EncKey), unb64(t, v.HMACKey)...))
	if err != nil {
		t.Fatal(err)
	}
	want := keys.Sealed{IV: v.IV, HMAC: v.HMAC, Ciphertext: v.Ciphertext}
	clear := unb64(t, v.Cleartext)
	got, err := bundle.Seal(bytes.NewReader(unb64(t, v.IV)), clear)
	if err != nil || got != want {
		t.Errorf("sealed differs (%v)", err)
	}
	back, err := bundle.Open(want)
	if err != nil || !bytes.Equal(back, clear) {
		t.Errorf("opened differs (%v)", err)
	}
	upper := want
	upper.HMAC = strings.ToUpper(upper.HMAC)
	if _, err := bundle.Open(upper); err != nil {
		t.Errorf("upper-case hex: %v", err)
	}
	for _, c := range []struct {
		name   string
		change func(*keys.Sealed)
		err    error
	}{
		{"hmac changed", func(s *keys.Sealed) { s.HMAC = "00" + s.HMAC[2:] }, keys.ErrDecrypt},
		{"hmac short", func(s *keys.Sealed) { s.HMAC = s.HMAC[2:] }, keys.ErrMalformed},
		{"hmac not hex", func(s *keys.Sealed) { s.HMAC = strings.Repeat("x", 64) }, keys.ErrMalformed},
		{"text changed", func(s *keys.Sealed) { s.Ciphertext = "AAAA" + s.Ciphertext[4:] }, keys.ErrDecrypt},
		{"iv short", func(s *keys.Sealed) { s.IV = "AAAA" }, keys.ErrMalformed},
		{"iv not base64", func(s *keys.Sealed) { s.IV = "!" }, keys.ErrMalformed},
	} {
		s := want
		c.change(&s)
		if plain, err := bundle.Open(s); !errors.Is(err, c.err) || plain != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

func TestBundleOfWrongSize(t *testing.T) {
	for _, n := range []int{0, 32, 63, 65} {
		if _, err := keys.NewBundle(make([]byte, n)); !errors.Is(err, keys.ErrMalformed) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	var zero keys.Bundle
	if _, err := zero.Seal(rand.Reader, nil); !errors.Is(err, keys.ErrMalformed) {
		t.Errorf("zero bundle: %v", err)
	}
}

func TestCommandKeyBundle(t *testing.T) {
	v := loadBundleVector(t)
	var command keys.CommandKeys
	if err := command.UnmarshalText([]byte(v.PersistedCommandsDataValue)); err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(command.Private.Bytes()) != v.DevicePrivateKey || hex.EncodeToString(command.AuthSecret) != v.AuthSecret {
		t.Error("stored keys read wrongly")
	}
	text, err := command.MarshalText()
	if err != nil || string(text) != v.PersistedCommandsDataValue {
		t.Errorf("stored keys written wrongly: %v", err)
	}
	value, err := keys.SealCommandKeys(bytes.NewReader(unhex(t, v.IV)), v.OldsyncKey, command.Public())
	if err != nil || value != v.AvailableCommandsValue {
		t.Errorf("published value differs: %v\n%s", err, value)
	}
	public, err := keys.OpenCommandKeys(v.OldsyncKey, v.AvailableCommandsValue)
	if err != nil || !public.PublicKey.Equal(command.Private.PublicKey()) || !bytes.Equal(public.AuthSecret, command.AuthSecret) {
		t.Errorf("opened value differs: %v", err)
	}
}

func TestCommandKeyBundleRefuses(t *testing.T) {
	v := loadBundleVector(t)
	changed := func(old, with string) string {
		out := strings.Replace(v.AvailableCommandsValue, old, with, 1)
		if out == v.AvailableCommandsValue {
			t.Fatalf("%q is not in the value", old)
		}
		return out
	}
	otherKID := v.OldsyncKey
	otherKID.KID = "1542236016430-AAAAAAAAAAAAAAAAAAAAAA"
	noDash := v.OldsyncKey
	noDash.KID = "1542236016429"
	short := v.OldsyncKey
	short.K = short.K[:40]
	sealed := func(clear string) string {
		raw, err := v.OldsyncKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := keys.NewBundle(raw)
		if err != nil {
			t.Fatal(err)
		}
		s, err := bundle.Seal(rand.Reader, []byte(clear))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]string{"kid": v.KidHex, "IV": s.IV, "hmac": s.HMAC, "ciphertext": s.Ciphertext})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct {
		name, value string
		key         keys.ScopedKey
		err         error
	}{
		{"other kid", v.AvailableCommandsValue, otherKID, keys.ErrKeyMismatch},
		{"kid without dash", v.AvailableCommandsValue, noDash, keys.ErrMalformed},
		{"short key", v.AvailableCommandsValue, short, keys.ErrMalformed},
		{"not json", "{", v.OldsyncKey, keys.ErrMalformed},
		{"empty object", "{}", v.OldsyncKey, keys.ErrMalformed},
		{"kid changed", changed("3b1d", "3b1e"), v.OldsyncKey, keys.ErrKeyMismatch},
		{"hmac changed", changed("32dd", "32de"), v.OldsyncKey, keys.ErrDecrypt},
		{"text changed", changed("+B+f", "+B+g"), v.OldsyncKey, keys.ErrDecrypt},
		{"no keys inside", sealed(`{}`), v.OldsyncKey, keys.ErrMalformed},
		{"not json inside", sealed(`x`), v.OldsyncKey, keys.ErrMalformed},
		{"no point inside", sealed(`{"publicKey":"AAAA","authSecret":"BTBZMqHH6r4Tts7J_aSIgg"}`), v.OldsyncKey, keys.ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			public, err := keys.OpenCommandKeys(c.key, c.value)
			if !errors.Is(err, c.err) || public.PublicKey != nil {
				t.Errorf("got %v, want %v", err, c.err)
			}
		})
	}
	if _, err := keys.SealCommandKeys(rand.Reader, v.OldsyncKey, keys.CommandPublic{}); !errors.Is(err, keys.ErrMalformed) {
		t.Errorf("sealing nothing: %v", err)
	}
}

func TestStoredCommandKeysRefuse(t *testing.T) {
	v := loadBundleVector(t)
	good := v.PersistedCommandsDataValue
	for name, c := range map[string]struct {
		text string
		err  error
	}{
		"empty":           {"", keys.ErrMalformed},
		"other version":   {strings.Replace(good, "V1", "V2", 1), keys.ErrMalformed},
		"other curve":     {strings.Replace(good, "P256", "P384", 1), keys.ErrUnsupported},
		"byte too large":  {strings.Replace(good, "[171,", "[256,", 1), keys.ErrMalformed},
		"negative byte":   {strings.Replace(good, "[171,", "[-1,", 1), keys.ErrMalformed},
		"private short":   {strings.Replace(good, "[171,", "[", 1), keys.ErrMalformed},
		"other public":    {strings.Replace(good, "[4,37,", "[4,38,", 1), keys.ErrMalformed},
		"other private":   {strings.Replace(good, "[171,", "[172,", 1), keys.ErrMalformed},
		"auth secret cut": {strings.Replace(good, "[5,48,", "[48,", 1), keys.ErrMalformed},
	} {
		var k keys.CommandKeys
		if err := k.UnmarshalText([]byte(c.text)); !errors.Is(err, c.err) || k.Private != nil {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
	}
	if _, err := (keys.CommandKeys{}).MarshalText(); !errors.Is(err, keys.ErrMalformed) {
		t.Errorf("empty keys: %v", err)
	}
}

// TestFirefoxBundles opens what a real Firefox published for its commands.
func TestFirefoxBundles(t *testing.T) {
	text, err := os.ReadFile("../../testdata/firefox-traffic.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Account struct {
			KB         string         `json:"kB"`
			OldsyncKey keys.ScopedKey `json:"oldsyncKey"`
		}
		FirefoxSession            struct{ SessionToken, HawkID, HawkKeyHex string }
		DeviceRegisteredByFirefox struct {
			AsListedByServer     struct{ AvailableCommands map[string]string }
			CommandKeysDecrypted map[string]struct{ PublicKey, AuthSecret string }
		}
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if oldSyncKey(t, unhex(t, v.Account.KB), 1795205957667) != v.Account.OldsyncKey {
		t.Error("the account's sync key differs")
	}
	id, mac, err := keys.SessionCredential(v.FirefoxSession.SessionToken)
	if err != nil || id != v.FirefoxSession.HawkID || hex.EncodeToString(mac) != v.FirefoxSession.HawkKeyHex {
		t.Errorf("session credential differs (%v)", err)
	}
	if len(v.DeviceRegisteredByFirefox.AsListedByServer.AvailableCommands) != 2 {
		t.Fatal("the recording has other commands than expected")
	}
	for command, value := range v.DeviceRegisteredByFirefox.AsListedByServer.AvailableCommands {
		want := v.DeviceRegisteredByFirefox.CommandKeysDecrypted[command]
		public, err := keys.OpenCommandKeys(v.Account.OldsyncKey, value)
		if err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		if !bytes.Equal(public.PublicKey.Bytes(), unb64u(t, want.PublicKey)) || !bytes.Equal(public.AuthSecret, unb64u(t, want.AuthSecret)) {
			t.Errorf("%s: other keys than Firefox has", command)
		}
	}
}

// FuzzOpenCommandKeys: nothing but a value sealed with the key opens, and what
// opens seals and opens again to the same keys.
func FuzzOpenCommandKeys(f *testing.F) {
	v := loadBundleVector(f)
	f.Add(v.AvailableCommandsValue)
	f.Add("{}")
	f.Add(`{"kid":"` + v.KidHex + `","IV":"","hmac":"","ciphertext":"AAAA"}`)
	f.Fuzz(func(t *testing.T, value string) {
		public, err := keys.OpenCommandKeys(v.OldsyncKey, value)
		if err != nil {
			if public.PublicKey != nil {
				t.Error("a refused value gave a key")
			}
			return
		}
		again, err := keys.SealCommandKeys(rand.Reader, v.OldsyncKey, public)
		if err != nil {
			t.Fatal(err)
		}
		back, err := keys.OpenCommandKeys(v.OldsyncKey, again)
		if err != nil || !back.PublicKey.Equal(public.PublicKey) || !bytes.Equal(back.AuthSecret, public.AuthSecret) {
			t.Errorf("round trip failed: %v", err)
		}
	})
}
