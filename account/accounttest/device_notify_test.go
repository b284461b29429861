package accounttest

import (
	"net/http"
	"strings"
	"testing"
)

// TestNotifySchema holds messages that devices send each other against the
// payloads Mozilla documents for each command.
func TestNotifySchema(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	me, other := p.session(h), p.session(h)
	g := newAgent(t, s, "other")
	p.post("/v1/account/device", other, g.record("Other", sendTab)).ok()
	id := strings.Repeat("0a", 16)
	type data = map[string]any
	received := data{"command": commandOpenURI, "index": 7, "sender": id, "url": "https://api.example/v1/account/device/commands"}
	for _, c := range []struct {
		name, command string
		data          any // nil: left out
		good          bool
	}{
		{"whole command", "fxaccounts:command_received", received, true},
		{"command without sender", "fxaccounts:command_received", without(received, "sender"), true},
		{"first index", "fxaccounts:command_received", with(received, "index", 0), true},
		{"command without name", "fxaccounts:command_received", without(received, "command"), false},
		{"command without index", "fxaccounts:command_received", without(received, "index"), false},
		{"command without url", "fxaccounts:command_received", without(received, "url"), false},
		{"command with other url", "fxaccounts:command_received", with(received, "url", "javascript:1"), false},
		{"negative index", "fxaccounts:command_received", with(received, "index", -1), false},
		{"index in words", "fxaccounts:command_received", with(received, "index", "7"), false},
		{"index with fraction", "fxaccounts:command_received", with(received, "index", 1.5), false},
		{"null index", "fxaccounts:command_received", with(received, "index", nil), false},
		{"sender that is no id", "fxaccounts:command_received", with(received, "sender", "me"), false},
		{"null sender", "fxaccounts:command_received", with(received, "sender", nil), false},
		{"command without data", "fxaccounts:command_received", nil, false},
		{"connected", "fxaccounts:device_connected", data{"deviceName": "Laptop"}, true},
		{"connected, more members", "fxaccounts:device_connected", data{"deviceName": "Laptop", "new": 1}, true},
		{"connected without name", "fxaccounts:device_connected", data{}, false},
		{"connected, number as name", "fxaccounts:device_connected", data{"deviceName": 1}, false},
		{"connected, empty name", "fxaccounts:device_connected", data{"deviceName": ""}, false},
		{"disconnected", "fxaccounts:device_disconnected", data{"id": id}, true},
		{"disconnected, capitals", "fxaccounts:device_disconnected", data{"id": strings.ToUpper(id)}, true},
		{"disconnected without id", "fxaccounts:device_disconnected", data{"deviceId": id}, false},
		{"disconnected, short id", "fxaccounts:device_disconnected", data{"id": id[1:]}, false},
		{"destroyed", "fxaccounts:account_destroyed", data{"uid": h.UID()}, true},
		{"destroyed without uid", "fxaccounts:account_destroyed", data{}, false},
		{"destroyed, long uid", "fxaccounts:account_destroyed", data{"uid": id + "0"}, false},
		{"profile", "fxaccounts:profile_updated", nil, true},
		{"profile with data", "fxaccounts:profile_updated", data{}, true},
		{"profile with a list", "fxaccounts:profile_updated", []string{}, false},
		{"password changed", "fxaccounts:password_changed", nil, true},
		{"password reset", "fxaccounts:password_reset", nil, true},
		{"sign-in to approve", "fxaccounts:verify_login", data{"title": "t", "body": "b", "url": "https://x.example"}, true},
		{"collections", "sync:collection_changed", data{"collections": []string{"clients", "tabs"}}, true},
		{"collections with reason", "sync:collection_changed", data{"collections": []string{"clients"}, "reason": "firstsync"}, true},
		{"no collections", "sync:collection_changed", data{"reason": "firstsync"}, false},
		{"empty collections", "sync:collection_changed", data{"collections": []string{}}, false},
		{"one collection as text", "sync:collection_changed", data{"collections": "clients"}, false},
		{"number among collections", "sync:collection_changed", data{"collections": []any{"clients", 1}}, false},
		{"null reason", "sync:collection_changed", data{"collections": []string{"clients"}, "reason": nil}, false},
		{"unknown command", "fxaccounts:reboot", data{}, false},
		{"empty command", "", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := p.in(t)
			payload := map[string]any{"version": 1, "command": c.command}
			if c.data != nil {
				payload["data"] = c.data
			}
			posts := s.Push().Posts()
			got := q.post("/v1/account/devices/notify", me, map[string]any{"to": "all", "payload": payload})
			if !c.good {
				got.fails(400, 107)
				if keys := got.json["validation"].(map[string]any)["keys"].([]any); len(keys) != 1 || keys[0] != "payload" {
					t.Errorf("validation names %v", keys)
				}
				if s.Push().Posts() != posts {
					t.Error("a refused message was sent")
				}
				return
			}
			got.ok()
			message := g.next()
			if message["command"] != c.command || (message["data"] == nil) != (c.data == nil) {
				t.Errorf("arrived as %v", message)
			}
		})
	}
}

// TestNotifyVersions: there is one version of push messages.
func TestNotifyVersions(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	me := p.session(s.NewAccount("a@example.com", "password1"))
	for name, payload := range map[string]any{
		"none":       map[string]any{"command": "fxaccounts:profile_updated"},
		"zero":       map[string]any{"version": 0, "command": "fxaccounts:profile_updated"},
		"two":        map[string]any{"version": 2, "command": "fxaccounts:profile_updated"},
		"as text":    map[string]any{"version": "1", "command": "fxaccounts:profile_updated"},
		"null":       nil,
		"a text":     "fxaccounts:profile_updated",
		"a list":     []any{1},
		"no command": map[string]any{"version": 1},
	} {
		t.Run(name, func(t *testing.T) {
			p.in(t).post("/v1/account/devices/notify", me, map[string]any{"to": "all", "payload": payload}).fails(400, 107)
		})
	}
}

// TestNotifyAddressees: all, all but some, and some by name.
func TestNotifyAddressees(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	names := []string{"one", "two", "three"}
	ids, sessions, seen := map[string]string{}, map[string]string{}, map[string]*headerLog{}
	for _, name := range names {
		sessions[name], seen[name] = p.session(h), &headerLog{}
		record := newKeyRecord(name)
		record["pushCallback"] = newEndpoint(t, seen[name].add)
		ids[name] = p.post("/v1/account/device", sessions[name], record).ok().str("id")
	}
	stranger := s.NewAccount("b@example.com", "password1")
	strangeLog := &headerLog{}
	record := newKeyRecord("stranger")
	record["pushCallback"] = newEndpoint(t, strangeLog.add)
	strangeID := p.post("/v1/account/device", p.session(stranger), record).ok().str("id")
	for _, log := range seen {
		log.reset() // of the registrations
	}
	for _, c := range []struct {
		name   string
		to     any
		except []string
		ttl    any
		want   []string
		header string
	}{
		{"all", "all", nil, 60, names, "60"},
		{"all but the caller", "all", []string{ids["one"]}, nil, []string{"two", "three"}, "0"},
		{"all but two", "all", []string{ids["one"], ids["three"]}, 0, []string{"two"}, "0"},
		{"all but nobody known", "all", []string{strings.Repeat("0", 32)}, 1, names, "1"},
		{"one by id", []string{ids["three"]}, nil, 3600, []string{"three"}, "3600"},
		{"nobody", []string{}, nil, 1, nil, ""},
		{"another account's device", []string{strangeID}, nil, 1, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := map[string]any{"to": c.to, "payload": map[string]any{"version": 1, "command": "fxaccounts:profile_updated"}}
			if c.except != nil {
				body["excluded"] = c.except
			}
			if c.ttl != nil {
				body["TTL"] = c.ttl
			}
			p.in(t).post("/v1/account/devices/notify", sessions["one"], body).ok()
			for _, name := range names {
				want := 0
				for _, wanted := range c.want {
					if wanted == name {
						want = 1
					}
				}
				headers := seen[name].reset()
				if len(headers) != want {
					t.Errorf("%s got %d messages, want %d", name, len(headers), want)
				}
				for _, header := range headers {
					if header.Get("TTL") != c.header || header.Get("Content-Encoding") != "aes128gcm" || header.Get("Topic") != "" {
						t.Errorf("headers %v, want TTL %s", header, c.header)
					}
				}
			}
		})
	}
	if got := strangeLog.reset(); len(got) != 0 {
		t.Errorf("another account's device got %d messages", len(got))
	}
}

// TestNotifyIsOpenToApplications: a refresh token may tell the others too.
func TestNotifyIsOpenToApplications(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	g := p.watcher(h, "desk")
	phone := "Bearer " + p.signIn(AndroidClientID, scopeOldSync, h).str("refresh_token")
	if message := g.next(); message["command"] != "fxaccounts:device_connected" {
		t.Fatalf("unexpected push: %v", message)
	}
	p.post("/v1/account/devices/notify", phone, map[string]any{"to": "all", "_endpointAction": "accountVerify", "payload": map[string]any{}}).ok()
	if message := g.next(); message != nil {
		t.Errorf("an empty message was wanted, got %v", message)
	}
	s.Push().AnswerEndpoints(http.StatusServiceUnavailable) // a failed push is nobody's error
	p.post("/v1/account/devices/notify", phone, map[string]any{
		"to": "all", "payload": map[string]any{"version": 1, "command": "fxaccounts:profile_updated"},
	}).ok()
	if h.Devices()[0].PushEndpointExpired {
		t.Error("a 503 does not end an endpoint")
	}
}
