package account_test

import (
	"encoding/json"
	"testing"

	"github.com/tabferry/tabferry/account"
)

// FuzzWebLogin: a message of the accounts page either brings a session token, which is then held as it
// is and told back as it came, or changes nothing.
func FuzzWebLogin(f *testing.F) {
	const token = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `{"sessionToken":5}`, `{"sessionToken":""}`, `{"sessionToken":"` + token + `"}`,
		`{"sessionToken":"` + token + `","uid":{},"verified":"no"}`, `{"SESSIONTOKEN":"` + token + `"}`, `{"sessionToken":"` + token + `"}{}`,
		`{"sessionToken":"` + token[:63] + `g"}`, `{"sessionToken":"` + token + `","sessionToken":"x"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a := offline(t, account.CustomServer("https://example.com"))
		if err := a.HandleWebLogin(t.Context(), text); err != nil {
			if held, err := a.SessionToken(); err == nil {
				t.Errorf("%q is refused, and %q is held", text, held)
			}
			return
		}
		held, err := a.SessionToken()
		if err != nil || len(held) != len(token) {
			t.Fatalf("%q brings the token %q, %v", text, held, err)
		}
		said, err := a.SignedInUserJSON()
		var user struct{ SessionToken string }
		if err != nil || json.Unmarshal(said, &user) != nil || user.SessionToken != held {
			t.Errorf("%q is told as %q, %v", held, said, err)
		}
		again := offline(t, account.CustomServer("https://example.com"))
		if err := again.HandleWebLogin(t.Context(), said); err != nil {
			t.Errorf("%q is refused by the next: %v", said, err)
		}
	})
}
