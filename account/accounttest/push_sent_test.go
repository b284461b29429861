package accounttest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// audience is an account with three devices whose pushes are kept: the caller's
// own, another browser and a phone.
type audience struct {
	*peer
	h       *Account
	session map[string]string
	id      map[string]string
	log     map[string]*headerLog
}

func newAudience(t *testing.T) *audience {
	s, p, h := newStage(t)
	a := &audience{p, h, map[string]string{}, map[string]string{}, map[string]*headerLog{}}
	for _, name := range []string{"own", "browser", "phone"} {
		a.session[name], a.log[name] = p.session(h), &headerLog{}
		record := newKeyRecord(name)
		record["pushCallback"] = newEndpoint(t, a.log[name].add)
		record["availableCommands"] = sendTab
		a.id[name] = p.post("/v1/account/device", a.session[name], record).ok().str("id")
	}
	a.told() // of each other
	s.ForgetRequests()
	return a
}

// told says who got how many messages with which TTL since the last call, as
// "name:ttl", sorted; an empty body has a trailing "-".
func (a *audience) told() string {
	var out []string
	for name, log := range a.log {
		for _, header := range log.reset() {
			empty := ""
			if header.Get("Content-Encoding") == "" {
				empty = "-"
			}
			out = append(out, name+":"+header.Get("TTL")+empty)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestWhoIsToldOfWhat is the sender's table: which act sends to whom, with
// which TTL.
func TestWhoIsToldOfWhat(t *testing.T) {
	t.Parallel()
	command := func(ttl any, name string) func(a *audience) {
		return func(a *audience) {
			body := map[string]any{"target": a.id["phone"], "command": name, "payload": map[string]any{}}
			if ttl != nil {
				body["ttl"] = ttl
			}
			a.post("/v1/account/devices/invoke_command", a.session["own"], body).ok()
		}
	}
	offer := func(name string) func(a *audience) {
		return func(a *audience) {
			a.post("/v1/account/device", a.session["phone"], map[string]any{"availableCommands": map[string]string{name: "x"}}).ok()
			command(nil, name)(a)
		}
	}
	for _, c := range []struct {
		name string
		act  func(a *audience)
		want string
	}{
		{"nothing", func(*audience) {}, ""},
		{"a new device", func(a *audience) {
			a.post("/v1/account/device", a.peer.session(a.h), map[string]any{"name": "New"}).ok()
		}, "browser:0 own:0 phone:0"},
		{"a placeholder at the grant", func(a *audience) { a.signIn(AndroidClientID, scopeOldSync, a.h) }, "browser:0 own:0 phone:0"},
		{"a grant without Sync", func(a *audience) { a.signIn(AndroidClientID, "profile", a.h) }, ""},
		{"an update", func(a *audience) {
			a.post("/v1/account/device", a.session["own"], map[string]any{"name": "Renamed"}).ok()
		}, ""},
		{"a device destroyed", func(a *audience) {
			a.post("/v1/account/device/destroy", a.session["own"], map[string]any{"id": a.id["phone"]}).ok()
		}, "browser:18000 own:18000 phone:18000"},
		{"an attached client with a device destroyed", func(a *audience) {
			a.post("/v1/account/attached_client/destroy", a.session["own"], map[string]any{"deviceId": a.id["browser"]}).ok()
		}, "browser:18000 own:18000 phone:18000"},
		{"an attached session destroyed", func(a *audience) {
			a.post("/v1/account/attached_client/destroy", a.session["own"], map[string]any{"sessionTokenId": strings.TrimPrefix(a.peer.session(a.h), "Bearer fxs_")}).ok()
		}, ""},
		{"a session destroyed", func(a *audience) { a.post("/v1/session/destroy", a.session["phone"], nil).ok() }, ""},
		{"open-uri without ttl", command(nil, commandOpenURI), "phone:2592000"},
		{"open-uri with ttl", command(60, commandOpenURI), "phone:60"},
		{"open-uri with ttl 0", command(0, commandOpenURI), "phone:0"},
		{"a long ttl", command(10000000, commandOpenURI), "phone:10000000"},
		{"another command without ttl", offer("https://identity.mozilla.com/cmd/other"), "phone:21600"},
		{"the name of the account", func(a *audience) { a.h.SetDisplayName("x") }, "browser:0 own:0 phone:0"},
		{"the address of the account", func(a *audience) { a.h.SetEmail("b@example.com") }, "browser:0 own:0 phone:0"},
		{"metrics switched off by the route", func(a *audience) {
			a.post("/v1/account/metrics_opt", a.session["own"], map[string]any{"state": "out"}).ok()
		}, "browser:0 own:0 phone:0"},
		{"password changed from elsewhere", func(a *audience) { a.h.ChangePassword() }, "browser:21600 own:21600 phone:21600"},
		{"password changed by a device", func(a *audience) {
			kB := a.h.a.kB()
			changePassword(a.t, a.peer, a.h.Email(), "password1", "password2", kB, a.token("own"))
		}, "browser:21600 phone:21600"},
		{"password reset", func(a *audience) { a.h.ResetPassword() }, "browser:21600 own:21600 phone:21600"},
		{"account deleted", func(a *audience) { a.h.Delete() }, "browser:18000 own:18000 phone:18000"},
		{"sign-in confirmed", func(a *audience) {
			a.h.UnverifySessions()
			a.post("/v1/session/verify_code", a.session["own"], map[string]any{"code": a.h.SessionCode()}).ok()
		}, "browser:0- own:0- phone:0-"},
		{"account confirmed", func(a *audience) {
			a.h.SetVerified(false)
			a.post("/v1/recovery_email/verify_code", "", map[string]any{"uid": a.h.UID(), "code": a.h.VerifyCode()}).ok()
		}, "browser:0- own:0- phone:0-"},
		{"an expired endpoint", func(a *audience) {
			a.h.ExpirePush(a.id["browser"])
			a.h.SetDisplayName("x")
		}, "own:0 phone:0"},
		{"oauth/destroy", func(a *audience) {
			a.post("/v1/oauth/destroy", "", map[string]any{"client_id": AndroidClientID, "token": a.signIn(AndroidClientID, "profile", a.h).str("refresh_token")}).ok()
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAudience(t)
			c.act(a)
			if got := a.told(); got != c.want {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// token is the session token behind a device's credential.
func (a *audience) token(name string) string {
	a.t.Helper()
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.s.sessions[strings.TrimPrefix(a.session[name], "Bearer fxs_")].token
}

// TestWhyNobodyWasNotified: each reason of an invoke_command, and what it does
// to the device record.
func TestWhyNobodyWasNotified(t *testing.T) {
	t.Parallel()
	good := newKeyRecord("me")
	for _, c := range []struct {
		name    string
		record  func(callback string) map[string]any
		status  int // of the push endpoint, 0: nobody is there
		reason  any
		expired bool
	}{
		{"accepted", func(u string) map[string]any { return with(good, "pushCallback", u) }, 201, nil, false},
		{"accepted by another status", func(u string) map[string]any { return with(good, "pushCallback", u) }, 202, nil, false},
		{"no callback", func(string) map[string]any { return map[string]any{"name": "me"} }, 201, "noCallback", false},
		{"no keys", func(u string) map[string]any {
			return map[string]any{"name": "me", "pushCallback": u, "pushPublicKey": "", "pushAuthKey": ""}
		}, 201, "noKeys", false},
		{"short auth secret", func(u string) map[string]any {
			return with(with(good, "pushAuthKey", "AAAA"), "pushCallback", u)
		}, 201, "resetCallback", true},
		{"endpoint unknown", func(u string) map[string]any { return with(good, "pushCallback", u) }, 404, "resetCallback", true},
		{"endpoint gone", func(u string) map[string]any { return with(good, "pushCallback", u) }, 410, "resetCallback", true},
		{"endpoint busy", func(u string) map[string]any { return with(good, "pushCallback", u) }, 503, "unknown", false},
		{"endpoint refuses", func(u string) map[string]any { return with(good, "pushCallback", u) }, 401, "unknown", false},
		{"endpoint moved", func(u string) map[string]any { return with(good, "pushCallback", u) }, 302, "unknown", false},
		{"nobody listens", func(string) map[string]any { return with(good, "pushCallback", "http://127.0.0.1:1/x") }, 0, "unknown", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, p, h := newStage(t)
			me := p.session(h)
			endpoint := newStatusEndpoint(t, c.status)
			record := maps.Clone(c.record(endpoint))
			record["availableCommands"] = sendTab
			id := p.post("/v1/account/device", me, record).ok().str("id")
			got := p.post("/v1/account/devices/invoke_command", me, map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{}}).ok()
			if got.json["enqueued"] != true || got.json["notified"] != (c.reason == nil) || got.json["notifyError"] != c.reason {
				t.Errorf("reply %s, want %v", got.text, c.reason)
			}
			if d := h.Devices()[0]; d.PushEndpointExpired != c.expired || d.Waiting != 1 {
				t.Errorf("record %+v", d)
			}
			again := p.post("/v1/account/devices/invoke_command", me, map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{}}).ok()
			if c.expired && again.json["notifyError"] != "expiredCallback" {
				t.Errorf("an expired endpoint was asked again: %s", again.text)
			}
			page := p.get("/v1/account/device/commands", me).ok()
			if messages, _ := page.json["messages"].([]any); len(messages) != 2 || page.json["last"] != true {
				t.Errorf("the queue: %s", page.text)
			}
		})
	}
}

// newStatusEndpoint is an endpoint that answers one status.
func newStatusEndpoint(t testing.TB, status int) string {
	t.Helper()
	return newHandlerEndpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusFound {
			w.Header().Set("Location", fmt.Sprintf("http://%s/elsewhere", r.Host))
		}
		w.WriteHeader(status)
	})
}
