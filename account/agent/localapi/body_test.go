package localapi

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzTwice: a name stands twice where encoding/json, which reads the same text in tokens, finds it twice.
func FuzzTwice(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1,"b":[{"a":1},{"a":1}],"c":{"a":"a"}}`, `{"a":1,"A" :2}`, `{"a":{"b":1,"c":[],"b":2}}`, `{"a":"a","b":["a","a"]}`,
		`{"\u0061":1,"a":2}`, `{"a\"":1,"a":2}`, `{"x":"\\","x":1}`, `{"":{},"":1}`, `[{"a":1},[],{"a":1,"a":[]}]`, `"a"`, `{"a":"}","b":"[","a":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			t.Skip("what cannot be read is refused before")
		}
		if got, want := Twice(text) != "", twiceByTokens(t, text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	})
}

func twiceByTokens(t *testing.T, text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	var value func() bool
	value = func() bool {
		opening, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for twice := false; (opening == json.Delim('{') || opening == json.Delim('[')) && !twice; {
			if !d.More() {
				_, err = d.Token()
				return err != nil
			}
			if opening == json.Delim('{') {
				name, err := d.Token()
				if err != nil {
					t.Fatal(err)
				}
				folded := strings.ToLower(name.(string))
				twice = names[folded]
				names[folded] = true
			}
			if twice = value() || twice; twice {
				return true
			}
		}
		return false
	}
	return value()
}
