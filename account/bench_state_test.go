package account_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
)

// largeState has 50 scopes, each with key and token, and 500 devices.
func largeState(tb testing.TB) []byte {
	tb.Helper()
	type object = map[string]any
	scopes, keys, tokens := []string{}, object{}, object{}
	for i := range 50 {
		scope := fmt.Sprintf("https://identity.mozilla.com/apps/%02d", i)
		scopes = append(scopes, scope)
		keys[scope] = object{"kty": "oct", "scope": scope, "k": strings.Repeat("k", 86), "kid": "1795205957667-WTyIUHGcTHoudVg1Gj5Q_g"}
		tokens[scope] = object{"scope": scope, "token": strings.Repeat("a", 64), "expires_at": time.Unix(1900000000, 0).UTC()}
	}
	var devices []any
	for i := range 500 {
		devices = append(devices, object{
			"id": fmt.Sprintf("%032x", i), "display_name": fmt.Sprintf("Device %d", i), "device_type": "mobile",
			"capabilities": []string{"SendTab"}, "last_access": time.Unix(1700000000, 0).UTC(),
			"push_subscription": object{"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/" + strings.Repeat("x", 120), "public_key": strings.Repeat("p", 87), "auth_key": strings.Repeat("s", 22)},
			"commands":          object{"https://identity.mozilla.com/cmd/open-uri": strings.Repeat("c", 400)},
		})
	}
	text, err := json.Marshal(object{
		"version": 1, "config": object{"content_url": "https://accounts.firefox.com", "client_id": "c", "redirect_uri": "r"},
		"refresh_token": object{"token": strings.Repeat("r", 64), "scopes": scopes}, "scopes": scopes, "scoped_keys": keys, "access_tokens": tokens,
		"devices": devices, "devices_at": time.Unix(1700000000, 0).UTC(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// BenchmarkRestoreAndSnapshot goes once through the largest state that is to be
// expected.
func BenchmarkRestoreAndSnapshot(b *testing.B) {
	text := largeState(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		a, err := account.Restore(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Snapshot(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChange measures what one small change of a large state costs.
func BenchmarkChange(b *testing.B) {
	a, err := account.Restore(largeState(b))
	if err != nil {
		b.Fatal(err)
	}
	token := [2]string{strings.Repeat("0", 64), strings.Repeat("1", 64)}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		if err := a.SetUserData(b.Context(), account.UserData{SessionToken: token[i%2]}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLargeState is read in a fraction of the time in which a person notices.
func TestLargeState(t *testing.T) {
	text := largeState(t)
	begin := time.Now()
	a, err := account.Restore(text)
	ok(t, "Restore", err)
	t.Cleanup(a.Close)
	if took := time.Since(begin); took > time.Second {
		t.Errorf("reading a large state took %v", took)
	}
	if list, _ := a.SavedDevices(); len(list) != 500 || !a.HasScope("https://identity.mozilla.com/apps/49") {
		t.Errorf("%d devices", len(list))
	}
}
