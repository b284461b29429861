package account_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account"
)

// sampleV2 is a state as Mozilla's component writes it.
func sampleV2(t testing.TB) (text string, wrong []string) {
	t.Helper()
	var file struct {
		Vectors struct {
			Sample struct {
				JSON       string   `json:"json"`
				MustReject []string `json:"mustReject"`
			} `json:"persisted_state_v2_sample"`
		} `json:"vectors"`
	}
	raw := readFile(t, "testdata/accounts-client.json")
	ok(t, "the vectors", json.Unmarshal(raw, &file))
	return file.Vectors.Sample.JSON, file.Vectors.Sample.MustReject
}

// TestImportV2 takes over everything that Mozilla's component saved, and gives it
// back in the same shape.
func TestImportV2(t *testing.T) {
	sample, _ := sampleV2(t)
	a, err := account.Restore([]byte(sample))
	ok(t, "Restore", err)
	t.Cleanup(a.Close)
	if a.AuthState() != account.AuthStateConnected || !a.HasScope(account.ScopeProfile, account.ScopeOldSync) || a.SyncKeyMissing() {
		t.Errorf("the state is %v", a.AuthState())
	}
	if p, at, known := a.CachedProfile(); !known || p.UID != "26f9b9198abd401c817e8b752eaaac4f" || !p.IsDefaultAvatar || at.UnixMilli() != 1700000000000 {
		t.Errorf("the profile is known: %t, of %v", known, at)
	}
	if token, err := a.SessionToken(); err != nil || !strings.HasPrefix(token, "0f0f") {
		t.Errorf("the session token: %v", err)
	}
	if id, err := a.CurrentDeviceID(); err != nil || id != "d3fc82acca7fc8c50acc06d21babbc00" {
		t.Errorf("the device id is %s, %v", id, err)
	}
	if a.EmailHint() != "test@example.com" || a.Config().ClientID != "98adfa37698f255b" {
		t.Error("the hint or the configuration is missing")
	}
	exported, err := a.ExportV2()
	ok(t, "ExportV2", err)
	var before, after map[string]any
	ok(t, "the sample", json.Unmarshal([]byte(sample), &before))
	ok(t, "the export", json.Unmarshal(exported, &after))
	sortCapabilities(before, after)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the export differs (-sample +export):\n%s", diff)
	}
	again, err := account.Restore(exported)
	ok(t, "Restore of the export", err)
	t.Cleanup(again.Close)
	first, _ := a.Snapshot()
	second, _ := again.Snapshot()
	if !bytes.Equal(first, second) {
		t.Error("the export reads differently")
	}
}

// sortCapabilities makes sets comparable.
func sortCapabilities(states ...map[string]any) {
	for _, s := range states {
		list, _ := s["device_capabilities"].([]any)
		for i := range list {
			for j := range i {
				if list[i].(string) < list[j].(string) {
					list[i], list[j] = list[j], list[i]
				}
			}
		}
		// An access token's key is given with it although it is stored elsewhere.
	}
}

// TestImportV2Ignores takes members that newer or older programs wrote.
func TestImportV2Ignores(t *testing.T) {
	sample, wrong := sampleV2(t)
	odd := strings.Replace(sample, `"schema_version":"V2",`, `"schema_version":"V2","login_state":"Unknown","surprise":{"a":[1]},`, 1)
	odd = strings.Replace(odd, `"config":{`, `"config":{"remote_config":null,`, 1)
	a, err := account.Restore([]byte(odd))
	ok(t, "Restore", err)
	t.Cleanup(a.Close)
	reference, err := account.Restore([]byte(sample))
	ok(t, "Restore", err)
	t.Cleanup(reference.Close)
	got, _ := a.Snapshot()
	wanted, _ := reference.Snapshot()
	if !bytes.Equal(got, wanted) {
		t.Error("unknown members change what is read")
	}
	wrong = append(wrong,
		strings.Replace(sample, `"V2"`, `"V1"`, 1), strings.Replace(sample, `"V2"`, `"V3"`, 1), strings.Replace(sample, `"V2"`, `2`, 1),
		strings.Replace(sample, `"scoped_keys"`, `"keys"`, 1), strings.Replace(sample, `"config"`, `"configuration"`, 1),
		strings.Replace(sample, `"last_handled_command":7`, `"last_handled_command":-7`, 1),
		strings.Replace(sample, `"client_id":"98adfa37698f255b"`, `"client_id":""`, 1))
	for _, text := range wrong {
		_, err := account.Restore([]byte(text))
		want(t, text[:20], err, account.ErrInvalidState)
	}
}

func TestRestoreRefuses(t *testing.T) {
	const secret = "s3cr3t"
	config := `"config":{"content_url":"https://example.com","client_id":"c","redirect_uri":"r"}`
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `x`, `{"version":0,` + config + `}`, `{"version":2,` + config + `}`, `{"version":"1",` + config + `}`,
		`{"version":1}`, `{"version":1,"config":{}}`, `{"version":1,` + config + `,"refresh_token":{"token":"","scopes":[]}}`,
		`{"version":1,` + config + `,"session_token":["` + secret + `"]}`, `{"version":1,` + config + `,"last_command":-1}`,
		`{"version":1,"config":{"content_url":"https://x:` + secret + `@example.com","client_id":"c","redirect_uri":"r"}}`,
		`{"version":1,` + config + `}{`, `{"version":1,` + config,
	} {
		a, err := account.Restore([]byte(text))
		want(t, text, err, account.ErrInvalidState)
		if a != nil || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q gave an account, or shows the text: %v", text, err)
		}
	}
}

// TestSnapshotIsACopy cannot be used to reach into the account.
func TestSnapshotIsACopy(t *testing.T) {
	s := newScene(t)
	a, saver := s.signedIn()
	first, err := a.Snapshot()
	ok(t, "Snapshot", err)
	for i := range first {
		first[i] = 'x'
	}
	saved := saver.last()
	for i := range saved {
		saved[i] = 'x'
	}
	if text := s.snapshot(a); strings.Contains(text, "xxx") || a.AuthState() != account.AuthStateConnected {
		t.Error("the snapshot is the state")
	}
}

// TestNothingToSave does not call the saver for a change that changes nothing.
func TestNothingToSave(t *testing.T) {
	s := newScene(t)
	saver := new(savedState)
	a := s.account(account.WithSaver(saver))
	ok(t, "ClearAccessTokens", a.ClearAccessTokens(t.Context()))
	ok(t, "ForgetEmailHint", a.ForgetEmailHint(t.Context()))
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	if n := saver.count(); n != 0 {
		t.Errorf("%d saves for nothing", n)
	}
}

// FuzzRestore reads any text: what is accepted gives a snapshot that reads as the
// same state, also by way of the other schema's export where that can hold it.
func FuzzRestore(f *testing.F) {
	sample, _ := sampleV2(f)
	f.Add([]byte(sample))
	f.Add([]byte(`{"version":1,"config":{"content_url":"https://example.com","client_id":"c","redirect_uri":"r"},
		"refresh_token":{"token":"t","scopes":["b a","a"]},"scoped_keys":{"a":{"kty":"oct","scope":"a","k":"k","kid":"1-x"}},
		"access_tokens":{"a":{"scope":"a","token":"t","expires_at":"2026-01-01T00:00:00+01:00"}},"profile":null,
		"devices":[{"id":"d","device_type":"phone","last_access":"2026-01-01T00:00:00Z"}],"waits":{"auth":"2026-01-01T00:00:00Z"},
		"revocations":[{"kind":"access","token":"t","since":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"version":1,"VERSION":2,"config":{"content_url":"http://127.0.0.1","client_id":"c","redirect_uri":"r"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := account.Restore(text)
		if err != nil {
			want(t, "a refusal", err, account.ErrInvalidState)
			return
		}
		defer a.Close()
		first, err := a.Snapshot()
		ok(t, "Snapshot", err)
		b, err := account.Restore(first)
		if err != nil {
			t.Fatalf("the snapshot is refused: %v\n%s", err, first)
		}
		defer b.Close()
		again, err := b.Snapshot()
		ok(t, "Snapshot", err)
		if !bytes.Equal(first, again) {
			t.Fatalf("the snapshot reads differently:\n%s\n%s", first, again)
		}
		exported, err := a.ExportV2()
		ok(t, "ExportV2", err)
		c, err := account.Restore(exported)
		if err != nil {
			t.Fatalf("the export is refused: %v\n%s", err, exported)
		}
		defer c.Close()
		if a.AuthState() != c.AuthState() || a.EmailHint() != c.EmailHint() && c.EmailHint() != "" && a.Config() != c.Config() {
			t.Fatalf("the export reads differently:\n%s\n%s", first, exported)
		}
	})
}
