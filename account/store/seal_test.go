package store

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"
	"testing/iotest"
	"time"
)

// testTime is any time.
var testTime = time.UnixMilli(1_800_000_000_000)

func testSealer(t testing.TB) *sealer {
	t.Helper()
	key, err := newKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSealer(key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever is changed in a sealed value, or in the place it belongs to, it does not open any more.
func TestSealedValuesCannotBeChanged(t *testing.T) {
	s := testSealer(t)
	for _, value := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("long "), 1000)} {
		sealed, err := s.seal("bucket", "key", value)
		if err != nil {
			t.Fatal(err)
		}
		if open, err := s.open("bucket", "key", sealed); err != nil || !bytes.Equal(open, value) {
			t.Fatalf("it opens as %q, %v", open, err)
		}
		for _, place := range [][2]string{{"bucket", "other"}, {"other", "key"}, {"bucketk", "ey"}, {"bucke", "tkey"}, {"", "bucketkey"}} {
			if _, err := s.open(place[0], place[1], sealed); !errors.Is(err, ErrCorrupt) {
				t.Errorf("at %q it gives %v", place, err)
			}
		}
		for i := 0; i < len(sealed); i += 1 + len(sealed)/50 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := s.open("bucket", "key", changed); !errors.Is(err, ErrCorrupt) {
				t.Errorf("with byte %d changed it gives %v", i, err)
			}
		}
		for _, n := range []int{0, 10, len(sealed) - 1} {
			if _, err := s.open("bucket", "key", sealed[:n]); !errors.Is(err, ErrCorrupt) {
				t.Errorf("cut to %d bytes it gives %v", n, err)
			}
		}
		if _, err := testSealer(t).open("bucket", "key", sealed); !errors.Is(err, ErrCorrupt) {
			t.Errorf("under another key it gives %v", err)
		}
	}
}

// The same value never looks the same twice.
func TestSealingIsRandomised(t *testing.T) {
	s := testSealer(t)
	seen := map[string]bool{}
	for range 100 {
		sealed, err := s.seal("b", "k", []byte("same"))
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(sealed)] {
			t.Fatal("a sealed value came twice")
		}
		seen[string(sealed)] = true
	}
}

// Without randomness nothing is sealed.
func TestNoRandomness(t *testing.T) {
	broken := iotest.ErrReader(errors.New("no randomness"))
	if _, err := newKey(broken); err == nil {
		t.Error("a key was drawn")
	}
	s := testSealer(t)
	s.rand = broken
	if _, err := s.seal("b", "k", nil); err == nil {
		t.Error("a value was sealed")
	}
	phrase, err := NewPassphrase("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phrase.Create(t.Context(), broken, &Header{}); err == nil {
		t.Error("a passphrase made a key")
	}
	ring := NewKeyring(nil, "x")
	if _, err := ring.Create(t.Context(), broken, &Header{}); err == nil {
		t.Error("a keyring got a key")
	}
	ids := IDs{Rand: broken}
	if id, err := ids.Next(testTime); err == nil {
		t.Errorf("an id was drawn: %s", id)
	}
}

// A header that is accepted stays the same when written and read again, and its parameters are
// within bounds; everything else is damage or from a newer version.
func FuzzParseHeader(f *testing.F) {
	f.Add([]byte(`{"version":1,"protection":"keyring","entry":"store-0011","check":"AAAA"}`))
	f.Add([]byte(`{"version":1,"protection":"passphrase","argon2id":{"time":3,"memoryKiB":65536,"threads":4,"salt":"AAAAAAAAAAAAAAAAAAAAAA=="},"wrapped":"AA==","check":"AA=="}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := parseHeader(text)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if a := h.Argon2id; h.Protection == ByPassphrase && (a.MemoryKiB > maxArgonMemoryKiB || a.Time > maxArgonTime || a.Threads == 0) {
			t.Errorf("parameters out of bounds: %+v", a)
		}
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		second, err := parseHeader(again)
		if err != nil {
			t.Fatalf("%s is refused on the second reading: %v", again, err)
		}
		if third, _ := json.Marshal(second); !bytes.Equal(again, third) {
			t.Errorf("%s becomes %s", again, third)
		}
	})
}

// Opening what is not ours never gives anything.
func FuzzOpen(f *testing.F) {
	s := testSealer(f)
	good, err := s.seal("b", "k", []byte("value"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if value, err := s.open("b", "k", sealed); err == nil && !bytes.Equal(sealed, good) {
			t.Errorf("%x opens as %q", sealed, value)
		}
	})
}
