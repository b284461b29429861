package ece_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/internal/ece"
)

// octets decodes from base64url without padding.
type octets []byte

func (o *octets) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.DecodeString(string(text))
	*o = b
	return err
}

// hexed decodes from hexadecimal.
type hexed []byte

func (h *hexed) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

type headers struct {
	Encoding   string `json:"encoding"`
	Encryption string `json:"encryption"`
	CryptoKey  string `json:"crypto_key"`
}

type pushCase struct {
	ID            string  `json:"id"`
	Stage         string  `json:"stage"`
	UAPrivate     octets  `json:"ua_private"`
	UAPublic      octets  `json:"ua_public"`
	Auth          octets  `json:"auth_secret"`
	Headers       headers `json:"headers"`
	SenderPrivate octets  `json:"sender_private"`
	Salt          octets  `json:"salt"`
	RS            uint32  `json:"rs"`
	Pad           int     `json:"pad"`
	Body          octets  `json:"body"`
	Plaintext     octets  `json:"plaintext"`
	MultiRecord   bool    `json:"multi_record"`
}

type requestCase struct {
	ID          string         `json:"id"`
	HTTPHeaders map[string]any `json:"http_headers"`
	VAPIDPublic octets         `json:"vapid_public"`
}

type pushVectors struct {
	RFC8188 []struct {
		ID        string `json:"id"`
		Key       octets `json:"key"`
		Body      octets `json:"body"`
		Plaintext string `json:"plaintext_utf8"`
	} `json:"rfc8188"`
	Positive []pushCase    `json:"positive"`
	Negative []pushCase    `json:"negative"`
	Requests []requestCase `json:"requests"`
}

func loadVectors(t testing.TB) pushVectors {
	t.Helper()
	var v pushVectors
	readJSON(t, "testdata/push.json", &v)
	return v
}

func readJSON(t testing.TB, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func privateKey(t testing.TB, scalar []byte) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.P256().NewPrivateKey(scalar)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, c pushCase) ([]byte, error) {
	t.Helper()
	return ece.DecryptMessage(privateKey(t, c.UAPrivate), c.Auth, c.Body, ece.Headers(c.Headers))
}

func TestPositiveVectors(t *testing.T) {
	v := loadVectors(t)
	if len(v.Positive) != 29 {
		t.Fatalf("%d positive vectors, want 29", len(v.Positive))
	}
	for _, c := range v.Positive {
		t.Run(c.ID, func(t *testing.T) {
			if got := privateKey(t, c.UAPrivate).PublicKey().Bytes(); !bytes.Equal(got, c.UAPublic) {
				t.Fatal("vector's key pair does not match")
			}
			before := bytes.Clone(c.Body)
			text, err := open(t, c)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(text, c.Plaintext) {
				t.Errorf("text = %q, want %q", text, c.Plaintext)
			}
			if !bytes.Equal(c.Body, before) {
				t.Error("body was changed")
			}
		})
	}
}

func TestNegativeVectors(t *testing.T) {
	v := loadVectors(t)
	if len(v.Negative) != 45 {
		t.Fatalf("%d negative vectors, want 45", len(v.Negative))
	}
	for _, c := range v.Negative {
		t.Run(c.ID, func(t *testing.T) {
			before := bytes.Clone(c.Body)
			text, err := open(t, c)
			var refused *ece.DecodeError
			if !errors.As(err, &refused) {
				t.Fatalf("error = %v, want a DecodeError", err)
			}
			if string(refused.Kind) != c.Stage {
				t.Errorf("kind = %q (%v), want %q", refused.Kind, err, c.Stage)
			}
			if text != nil {
				t.Errorf("refused body yields %d octets", len(text))
			}
			if !bytes.Equal(c.Body, before) {
				t.Error("body was changed")
			}
		})
	}
}

func TestRFC8188Examples(t *testing.T) {
	for _, c := range loadVectors(t).RFC8188 {
		t.Run(c.ID, func(t *testing.T) {
			text, err := ece.DecryptContent(c.Key, c.Body)
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != c.Plaintext {
				t.Errorf("text = %q, want %q", text, c.Plaintext)
			}
			broken := bytes.Clone(c.Body)
			broken[len(broken)-1] ^= 1
			if _, err := ece.DecryptContent(c.Key, broken); err == nil {
				t.Error("a changed tag is accepted")
			}
		})
	}
}

// TestEncryptReproducesVectors makes each single-record vector with a known
// sender and padding again, octet for octet.
func TestEncryptReproducesVectors(t *testing.T) {
	made := 0
	for _, c := range loadVectors(t).Positive {
		single := !c.MultiRecord && len(c.SenderPrivate) > 0 && len(c.Plaintext) > 0
		if c.Headers.Encoding != ece.EncodingAES128GCM || !single {
			continue
		}
		made++
		t.Run(c.ID, func(t *testing.T) {
			body, err := ece.EncryptAs(drawn(privateKey(t, c.SenderPrivate), c.Salt), privateKey(t, c.UAPrivate).PublicKey(),
				c.Auth, c.Plaintext, c.RS, len(c.Plaintext)+1+c.Pad)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(body, c.Body) {
				t.Errorf("body = %x, want %x", body, c.Body)
			}
		})
	}
	if made < 8 {
		t.Errorf("only %d vectors were made again", made)
	}
}

// TestWholeRequests opens requests as real senders made them, after the
// clean-up a push service does, and checks that the vector file pairs each with
// the key that signed it.
func TestWholeRequests(t *testing.T) {
	v := loadVectors(t)
	byID := make(map[string]pushCase)
	for _, c := range v.Positive {
		byID[c.ID] = c
	}
	if len(v.Requests) != 4 {
		t.Fatalf("%d requests, want 4", len(v.Requests))
	}
	for _, r := range v.Requests {
		t.Run(r.ID, func(t *testing.T) {
			c := byID[r.ID]
			text := func(name string) string {
				s, _ := r.HTTPHeaders[name].(string)
				return strings.ReplaceAll(s, `"`, "")
			}
			if n, _ := r.HTTPHeaders["Content-Length"].(float64); int(n) != len(c.Body) {
				t.Errorf("content length %v, body has %d", n, len(c.Body))
			}
			c.Headers = headers{text("Content-Encoding"), text("Encryption"), text("Crypto-Key")}
			got, err := open(t, c)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, c.Plaintext) {
				t.Errorf("text = %q, want %q", got, c.Plaintext)
			}
			verifyVAPID(t, text("Authorization"), r.VAPIDPublic)
		})
	}
}

func verifyVAPID(t *testing.T, authorization string, public []byte) {
	t.Helper()
	_, token, _ := strings.Cut(authorization, " ")
	token, _, _ = strings.Cut(strings.TrimPrefix(token, "t="), ",")
	signed, signature, ok := cutLast(token, ".")
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if !ok || err != nil || len(sig) != 64 {
		t.Fatalf("no signature in %q", authorization)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(signed))
	if !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		t.Error("VAPID signature does not verify")
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

type commandVectors struct {
	AES128GCM []struct {
		Source    string `json:"source"`
		Note      string `json:"note"`
		Sender    hexed  `json:"senderPrivateKey"`
		Receiver  hexed  `json:"receiverPrivateKey"`
		Auth      hexed  `json:"authSecret"`
		Salt      hexed  `json:"salt"`
		RS        uint32 `json:"rs"`
		Records   int    `json:"records"`
		Plaintext string `json:"plaintext"`
		Body      hexed  `json:"body"`
	} `json:"aes128gcm"`
	Commands []struct {
		ID           string `json:"id"`
		Sender       hexed  `json:"senderPrivateKey"`
		Salt         hexed  `json:"salt"`
		Plaintext    string `json:"plaintext"`
		PaddedLength int    `json:"paddedLength"`
		BodyLength   int    `json:"bodyLength"`
		Encrypted    octets `json:"encrypted_base64url"`
	} `json:"commands"`
}

func TestCommandVectors(t *testing.T) {
	var v commandVectors
	readJSON(t, "testdata/commands.json", &v)
	if len(v.AES128GCM) != 3 || len(v.Commands) != 2 {
		t.Fatalf("%d bodies and %d commands, want 3 and 2", len(v.AES128GCM), len(v.Commands))
	}
	for _, c := range v.AES128GCM {
		text, err := ece.Decrypt(privateKey(t, c.Receiver), c.Auth, c.Body)
		if err != nil || string(text) != c.Plaintext {
			t.Errorf("%s: %q, %v; want %q", c.Note, text, err, c.Plaintext)
		}
	}
	receiver, auth := privateKey(t, v.AES128GCM[0].Receiver), v.AES128GCM[0].Auth
	for _, c := range v.Commands {
		t.Run(c.ID, func(t *testing.T) {
			body, err := ece.Encrypt(drawn(privateKey(t, c.Sender), c.Salt), receiver.PublicKey(), auth, []byte(c.Plaintext))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(body, c.Encrypted) || len(body) != c.BodyLength {
				t.Errorf("default padding makes %d octets, want the vector's %d", len(body), c.BodyLength)
			}
			text, err := ece.Decrypt(receiver, auth, c.Encrypted)
			if err != nil || string(text) != c.Plaintext {
				t.Errorf("%q, %v; want %q", text, err, c.Plaintext)
			}
		})
	}
}

func TestCommandVectorsThatMustFail(t *testing.T) {
	var v commandVectors
	readJSON(t, "testdata/commands.json", &v)
	three := v.AES128GCM[2]
	receiver := privateKey(t, three.Receiver)
	edit := func(change func(b []byte) []byte) []byte { return change(bytes.Clone(three.Body)) }
	for name, c := range map[string]struct {
		body []byte
		kind ece.Kind
	}{
		"first record alone": {edit(func(b []byte) []byte { return b[:86+40] }), ece.KindPadding},
		"record size 17":     {edit(func(b []byte) []byte { b[19] = 17; return b }), ece.KindHeader},
		"key id length 64":   {edit(func(b []byte) []byte { b[20] = 64; return b }), ece.KindHeader},
		"no body":            {nil, ece.KindHeader},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ece.Decrypt(receiver, three.Auth, c.body)
			var refused *ece.DecodeError
			if !errors.As(err, &refused) || refused.Kind != c.kind {
				t.Errorf("error = %v, want kind %q", err, c.kind)
			}
		})
	}
	if _, err := ece.Encrypt(rand.Reader, receiver.PublicKey(), three.Auth, nil); !errors.Is(err, ece.ErrEmpty) {
		t.Errorf("empty text: %v, want ErrEmpty", err)
	}
}

// TestWritingWhatFirefoxAccepts seals the recorded texts with the recorded sender
// key and salt: the result must be what Firefox took, to the last octet.
func TestWritingWhatFirefoxAccepts(t *testing.T) {
	type command struct {
		RecipientKeys                     struct{ PublicKey, AuthSecret octets }
		Salt, SenderPrivateKey, Encrypted octets
		Plaintext                         string
	}
	var f struct {
		SendTabAcceptedByFirefox, CloseTabAcceptedByFirefox command
		PushMessagesAcceptedByFirefox                       []struct {
			Receiver, Sender struct{ PublicKey, PrivateKey, AuthSecret octets }
			Salt, Body       octets
			Plaintext        string
		}
	}
	readJSON(t, "../../testdata/firefox-traffic.json", &f)
	seal := func(private, salt, public, auth octets, text string, multiple int) []byte {
		receiver, err := ecdh.P256().NewPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		body, err := ece.EncryptAs(drawn(privateKey(t, private), salt), receiver, auth, []byte(text), 4096, multiple)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	for _, c := range []command{f.SendTabAcceptedByFirefox, f.CloseTabAcceptedByFirefox} {
		multiple := 1 // the recording's sender padded less than we do
		for ; multiple <= 256; multiple++ {
			if bytes.Equal(seal(c.SenderPrivateKey, c.Salt, c.RecipientKeys.PublicKey, c.RecipientKeys.AuthSecret, c.Plaintext, multiple), c.Encrypted) {
				break
			}
		}
		if multiple > 256 {
			t.Errorf("%s: no padding gives what Firefox accepted", c.Plaintext)
		}
	}
	if len(f.PushMessagesAcceptedByFirefox) == 0 {
		t.Error("no push messages were recorded")
	}
	for i, p := range f.PushMessagesAcceptedByFirefox {
		body := seal(p.Sender.PrivateKey, p.Salt, p.Receiver.PublicKey, p.Receiver.AuthSecret, p.Plaintext, 1)
		if !bytes.Equal(body, p.Body) {
			t.Errorf("push message %d differs", i)
		}
	}
}
