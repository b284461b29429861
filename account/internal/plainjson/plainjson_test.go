package plainjson_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/internal/plainjson"
)

// asJSON is how encoding/json writes a string without the escapes for HTML.
func asJSON(t testing.TB, text string) string {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(buf.String(), "\n")
}

// judge compares what becomes of a string with encoding/json: it is plain exactly when it stands there as
// it is.
func judge(t *testing.T, text string) {
	t.Helper()
	quoted := `"` + text + `"`
	want := asJSON(t, text)
	got, ok := plainjson.AppendText([]byte("before "), text)
	if ok != (want == quoted) || ok && string(got) != "before "+want {
		t.Fatalf("%q is written as %q, %v, by encoding/json as %q", text, got, ok, want)
	}
	var read string
	plain := json.Unmarshal([]byte(quoted), &read) == nil && read == text
	r := plainjson.Read([]byte(quoted))
	if got := r.Text(); r.Done() != plain || r.Done() && got != read {
		t.Fatalf("%q is read as %q, %v, by encoding/json as %q, %v", quoted, got, r.Done(), read, plain)
	}
}

// Each octet at each place of a text, of eight and more octets too, is seen.
func TestEachOctetAtEachPlace(t *testing.T) {
	for _, filler := range []string{"a", " ", "~", "é"} {
		for length := range 18 {
			for place := range length + 1 {
				for c := range 256 {
					judge(t, strings.Repeat(filler, place)+string([]byte{byte(c)})+strings.Repeat(filler, length-place))
				}
				judge(t, strings.Repeat(filler, place)+"\u2028"+strings.Repeat(filler, length-place))
				judge(t, strings.Repeat(filler, place)+"\u2029"+strings.Repeat(filler, length-place))
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"", "plain", "☃ and more", "\u2027\u2028", `"`, `\`, `\n`, "\n", "\x7f", "\xff", "\xed\xa0\x80", "12345678\x1f", "\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(judge)
}

// shape is what the reader is asked for in its tests.
type shape struct {
	Names []string `json:"names"`
	Deep  struct {
		On  bool `json:"on"`
		Off bool `json:"off"`
	} `json:"deep"`
}

func read(text []byte) (s shape, ok bool) {
	r := plainjson.Read(text)
	r.Object(
		plainjson.Member{Name: "names", Read: func() { r.Array(func() { s.Names = append(s.Names, r.Text()) }) }},
		plainjson.Member{Name: "deep", Read: func() {
			r.Object(
				plainjson.Member{Name: "on", Read: func() { s.Deep.On = r.Bool() }},
				plainjson.Member{Name: "off", Read: func() { s.Deep.Off = r.Bool() }},
			)
		}},
	)
	return s, r.Done()
}

func TestWhatIsPlain(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `{"names":[]}`: true, `{"names":["a","b"],"deep":{"on":true,"off":false}}`: true, `{"deep":{},"names":["☃"]}`: true,
		``: false, `{`: false, `}`: false, `[]`: false, `{}{}`: false, `{} `: false, ` {}`: false, `{"deep":{"on":true}`: false,
		`{"Names":[]}`: false, `{"other":[]}`: false, `{"names":[],"names":[]}`: false, `{"n\u0061mes":[]}`: false,
		`{"names":null}`: false, `{"names":["a",]}`: false, `{"names":[,"a"]}`: false, `{"names":["a" "b"]}`: false, `{"names":["a"`: false,
		`{"names":["\n"]}`: false, `{"names":["a]}`: false, `{"names" :[]}`: false, `{"names":[],}`: false, `{"names"}`: false,
		`{"deep":{"on":1}}`: false, `{"deep":{"on":truefalse}}`: false, `{"deep":{"on":tru}}`: false, `{"deep":{"on":"true"}}`: false,
	} {
		if _, ok := read([]byte(text)); ok != want {
			t.Errorf("%s is plain: %v", text, ok)
		}
	}
}

// FuzzReader: what is plain, encoding/json takes too, and reads the same in it.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{}`, `{"names":["a","☃"],"deep":{"on":true,"off":false}}`, `{"names":["\u0061"]}`, `{"deep":{"on":true},"NAMES":[]}`, `{"names":["a",]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := read(text)
		if !ok {
			return
		}
		var want shape
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q is read, and refused by encoding/json: %v", text, err)
		}
		if strings.Join(got.Names, "\x00") != strings.Join(want.Names, "\x00") || len(got.Names) != len(want.Names) || got.Deep != want.Deep {
			t.Errorf("%q is read as %+v, by encoding/json as %+v", text, got, want)
		}
	})
}

func TestBase64OfEachLength(t *testing.T) {
	var octets []byte
	for i := range 600 {
		octets = append(octets, byte(i*i>>3+i))
		sameBase64(t, octets)
	}
	for c := range 256 {
		sameBase64(t, bytes.Repeat([]byte{byte(c)}, 24))
	}
}

func FuzzBase64(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x00\xff\xfe\x80 eight and more"))
	f.Fuzz(sameBase64)
}

func sameBase64(t *testing.T, octets []byte) {
	want := base64.RawURLEncoding.AppendEncode([]byte("before "), octets)
	if got := plainjson.AppendBase64([]byte("before "), octets); !bytes.Equal(got, want) {
		t.Errorf("%x is written as %q, want %q", octets, got, want)
	}
}
