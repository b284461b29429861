package wire_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// FuzzAnswers: whatever a server says with success, each call ends with a value or an error; no error
// shows what the answer held; a command counts as accepted only if the answer says so or says nothing;
// and no page of commands holds more than the answer did.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `"no"`, `{}`, `{"enqueued":true,"notified":1}`, `{"enqueued":false}`, `{"code":500,"errno":999}`,
		`{"index":5,"last":true,"messages":[{"index":5,"data":{"command":"no","payload":{},"sender":null}}]}`,
		`[{"id":"no","name":1,"lastAccessTime":1e99,"availableCommands":{"x":{}},"pushEndpointExpired":"no"}]`,
		`{"access_token":"no","refresh_token":"no","expires_in":-1,"scope":["no"],"keys_jwe":5}`,
		`{"uid":"no","email":null,"avatar":"no","avatarDefault":"yes"}`,
		`{"code":"no","state":"no","redirect":"no"}`, `{"exists":"no"}`, `{"active":true,"exp":99999999999999999999}`,
		`{"https://identity.mozilla.com/apps/oldsync":{"identifier":"no","keyRotationSecret":"","keyRotationTimestamp":-1}}`,
		`{"devices":[1,2,`,
	} {
		f.Add([]byte(body))
	}
	discovered := func(r *http.Request) string {
		if strings.HasSuffix(r.URL.Path, "openid-configuration") {
			return `{"issuer":"https://a.example","authorization_endpoint":"https://a.example/a","token_endpoint":"https://a.example/t",` +
				`"jwks_uri":"https://a.example/j","userinfo_endpoint":"https://a.example/u","introspection_endpoint":"https://a.example/i",` +
				`"revocation_endpoint":"https://a.example/r"}`
		}
		return `{"auth_server_base_url":"https://a.example","oauth_server_base_url":"https://a.example",` +
			`"profile_server_base_url":"https://a.example","pairing_server_base_uri":"wss://a.example","sync_tokenserver_base_url":"https://a.example"}`
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const marker = "quite-unlikely-text"
		text := strings.ReplaceAll(string(body), "no", marker)
		client, err := wire.New(wire.Params{
			ContentURL: "https://a.example", ClientID: "0123456789abcdef", Random: bytes.NewReader(make([]byte, 4096)),
			Clock: &clock{wall: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)},
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				said := text
				if strings.HasPrefix(r.URL.Path, "/.well-known/") {
					said = discovered(r)
				}
				return &http.Response{
					StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1,
					Body: io.NopCloser(strings.NewReader(said)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				}, nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cred := t.Context(), wire.Bearer("token")
		failed := func(call string, err error) bool {
			if err != nil && strings.Contains(err.Error(), marker) {
				t.Errorf("%s: the error shows the answer: %v", call, err)
			}
			return err != nil
		}
		_, err = client.Devices(ctx, cred, time.Time{})
		failed("Devices", err)
		_, err = client.UpdateDevice(ctx, cred, wire.DeviceUpdate{})
		failed("UpdateDevice", err)
		if page, err := client.Commands(ctx, cred, 0, 100); !failed("Commands", err) && len(page.Messages) > strings.Count(text, "{") {
			t.Errorf("%d commands come of %q", len(page.Messages), text)
		}
		if done, err := client.Invoke(ctx, cred, wire.Invocation{Payload: json.RawMessage("{}")}); !failed("Invoke", err) {
			var members map[string]any
			if json.Unmarshal([]byte(text), &members) != nil || members == nil || done.Known != (len(members) > 0) {
				t.Errorf("%q counts as an answer: %+v", text, done)
			}
		}
		_, err = client.Profile(ctx, "token", "")
		failed("Profile", err)
		_, err = client.RedeemCode(ctx, cred, "code", "verifier")
		failed("RedeemCode", err)
		_, err = client.RefreshAccess(ctx, "token", "profile", 1)
		failed("RefreshAccess", err)
		_, err = client.Introspect(ctx, "token")
		failed("Introspect", err)
		_, err = client.AttachedClients(ctx, cred)
		failed("AttachedClients", err)
		_, err = client.SessionStatus(ctx, cred)
		failed("SessionStatus", err)
		_, err = client.AccountExists(ctx, "uid")
		failed("AccountExists", err)
		_, err = client.AccountProfile(ctx, cred)
		failed("AccountProfile", err)
		_, err = client.VerifyTOTP(ctx, cred, "123456")
		failed("VerifyTOTP", err)
		_, err = client.Authorize(ctx, cred, wire.AuthorizationRequest{})
		failed("Authorize", err)
		_, err = client.ScopedKeyData(ctx, cred, "client", "scope")
		failed("ScopedKeyData", err)
		_, err = client.MetricsFlow(ctx, "https://a.example", nil)
		failed("MetricsFlow", err)
	})
}
