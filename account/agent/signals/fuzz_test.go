package signals

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzAnswer: whatever an events server says, the index never goes back, nothing is shown twice, and what is
// remembered has bounds.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		`{"events":[{"index":6,"event":"password-change","time":"2026-01-02T03:04:05Z","changed":"2026-01-02T03:04:05Z"},{"index":6,"event":"x"}],"newest":9}`,
		`{"events":[{"index":7,"event":"subscription-state-change","capability":"a","active":true,"changed":"2026-01-02T03:04:05Z"},{"index":"x"},null,5],"newest":3}`,
		`{"events":null,"newest":18446744073709551615}`, `{"events":{}}`, `{}`, `[]`, ``,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		m := memory{Last: 5, Password: time.Unix(1, 0)}
		before := m
		shown, _ := m.take(a)
		if m.Last < before.Last || m.Password.Before(before.Password) || len(m.Capabilities) > mostCapabilities || len(shown) > len(a.Events) {
			t.Fatalf("%s: %+v", text, m)
		}
		if again, r := m.take(a); len(again) != 0 || r != (reaction{}) {
			t.Fatalf("%s: taken twice: %+v %+v", text, again, r)
		}
	})
}
