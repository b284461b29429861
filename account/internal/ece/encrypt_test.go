package ece_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"io"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/tabferry/tabferry/account/internal/ece"
)

type receiver struct {
	priv *ecdh.PrivateKey
	auth []byte
}

func newReceiver(t testing.TB) receiver {
	t.Helper()
	scalar := bytes.Repeat([]byte{7}, 32)
	return receiver{privateKey(t, scalar), bytes.Repeat([]byte{9}, 16)}
}

func (r receiver) seal(t testing.TB, text []byte) []byte {
	t.Helper()
	return r.sealAs(t, text, 4096, 128)
}

func (r receiver) sealAs(t testing.TB, text []byte, recordSize uint32, padMultiple int) []byte {
	t.Helper()
	body, err := ece.EncryptAs(rand.Reader, r.priv.PublicKey(), r.auth, text, recordSize, padMultiple)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestDefaultPadding checks the lengths Mozilla's clients send: text and
// delimiter in multiples of 128, a second record from 3968 octets of text.
func TestDefaultPadding(t *testing.T) {
	r := newReceiver(t)
	for _, c := range []struct{ text, padded, records int }{
		{1, 128, 1},
		{127, 128, 1},
		{128, 256, 1},
		{145, 256, 1},
		{3967, 3968, 1},
		{3968, 4096, 2},
		{4079, 4096, 2},
		{8063, 8192, 3},
		{9000, 9088, 3},
	} {
		text := bytes.Repeat([]byte{'x'}, c.text)
		body := r.seal(t, text)
		if want := 86 + c.padded + 16*c.records; len(body) != want {
			t.Errorf("%d octets of text make a body of %d, want %d", c.text, len(body), want)
		}
		got, err := ece.Decrypt(r.priv, r.auth, body)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d octets of text do not come back: %v", c.text, err)
		}
	}
}

// TestEveryLayout opens what was sealed for many sizes and settings, and checks
// that the body divides into full records and one last.
func TestEveryLayout(t *testing.T) {
	r := newReceiver(t)
	rng := mathrand.New(mathrand.NewPCG(1, 2))
	for _, rs := range []uint32{18, 19, 20, 24, 33, 64, 144, 145, 4096, math.MaxUint32} {
		for _, multiple := range []int{1, 2, 3, 7, 16, 128, 129} {
			for range 12 {
				text := make([]byte, 1+rng.IntN(300))
				for i := range text {
					text[i] = byte(rng.IntN(4)) // often zero or a delimiter
				}
				body := r.sealAs(t, text, rs, multiple)
				got, err := ece.Decrypt(r.priv, r.auth, body)
				if err != nil || !bytes.Equal(got, text) {
					t.Fatalf("rs %d, multiple %d, %d octets: %v", rs, multiple, len(text), err)
				}
				size := uint64(rs)
				sealed := uint64(len(body) - 86)
				records := (sealed + size - 1) / size
				if padded := sealed - 16*records; padded%uint64(multiple) != 0 {
					t.Fatalf("rs %d, %d octets: padded to %d, no multiple of %d", rs, len(text), padded, multiple)
				}
			}
		}
	}
}

func TestSenderAndSaltAreFresh(t *testing.T) {
	r := newReceiver(t)
	a, b := r.seal(t, []byte("same")), r.seal(t, []byte("same"))
	if bytes.Equal(a[:16], b[:16]) {
		t.Error("two messages share a salt")
	}
	if bytes.Equal(a[21:86], b[21:86]) {
		t.Error("two messages share a sender key")
	}
}

// TestRandomSourceIsTheCallers: the same source gives the same body, so nothing
// else flows into it.
func TestRandomSourceIsTheCallers(t *testing.T) {
	r := newReceiver(t)
	seal := func() []byte {
		source := mathrand.NewChaCha8([32]byte{3})
		body, err := ece.Encrypt(source, r.priv.PublicKey(), r.auth, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	if !bytes.Equal(seal(), seal()) {
		t.Error("bodies differ although the random source does not")
	}
}

func TestEncryptRefuses(t *testing.T) {
	r := newReceiver(t)
	public := r.priv.PublicKey()
	p384, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no randomness")
	text := []byte("text")
	for name, c := range map[string]struct {
		seal func() ([]byte, error)
		want error
	}{
		"no receiver":    {func() ([]byte, error) { return ece.Encrypt(rand.Reader, nil, r.auth, text) }, ece.ErrReceiver},
		"another curve":  {func() ([]byte, error) { return ece.Encrypt(rand.Reader, p384.PublicKey(), r.auth, text) }, ece.ErrReceiver},
		"short secret":   {func() ([]byte, error) { return ece.Encrypt(rand.Reader, public, r.auth[1:], text) }, ece.ErrReceiver},
		"broken source":  {func() ([]byte, error) { return ece.Encrypt(iotest.ErrReader(broken), public, r.auth, text) }, broken},
		"constant zeros": {func() ([]byte, error) { return ece.Encrypt(zeros{}, public, r.auth, text) }, nil},
		"short salt":     {func() ([]byte, error) { return ece.Encrypt(drawn(r.priv, make([]byte, 15)), public, r.auth, text) }, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := c.seal()
			if err == nil || body != nil {
				t.Fatalf("accepted: %d octets, %v", len(body), err)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
		})
	}
}

// drawn is a source that yields this key and this salt, for published bodies only.
func drawn(sender *ecdh.PrivateKey, salt []byte) io.Reader {
	return bytes.NewReader(slices.Concat(sender.Bytes(), salt))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestClaimedRecordSizeCostsNothing: memory follows the input, not the header.
func TestClaimedRecordSizeCostsNothing(t *testing.T) {
	r := newReceiver(t)
	body := r.sealAs(t, []byte("small"), math.MaxUint32, 128)
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ece.Decrypt(r.priv, r.auth, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	if got := result.AllocedBytesPerOp(); got > 16<<10 {
		t.Errorf("a body of %d octets costs %d octets of memory", len(body), got)
	}
}

func TestDecryptRefusesUnusableReceiver(t *testing.T) {
	r := newReceiver(t)
	body := r.seal(t, []byte("text"))
	p384, err := ecdh.P384().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, priv := range map[string]*ecdh.PrivateKey{"none": nil, "another curve": p384} {
		_, err := ece.Decrypt(priv, r.auth, body)
		var refused *ece.DecodeError
		if !errors.As(err, &refused) || refused.Kind != ece.KindKey {
			t.Errorf("%s: error = %v, want kind key", name, err)
		}
	}
}
