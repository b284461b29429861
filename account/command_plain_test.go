package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asJSON is how encoding/json writes the content of a command.
func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// usualTabs are what other devices and we send, as text.
func usualTabs(t testing.TB) (texts [][]byte) {
	t.Helper()
	var f firefox
	loadVectors(t, "firefox-traffic.json", &f)
	for _, m := range f.SendTabFromFirefox.Messages {
		texts = append(texts, []byte(m.Plaintext))
	}
	texts = append(texts, []byte(f.SendTabAcceptedByFirefox.Plaintext))
	var file struct {
		Vectors struct {
			SendTab commandVector `json:"send_tab_command"`
		}
	}
	loadVectors(t, "accounts-client.json", &file)
	texts = append(texts, []byte(file.Vectors.SendTab.Plaintext))
	for _, p := range benchTabs {
		texts = append(texts, asJSON(t, p))
	}
	return texts
}

// What is sent and received every day is read and written by hand, or there would be no point in it.
func TestUsualTabIsPlain(t *testing.T) {
	for _, text := range usualTabs(t) {
		if p, ok := readPlainTab(text); !ok || len(p.Entries) == 0 {
			t.Errorf("not plain: %.200s", text)
		}
	}
	for name, p := range map[string]SendTabPayload{
		"200B": benchTabs["200B"], "9kB": benchTabs["9kB"],
		"beyond ASCII": {Entries: []TabEntry{{Title: "Straße — 雪 ☃", URL: "https://example.com/?a=1&b=<2>", Private: true}, {}}},
		"none":         {Entries: []TabEntry{}},
	} {
		if text, ok := p.plain(); !ok || !bytes.Equal(text, asJSON(t, p)) {
			t.Errorf("%s: %v, %.200s", name, ok, text)
		}
	}
}

// A member that is added to a tab is read and written by hand too, or left to encoding/json.
func TestNoMemberOfATabIsMissed(t *testing.T) {
	one, entry := SendTabPayload{Entries: []TabEntry{}}, TabEntry{}
	tabs := []SendTabPayload{one}
	for i := range reflect.TypeFor[SendTabPayload]().NumField() {
		p := one
		if f := reflect.ValueOf(&p).Elem().Field(i); f.Kind() != reflect.Slice {
			fill(t, f)
		}
		tabs = append(tabs, p)
	}
	for i := range reflect.TypeFor[TabEntry]().NumField() {
		e := entry
		fill(t, reflect.ValueOf(&e).Elem().Field(i))
		tabs = append(tabs, SendTabPayload{Entries: []TabEntry{e}})
	}
	if len(tabs) < 8 {
		t.Fatalf("only %d tabs", len(tabs))
	}
	for _, p := range tabs {
		text, err := encodePayload(p)
		if want := asJSON(t, p); err != nil || !bytes.Equal(text, want) {
			t.Errorf("%+v is written as %s, %v, want %s", p, text, err, want)
		}
		if back, err := parseSendTab(text); err != nil || !cmp.Equal(back, p) {
			t.Errorf("%s is read as %+v, %v", text, back, err)
		}
	}
}

// fill puts something that is not zero into a field.
func fill(t *testing.T, f reflect.Value) {
	t.Helper()
	switch f.Kind() {
	case reflect.String:
		f.SetString("x")
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Int, reflect.Int64:
		f.SetInt(7)
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
		fill(t, f.Elem())
	default:
		t.Fatalf("a field of a kind that this test does not know: %s", f.Type())
	}
}

// FuzzReadTab: a tab is read as encoding/json reads it, and refused exactly when that refuses it.
func FuzzReadTab(f *testing.F) {
	for _, text := range usualTabs(f) {
		if len(text) < 1000 { // a long one finds nothing more, and slows the search down
			f.Add(text)
		}
	}
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `{"entries":null}`, `{"entries":{}}`, `{"entries":[]}`, ` {"entries":[]}`, `{"entries":[]}` + "\n", `{"entries":[]}x`,
		`{"entries":[null]}`, `{"entries":[{}]}`, `{"entries":[{},]}`, `{"entries":[,{}]}`, `{"entries":[{}{}]}`, `{"entries":[{}`, `{"entries":[{"title":"`,
		`{"entries":[{"title":"t","url":"u","private":true},{"title":"2"}],"flowID":"f","streamID":"s","current":0}`,
		`{"flowID":"f","streamID":"s","entries":[{"private":false,"url":"u","title":"t"}]}`, `{"entries":[{"private":null,"title":null}],"flowID":null}`,
		`{"entries":[{"private":1}]}`, `{"entries":[{"private":"true"}]}`, `{"entries":[{"private":truefalse}]}`, `{"entries":[{"title":7}]}`,
		`{"entries":[{"title":"a","title":"b"}]}`, `{"entries":[{"title":"a"}],"entries":[{"url":"b"}]}`, `{"entries":[],"flowID":"a","FLOWID":"b"}`,
		`{"Entries":[{"URL":"u","tItLe":"t"}],"flowid":"f"}`, `{"entries":[{"\u0075rl":"u"}]}`, `{"entries":[{"urL":"u"}]}`, `{"entries":[{"":"u"}]}`,
		`{"entries":[{"title":"\"","url":"\u002f\ud83d\ude00\ud800"}]}`, `{"entries":[{"title":"\x"}]}`, "{\"entries\":[{\"title\":\"\xff\"}]}",
		"{\"entries\":[{\"title\":\"\xed\xa0\x80\"}]}", "{\"entries\":[{\"title\":\"a\tb\"}]}", "{\"entries\":[{\"title\":\"\u2028\u00a0\x7f\"}]}",
		`{"entries":[{"url":"u"}],"x":{"y":[1,2,{"z":null}]}}`, `{"entries":[{"url" :"u"}]}`, `{"entries":[{"url":"u"}],}`, `{,"entries":[]}`,
		"{\"entries\":[{\"title\":\"12345678\x1f\"}]}", "{\"entries\":[],\"ſtreamID\":\"long s\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want SendTabPayload
		refused := json.Unmarshal(text, &want) != nil || want.Entries == nil
		got, err := parseSendTab(text)
		if refused != (err != nil) || err != nil && !errors.Is(err, errPayload) {
			t.Fatalf("%q: %v, encoding/json refuses it: %v", text, err, refused)
		}
		if refused {
			want = SendTabPayload{}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as\n%+v, by encoding/json as\n%+v", text, got, want)
		}
	})
}

// FuzzEncodeTab: a tab is written as encoding/json writes it, to the last octet.
func FuzzEncodeTab(f *testing.F) {
	f.Add("", "", "", "", false, 0, -1)
	f.Add("Example Domain", "https://example.com/?a=1&b=<2>", "AAAAAAAAAAAA", "BBBBBBBBBBBB", false, 1, -1)
	f.Add("Straße — 雪 ☃", "https://example.com/", "f", "s", true, 3, 0)
	f.Add("a\u2028b\u2029c", "\"quoted\" \\ and \t tab", "\x00\x1f\x7f", "\xff\xed\xa0\x80", true, 2, 1)
	f.Add("12345678\x1f", "12345678\"", "12345678\\", "1234567é", true, 1, -1)
	f.Add("\u00a0\ufffd\U0001f600", "</script>&", "\u2027\u202a", "\xe2\x80", false, 1, 7)
	f.Fuzz(func(t *testing.T, title, url, flow, stream string, private bool, entries, current int) {
		p := SendTabPayload{FlowID: flow, StreamID: stream}
		if entries >= 0 {
			p.Entries = []TabEntry{}
		}
		for i := range entries & 3 {
			// The strings change their places, so that each stands in each.
			e := TabEntry{Title: title, URL: url, Private: private != (i == 1)}
			if i == 2 {
				e.Title, e.URL = e.URL, e.Title
			}
			p.Entries = append(p.Entries, e)
		}
		if current >= 0 {
			p.Current = &current
		}
		got, err := encodePayload(p)
		if want := asJSON(t, p); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v is written as\n%q, %v, by encoding/json as\n%q", p, got, err, want)
		}
	})
}
