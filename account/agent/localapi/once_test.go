package localapi

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
)

// What readOnce reads is what encoding/json reads, also where the text has more, or less, or something else.
func TestReadOnce(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 0))
		var is, want, got Summary
		random(r, reflect.ValueOf(&is).Elem())
		text, err := json.Marshal(is)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if err := readOnce(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\n%+v, want\n%+v (%v)", text, got, want, err)
		}
	}
	for text, want := range map[string]string{
		`{`: "unexpected end of JSON input", `nothing`: "invalid character 'o' in literal null (expecting 'u')",
		`null`: "", `[]`: "", `7`: "", `{"more":{"a":[{}]}}`: "", `{"demo":null,"account":null,"storage":7,"connection":"x"}`: "",
		`{"demo":"x","unread":"7","language":7,"quietUntil":{"":true,"wall":1},"devices":[1]}`:                       "",
		`{"account":{"state":[],"causeSaid":{"key":{},"args":{"0":1}},"metricsEnabled":{"a":1}},"quietUntil":"now"}`: "",
	} {
		var got Summary
		err := readOnce([]byte(text), &got)
		if said := ""; err != nil {
			if said = err.Error(); said != want {
				t.Errorf("%s: %v", text, err)
			}
		} else if want != "" {
			t.Errorf("%s was read", text)
		}
		if got.Account.MetricsEnabled = nil; !reflect.DeepEqual(got, Summary{}) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
