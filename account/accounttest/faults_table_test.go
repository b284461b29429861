package accounttest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
)

// TestFaultOptions: each option on a route of each space, read from the wire.
func TestFaultOptions(t *testing.T) {
	t.Parallel()
	s, p, _ := newStage(t)
	for _, c := range []struct {
		name   string
		status int
		opts   []FaultOption
		errno  map[errno.Space]int
		header string              // Retry-After
		body   map[errno.Space]any // retryAfter
		extra  map[string]any      // further members
	}{
		{"unauthorized", 401, nil, map[errno.Space]int{errno.AuthSpace: 110, errno.OAuthSpace: 999, errno.ProfileSpace: 100}, "", nil, nil},
		{"throttled", 429, []FaultOption{RetryAfter(9)}, map[errno.Space]int{errno.AuthSpace: 114, errno.OAuthSpace: 114, errno.ProfileSpace: 114}, "9", map[errno.Space]any{errno.AuthSpace: 9000.0, errno.OAuthSpace: 9.0, errno.ProfileSpace: 9.0}, nil},
		{"throttled, milliseconds by mistake", 429, []FaultOption{RetryAfter(9), RetryAfterMillis()}, map[errno.Space]int{errno.AuthSpace: 114, errno.OAuthSpace: 114, errno.ProfileSpace: 114}, "9000", map[errno.Space]any{errno.AuthSpace: 9000.0, errno.OAuthSpace: 9000.0, errno.ProfileSpace: 9000.0}, nil},
		{"throttled, body only", 429, []FaultOption{RetryAfter(9), NoRetryHeader()}, map[errno.Space]int{errno.AuthSpace: 114, errno.OAuthSpace: 114, errno.ProfileSpace: 114}, "", map[errno.Space]any{errno.AuthSpace: 9000.0, errno.OAuthSpace: 9.0, errno.ProfileSpace: 9.0}, nil},
		{"busy", 503, []FaultOption{RetryAfter(4)}, map[errno.Space]int{errno.AuthSpace: 201, errno.OAuthSpace: 201, errno.ProfileSpace: 104}, "4", map[errno.Space]any{errno.AuthSpace: 4.0, errno.OAuthSpace: 4.0, errno.ProfileSpace: 4.0}, nil},
		{"busy without a wait", 503, nil, map[errno.Space]int{errno.AuthSpace: 201, errno.OAuthSpace: 201, errno.ProfileSpace: 104}, "", nil, nil},
		{"failed", 500, nil, map[errno.Space]int{errno.AuthSpace: 999, errno.OAuthSpace: 999, errno.ProfileSpace: 999}, "", nil, nil},
		{"no errno", 502, []FaultOption{NoErrno()}, nil, "", nil, nil},
		{"another errno", 400, []FaultOption{Errno(125), Extra("verificationMethod", "email-captcha"), Extra("verificationReason", "login")}, map[errno.Space]int{errno.AuthSpace: 125, errno.OAuthSpace: 125, errno.ProfileSpace: 125}, "", nil, map[string]any{"verificationMethod": "email-captcha", "verificationReason": "login"}},
		{"server time", 401, []FaultOption{Errno(111), Extra("serverTime", 1700000000)}, map[errno.Space]int{errno.AuthSpace: 111, errno.OAuthSpace: 111, errno.ProfileSpace: 111}, "", nil, map[string]any{"serverTime": 1.7e9}},
		{"a member in the place of another", 400, []FaultOption{Extra("message", "other words")}, map[errno.Space]int{errno.AuthSpace: 999, errno.OAuthSpace: 999, errno.ProfileSpace: 999}, "", nil, map[string]any{"message": "other words"}},
	} {
		for sp, path := range routeOfSpace {
			s.Faults.Next("GET "+path, c.status, c.opts...)
			got := p.get(path, "")
			want := any(nil)
			if c.errno != nil {
				want = float64(c.errno[sp])
			}
			if got.status != c.status || got.json["errno"] != want || got.header.Get("Retry-After") != c.header || got.json["retryAfter"] != c.body[sp] {
				t.Errorf("%s, space %d: %d %v %s", c.name, sp, got.status, got.header, got.text)
			}
			if c.errno == nil && got.json["code"] != nil {
				t.Errorf("%s, space %d: a code is left: %s", c.name, sp, got.text)
			}
			for member, value := range c.extra {
				if got.json[member] != value {
					t.Errorf("%s, space %d: %s is %v", c.name, sp, member, got.json[member])
				}
			}
			if (got.header.Get("Timestamp") != "") != (sp == errno.AuthSpace) {
				t.Errorf("%s, space %d: Timestamp %q", c.name, sp, got.header.Get("Timestamp"))
			}
		}
	}
}

// TestFaultsAnswerAsTheyAre: pages, broken JSON and nothing at all.
func TestFaultsAnswerAsTheyAre(t *testing.T) {
	t.Parallel()
	s, p, _ := newStage(t)
	for name, c := range map[string]struct {
		opt        FaultOption
		kind, body string
	}{
		"page":        {HTML(), "text/html", "<!doctype html>"},
		"empty":       {EmptyBody(), "", ""},
		"broken JSON": {RawBody("application/problem+json", `{"errno":`), "application/problem+json", `{"errno":`},
		"a list":      {RawBody("text/plain", `[1]`), "text/plain", `[1]`},
	} {
		for _, status := range []int{200, 404, 502} {
			s.Faults.Next("/v1/profile", status, c.opt)
			got := p.get("/v1/profile", "")
			if got.status != status || !strings.HasPrefix(got.text, c.body) || c.kind != "" && got.header.Get("Content-Type") != c.kind || c.body == "" && got.text != "" {
				t.Errorf("%s, %d: %d %q %q", name, status, got.status, got.header.Get("Content-Type"), got.text)
			}
		}
	}
}

// TestFaultRoutes: which requests a fault's route means.
func TestFaultRoutes(t *testing.T) {
	t.Parallel()
	s, p, _ := newStage(t, SeparateBases())
	for _, c := range []struct {
		route, method, path string
		hit                 bool
	}{
		{"*", "GET", "/anything", true},
		{"GET *", "GET", "/v1/profile", true},
		{"GET *", "POST", "/v1/token", false},
		{"POST /v1/token", "POST", "/v1/token", true},
		{"POST /v1/token", "POST", "/api/oauth/v1/token", true},
		{"POST /v1/token", "GET", "/v1/token", false},
		{"/v1/token", "POST", "/v1/token", true},
		{"/v1/token", "POST", "/v1/oauth/token", false},
		{"/v1/account/*", "GET", "/v1/account/devices", true},
		{"POST /v1/account/*", "GET", "/v1/account/devices", false},
		{"/v1/profile", "GET", "/v1/profile?x=1", true},
		{"GET /v1/client/{id}", "GET", "/v1/client/0123456789abcdef", true},
		{"/v1/client/0123456789abcdef", "GET", "/v1/client/0123456789abcdef", true},
		{"/nowhere", "GET", "/nowhere", true},
		{"/authorization", "GET", "/authorization", true},
		{"/.well-known/*", "GET", "/.well-known/openid-configuration", true},
		{"/metrics-flow", "GET", "/metrics-flow", true},
	} {
		s.Faults.Next(c.route, 418)
		got := p.do(c.method, c.path, "", nil)
		if (got.status == 418) != c.hit || (s.Faults.Armed() == 0) != c.hit {
			t.Errorf("%q on %s %s: %d, %d armed", c.route, c.method, c.path, got.status, s.Faults.Armed())
		}
		s.Faults.Clear()
	}
}

// TestFaultsAreUsedInOrder: each as often as it says.
func TestFaultsAreUsedInOrder(t *testing.T) {
	t.Parallel()
	s, p, h := newStage(t)
	path := "/v1/account/status?uid=" + h.UID()
	s.Faults.Next("/v1/account/status", 500, Times(2))
	s.Faults.Next("*", 502)
	s.Faults.Next("/v1/account/status", 503, Times(-1))
	var got []string
	for range 6 {
		got = append(got, fmt.Sprint(p.get(path, "").status))
	}
	if text := strings.Join(got, " "); text != "500 500 502 503 503 503" || s.Faults.Armed() != 1 {
		t.Errorf("answered %s, %d armed", text, s.Faults.Armed())
	}
	s.Faults.Clear()
	p.get(path, "").ok()
}

// TestLostRepliesTakeEffect: the same request with a dropped connection, a
// lost reply and none of both, seen in what it left.
func TestLostRepliesTakeEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt     FaultOption
		devices int
	}{"dropped": {DropConnection(), 0}, "lost": {LoseReply(), 1}} {
		s, p, h := newStage(t)
		session := p.session(h)
		s.Faults.Next("POST /v1/account/device", 0, c.opt, Delay(time.Millisecond))
		r, err := http.NewRequest("POST", s.URL()+"/v1/account/device", strings.NewReader(`{"name":"Me"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", session)
		r.Header.Set("Content-Type", "application/json")
		res, err := p.http.Do(r)
		if err == nil {
			_ = res.Body.Close() // the test has failed already
		}
		if !errors.Is(err, io.EOF) || len(h.Devices()) != c.devices {
			t.Errorf("%s: %v, %d devices", name, err, len(h.Devices()))
		}
		if seen := s.Requests("POST /v1/account/device"); len(seen) != 1 || seen[0].Status != 0 || string(seen[0].Body) != `{"name":"Me"}` {
			t.Errorf("%s: recorded %+v", name, seen)
		}
	}
}

// TestBans: a ban reaches every route of its caller, a block only its own.
func TestBans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		ban, own  bool
		others    int // status of the account's other routes
		strangers int // of another account
	}{
		{"block of one account", false, true, 200, 200},
		{"ban of one account", true, true, 429, 200},
		{"block of all", false, false, 200, 200},
		{"ban of all", true, false, 429, 429},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, p, h := newStage(t)
			me, stranger := p.session(h), p.session(s.NewAccount("b@example.com", "password1"))
			s.Limit(RateRule{Route: "/v1/session/status", Attempts: 3, Window: time.Minute, Block: 10 * time.Minute, PerAccount: c.own, Ban: c.ban})
			for range 3 {
				p.get("/v1/session/status", me).ok()
			}
			p.get("/v1/account/devices", me).ok() // nobody is refused yet
			p.get("/v1/session/status", me).fails(429, 114)
			s.Clock.Advance(9 * time.Minute)
			if got := p.get("/v1/account/devices", me); got.status != c.others || c.others == 429 && got.header.Get("Retry-After") != "60" {
				t.Errorf("another route: %d %v", got.status, got.header)
			}
			if got := p.get("/v1/account/devices", stranger); got.status != c.strangers {
				t.Errorf("another account: %d", got.status)
			}
			p.get("/v1/session/status", "").fails(401, 110) // credentials come first
			if got := p.get("/__heartbeat__", ""); got.status != 200 {
				t.Errorf("a page: %d", got.status)
			}
			s.Clock.Advance(time.Minute)
			p.get("/v1/account/devices", me).ok()
			p.get("/v1/session/status", me).ok()
		})
	}
}
