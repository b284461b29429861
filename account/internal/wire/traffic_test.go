package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// exchange is one request of a real Firefox and what its server answered.
type exchange struct {
	Method   string          `json:"method"`
	URL      string          `json:"url"`
	Status   int             `json:"status"`
	RawBody  string          `json:"rawBody"`
	Response json.RawMessage `json:"response"`
}

func recorded(t *testing.T) []exchange {
	t.Helper()
	text, err := os.ReadFile("../../testdata/firefox-traffic.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		HTTPExchanges []exchange `json:"httpExchanges"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.HTTPExchanges
}

// find gives the n-th recorded exchange of a route.
func find(t *testing.T, method, path string, n int) exchange {
	t.Helper()
	for _, e := range recorded(t) {
		if route, _, _ := strings.Cut(e.URL, "?"); e.Method == method && route == path {
			if n == 0 {
				return e
			}
			n--
		}
	}
	t.Fatalf("no recorded %s %s", method, path)
	return exchange{}
}

// replay is a client whose every API request gets the recorded answer.
func replay(t *testing.T, e exchange) (*server, *wire.Client) {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(e.Status)
		if _, err := w.Write(e.Response); err != nil {
			panic(err)
		}
	})
}

// TestAnswersToFirefox reads the answers that a server gave to a real Firefox.
func TestAnswersToFirefox(t *testing.T) {
	t.Run("devices", func(t *testing.T) {
		_, client := replay(t, find(t, "GET", "/v1/account/devices", 1))
		list, err := client.Devices(t.Context(), session(), time.Time{})
		if err != nil || len(list) < 2 {
			t.Fatalf("%d devices, %v", len(list), err)
		}
		d := list[0]
		if d.Name != "Firefox Lab" || d.Type != "desktop" || !bool(d.IsCurrentDevice) || d.PushCallback == "" || len(d.AvailableCommands) != 2 {
			t.Errorf("the first device reads %+v", d)
		}
	})
	t.Run("device", func(t *testing.T) {
		_, client := replay(t, find(t, "POST", "/v1/account/device", 0))
		d, err := client.UpdateDevice(t.Context(), session(), wire.DeviceUpdate{})
		if err != nil || d.ID != "b15a2400d5ebedafcbfc6375728888ca" || d.PushAuthKey == "" {
			t.Errorf("gave %+v, %v", d, err)
		}
	})
	t.Run("tokens", func(t *testing.T) {
		_, client := replay(t, find(t, "POST", "/v1/oauth/token", 0))
		tokens, err := client.SessionAccess(t.Context(), session(), "profile")
		if err != nil || tokens.ExpiresIn != 1209600 || tokens.Scope != "profile" || len(tokens.AccessToken) != 64 {
			t.Errorf("gave %v, %v", tokens, err)
		}
	})
	t.Run("tokens with keys", func(t *testing.T) {
		_, client := replay(t, find(t, "POST", "/v1/oauth/token", 2))
		tokens, err := client.RedeemCode(t.Context(), session(), "code", "verifier")
		if err != nil || strings.Count(tokens.KeysJWE, ".") != 4 || len(tokens.Scopes()) != 2 {
			t.Errorf("gave %v, %v", tokens, err)
		}
	})
	t.Run("profile", func(t *testing.T) {
		_, client := replay(t, find(t, "GET", "/profile/v1/profile", 0))
		p, err := client.Profile(t.Context(), secret, "")
		if err != nil || p.Email != "lab@example.com" || p.DisplayName != "Lab Person" || !p.AvatarDefault || p.MetricsEnabled != nil {
			t.Errorf("gave %+v, %v", p, err)
		}
	})
	t.Run("commands", func(t *testing.T) {
		_, client := replay(t, find(t, "GET", "/v1/account/device/commands", 0))
		page, err := client.Commands(t.Context(), session(), 1, 0)
		if err != nil || page.Index != 1 || !page.Last || len(page.Messages) != 1 || !strings.Contains(string(page.Messages[0].Payload), "encrypted") {
			t.Errorf("gave %+v, %v", page, err)
		}
	})
	t.Run("invoke", func(t *testing.T) {
		e := find(t, "POST", "/v1/account/devices/invoke_command", 0)
		s, client := replay(t, e)
		var i wire.Invocation
		if err := json.Unmarshal([]byte(e.RawBody), &i); err != nil {
			t.Fatal(err)
		}
		told, err := client.Invoke(t.Context(), session(), i)
		if err != nil || !told.Known || !told.Enqueued || told.Notified || told.NotifyError != "NO_PUSH_CALLBACK" {
			t.Errorf("gave %+v, %v", told, err)
		}
		var ours, theirs map[string]any
		_, body := s.last()
		if json.Unmarshal([]byte(body), &ours) != nil || json.Unmarshal([]byte(e.RawBody), &theirs) != nil {
			t.Fatal("bodies are not JSON")
		}
		for member := range ours {
			if _, known := theirs[member]; !known {
				t.Errorf("we send %s, Firefox does not", member)
			}
		}
	})
	t.Run("scoped key data", func(t *testing.T) {
		_, client := replay(t, find(t, "POST", "/v1/account/scoped-key-data", 0))
		data, err := client.ScopedKeyData(t.Context(), session(), "c", "profile")
		if err != nil || len(data) != 1 || data["https://identity.mozilla.com/apps/oldsync"].KeyRotationTimestamp != 1795205957667 {
			t.Errorf("gave %+v, %v", data, err)
		}
	})
	t.Run("authorization", func(t *testing.T) {
		_, client := replay(t, find(t, "POST", "/v1/oauth/authorization", 0))
		a, err := client.Authorize(t.Context(), session(), wire.AuthorizationRequest{})
		if err != nil || len(a.Code) != 64 || a.State != "1C8Q_Epbcz9yuD0caUDOxQ" {
			t.Errorf("gave %v, %v", a, err)
		}
	})
	t.Run("dead session", func(t *testing.T) {
		_, client := replay(t, find(t, "GET", "/v1/session/status", 0))
		var e *wire.StatusError
		if _, err := client.SessionStatus(t.Context(), session()); !errors.As(err, &e) || e.Status != 401 || e.Errno != 110 {
			t.Errorf("gave %v", err)
		}
	})
	t.Run("account status", func(t *testing.T) {
		_, client := replay(t, find(t, "GET", "/v1/account/status", 0))
		if exists, err := client.AccountExists(t.Context(), "u"); err != nil || !exists {
			t.Errorf("gave %t, %v", exists, err)
		}
	})
}

// FuzzErrorBody feeds error bodies: whatever a server says, the refusal has the
// status of the answer, shows nothing of the body, and waits a quarter of an hour at
// most.
func FuzzErrorBody(f *testing.F) {
	for _, e := range []string{
		`{"code":401,"errno":110,"message":"no"}`, `{"errno":1e99,"retryAfter":-1}`, `{"retryAfter":"x","serverTime":[]}`,
		`<html>`, ``, `[]`, `null`, `{"deviceId":{}}`, `{"retryAfter":99999999999999999999}`,
	} {
		f.Add(429, e, "")
		f.Add(401, e, "5")
	}
	clock := &clock{wall: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, status int, body, header string) {
		if status < 300 || status > 599 || status == http.StatusNotModified { // which has no body
			return
		}
		const marker = "quite-unlikely-text"
		client, err := wire.New(wire.Params{
			ContentURL: "https://example.com", Clock: clock,
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				recorder := httptest.NewRecorder()
				if header != "" {
					recorder.Header()["Retry-After"] = []string{header}
				}
				recorder.WriteHeader(status)
				if _, err := io.WriteString(recorder, strings.ReplaceAll(body, "no", marker)); err != nil {
					return nil, err
				}
				response := recorder.Result()
				response.Request = r
				return response, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.MetricsFlow(t.Context(), "https://example.com", nil)
		var refusal *wire.StatusError
		if !errors.As(err, &refusal) || refusal.Status != status {
			t.Fatalf("status %d gave %v", status, err)
		}
		if strings.Contains(err.Error(), marker) {
			t.Errorf("the error shows the body: %v", err)
		}
		var wait *wire.BackoffError
		if errors.As(err, &wait) && wait.Until.Sub(clock.Now()) > 24*time.Hour {
			t.Errorf("waits until %v", wait.Until)
		}
	})
}
