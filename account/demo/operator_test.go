package demo_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/demo/door"
)

// TestEventsOfTheDemo: what happens to the demo account reaches a guest by way of the world's own receiver.
func TestEventsOfTheDemo(t *testing.T) {
	r := start(t, t.TempDir())
	guest := r.guest(t)
	defer guest.Close()
	r.signIn(t, guest)
	config, err := door.ReadConfig(r.params.File)
	if err != nil {
		t.Fatal(err)
	}
	session, err := guest.SessionToken()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(session)
	if err != nil {
		t.Fatal(err)
	}
	id, err := hkdf.Key(sha256.New, raw, nil, "identity.mozilla.com/picl/v1/sessionToken", 32)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, address, credential, body string, into any) int {
		q, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+credential)
		q.Header.Set("Content-Type", "application/json")
		q.Close = true
		res, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		return res.StatusCode
	}
	var nothing any
	if status := ask(http.MethodPost, config.Server+"/v1/account/metrics_opt", "fxs_"+hex.EncodeToString(id), `{"state":"out"}`, &nothing); status != http.StatusOK {
		t.Fatalf("switching usage data off: %d", status)
	}
	token, err := guest.AccessToken(t.Context(), "profile:uid")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the event", func() bool {
		var told struct{ Events []struct{ Event string } }
		status := ask(http.MethodGet, config.EventsServer+"/v1/events", token.Token, "", &told)
		return status == http.StatusOK && len(told.Events) == 1 && told.Events[0].Event == "profile-change"
	})
	if _, err := guest.ProcessEvent(t.Context(), account.EventDisconnect{}); err != nil {
		t.Error(err)
	}
	if err := r.client.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(r.params.File), "events.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the events are left behind: %v", err)
	}
}
