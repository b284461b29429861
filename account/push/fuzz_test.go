package push

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	mathrand "math/rand/v2"
)

const fuzzServer = "wss://push.example/"

// fuzzState is a state with one subscription, always the same.
func fuzzState(t testing.TB) state {
	t.Helper()
	random := mathrand.NewChaCha8([32]byte{1})
	st, err := decodeState(nil, fuzzServer)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRecord(random, "6f0c1e9a-0000-4000-8000-00000000000a", "https://push.example/e", time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	st = st.with("account", r.seen("old"))
	st.UAID = "0123456789abcdef0123456789abcdef"
	return st
}

// FuzzFrame: whatever the service sends, each notification that can be
// acknowledged is acknowledged once, is handed over at most once, and leaves no
// other trace in the state than its version.
func FuzzFrame(f *testing.F) {
	const channel = `"channelID":"6f0c1e9a-0000-4000-8000-00000000000a"`
	for _, seed := range []string{
		`{}`, `[]`, ``, `{"messageType":"hello","status":200,"uaid":"x"}`,
		`{"messageType":"notification",` + channel + `,"version":"new"}`,
		`{"messageType":"notification",` + channel + `,"version":"old"}`,
		`{"messageType":"notification",` + channel + `,"version":""}`,
		`{"messageType":"notification",` + channel + `,"version":"v","data":"AAAA","headers":{"encoding":"aes128gcm"}}`,
		`{"messageType":"notification",` + channel + `,"version":"v","data":"","headers":[]}`,
		`{"messageType":"notification","channelID":"none","version":"v","data":null}`,
		`{"messageType":"notification","channelID":7}`,
	} {
		f.Add([]byte(seed))
	}
	st := fuzzState(f)
	before, err := st.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseFrame(text)
		if err != nil {
			if !reflect.DeepEqual(m, heard{}) {
				t.Fatal("refused frame leaves members behind")
			}
			return
		}
		d := digest(st, []heard{m, m})
		want := 2
		if m.Version == "" {
			want = 0
		}
		if len(d.updates) != want || len(d.messages) > 1 || d.fresh > 1 {
			t.Fatalf("%d acknowledgements, %d messages", len(d.updates), len(d.messages))
		}
		if after, err := st.encode(); err != nil || !bytes.Equal(before, after) {
			t.Fatal("digest changed the state it was given")
		}
		r := *d.next.Subscriptions["account"]
		r.Versions = st.Subscriptions["account"].Versions
		if !reflect.DeepEqual(&r, st.Subscriptions["account"]) {
			t.Fatal("a message changed more than the list of versions")
		}
		if _, err := json.Marshal(ackFrame{"ack", d.updates}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzState: a stored blob is either refused, giving an empty state, or encodes
// to a blob that decodes to the same again.
func FuzzState(f *testing.F) {
	good, err := fuzzState(f).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":1,"subscriptions":{"a":null,"b":{},"c":{"endpoint":"x"}}}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, blob []byte) {
		st, err := decodeState(blob, fuzzServer)
		if err != nil {
			if len(st.Subscriptions) != 0 || st.UAID != "" {
				t.Fatal("refused blob leaves a trace")
			}
			return
		}
		once, err := st.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeState(once, fuzzServer)
		if err != nil {
			t.Fatalf("what was encoded is refused: %v", err)
		}
		twice, err := again.encode()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("state changes by being stored: %s, then %s", once, twice)
		}
		for name, r := range st.Subscriptions {
			if r.live() && (r.key == nil || st.UAID == "") {
				t.Fatalf("subscription %q cannot be used", name)
			}
		}
	})
}

// FuzzHeaders: encryption headers of any form give a text or an error, never
// both.
func FuzzHeaders(f *testing.F) {
	f.Add(`{"encoding":"aesgcm","encryption":"salt=AAAA","crypto_key":"dh=BBBB"}`, "AAAA")
	f.Add(`{"encoding":5}`, "")
	f.Add(`x`, "=")
	r := fuzzState(f).Subscriptions["account"]
	f.Fuzz(func(t *testing.T, headers, data string) {
		text, err := heard{Data: &data, Headers: json.RawMessage(headers)}.open(r)
		if (err == nil) == (text == nil) {
			t.Fatalf("text %q, error %v", text, err)
		}
	})
}

func TestBackOffSteps(t *testing.T) {
	random := mathrand.NewChaCha8([32]byte{2})
	whole := 5 * time.Second
	for n := range 100 {
		low, high := time.Duration(-1), time.Duration(0)
		for range 200 {
			d := step(random, n)
			if d < whole/2 || d > whole {
				t.Fatalf("step %d is %v, want %v to %v", n, d, whole/2, whole)
			}
			if low < 0 || d < low {
				low = d
			}
			high = max(high, d)
		}
		if high-low < whole/4 {
			t.Errorf("step %d hardly varies: %v to %v", n, low, high)
		}
		whole = min(2*whole, 30*time.Minute)
	}
}
