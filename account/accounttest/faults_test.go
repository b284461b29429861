package accounttest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	session := p.session(s.NewAccount("a@example.com", "password1"))
	const route = "GET /v1/session/status"
	ask := func() answer { return p.get("/v1/session/status", session) }

	s.Faults.Next(route, 429, RetryAfter(3))
	got := ask().fails(429, 114)
	if got.header.Get("Retry-After") != "3" || got.num("retryAfter") != 3000 {
		t.Errorf("newest servers send the body in milliseconds: %v %s", got.header, got.text)
	}
	ask().ok()

	s.Faults.Next("/v1/session/status", 503, RetryAfter(4), Times(2))
	for range 2 {
		if got := ask().fails(503, 201); got.num("retryAfter") != 4 {
			t.Errorf("503 counts seconds: %s", got.text)
		}
	}
	ask().ok()

	s.Faults.Next(route, 429, RetryAfter(5), NoRetryHeader())
	if got := ask(); got.header.Get("Retry-After") != "" || got.num("retryAfter") != 5000 {
		t.Errorf("unexpected reply: %v %s", got.header, got.text)
	}
	s.Faults.Next(route, 429, RetryAfter(5), RetryAfterMillis())
	if got := ask(); got.header.Get("Retry-After") != "5000" {
		t.Errorf("unexpected reply: %v", got.header)
	}
	s.Faults.Next(route, 503, RetryAfterDate(90*time.Second))
	if date, err := http.ParseTime(ask().header.Get("Retry-After")); err != nil || !date.Equal(s.Clock.Now().Add(90*time.Second).Truncate(time.Second)) {
		t.Errorf("unexpected date %v, %v", date, err)
	}
	s.Faults.Next("*", 502, HTML())
	if got := ask(); got.status != 502 || !strings.Contains(got.text, "<!doctype html>") || got.header.Get("Content-Type") != "text/html" {
		t.Errorf("unexpected reply: %d %s", got.status, got.text)
	}
	s.Faults.Next("GET /v1/session/*", 500, EmptyBody())
	if got := ask(); got.status != 500 || got.text != "" {
		t.Errorf("unexpected reply: %d %s", got.status, got.text)
	}
	s.Faults.Next(route, 500, NoErrno(), Extra("request", "x"))
	if got := ask(); got.status != 500 || got.json["errno"] != nil || got.json["request"] != "x" {
		t.Errorf("unexpected reply: %d %s", got.status, got.text)
	}
	s.Faults.Next(route, 401)
	ask().fails(401, 110)
	s.Faults.Next("GET /v1/profile", 401)
	p.get("/v1/profile", "").fails(401, 100)
	s.Faults.Next("GET /v1/profile", 503)
	p.get("/v1/profile", "").fails(503, 104)
	s.Faults.Next("GET /v1/profile", 400, Errno(125))
	p.get("/v1/profile", "").fails(400, 125)
	s.Faults.Next("POST "+"/v1/session/status", 500)
	ask().ok()
	if s.Faults.Armed() != 1 {
		t.Errorf("%d faults are armed, want 1", s.Faults.Armed())
	}
	s.Faults.Clear()
	if s.Faults.Armed() != 0 {
		t.Error("Clear left faults")
	}
	start := time.Now()
	s.Faults.Next(route, 0, Delay(30*time.Millisecond))
	ask().ok()
	if time.Since(start) < 30*time.Millisecond {
		t.Error("no delay")
	}
}

func TestRetryAfterInSecondsOfOlderServers(t *testing.T) {
	t.Parallel()
	s := New(t, RetryAfterSeconds())
	s.Faults.Next("*", 429, RetryAfter(3))
	if got := newPeer(t, s).get("/v1/account/status?uid=x", "").fails(429, 114); got.num("retryAfter") != 3 {
		t.Errorf("unexpected reply: %s", got.text)
	}
}

func TestLostRepliesAndDroppedConnections(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	f := newFlow(ReferenceClientID, "profile")
	body := f.redeem(p.approve(f, h))
	post := func() error {
		r, err := http.NewRequest("POST", s.URL()+"/v1/oauth/token", strings.NewReader(`{"client_id":"`+f.client+`","code":"`+body["code"].(string)+`","code_verifier":"`+f.verifier+`"}`))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := p.http.Do(r)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	s.Faults.Next("POST /v1/oauth/token", 0, DropConnection())
	if err := post(); !errors.Is(err, io.EOF) {
		t.Errorf("a dropped connection: %v", err)
	}
	if len(s.LiveTokens()) != 0 {
		t.Error("a dropped request took effect")
	}
	s.Faults.Next("POST /v1/oauth/token", 0, LoseReply())
	if err := post(); !errors.Is(err, io.EOF) {
		t.Errorf("a lost reply: %v", err)
	}
	if len(s.LiveTokens()) != 2 {
		t.Errorf("the lost reply's tokens: %+v", s.LiveTokens())
	}
	p.post("/v1/oauth/token", "", body).fails(400, 172)
	seen := s.Requests("POST /v1/oauth/token")
	if len(seen) != 3 || seen[0].Status != 0 || seen[2].Status != 400 {
		t.Errorf("unexpected requests: %+v", seen)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	p.post("/v1/account/status?x=1", "", map[string]any{"email": "a@example.com"}).ok()
	p.get("/nowhere", "").fails(404, 999)
	all := s.Requests()
	if len(all) != 2 || all[0].Route != "POST /v1/account/status" || all[0].Path != "/v1/account/status?x=1" ||
		!strings.Contains(string(all[0].Body), "a@example.com") || all[0].Status != 200 || all[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("unexpected requests: %+v", all)
	}
	if all[1].Route != "" || all[1].Status != 404 {
		t.Errorf("unexpected unknown request: %+v", all[1])
	}
	s.ForgetRequests()
	if len(s.Requests()) != 0 {
		t.Error("ForgetRequests kept some")
	}
}

func TestRateRules(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	s.Limit(RateRule{Route: "POST /v1/account/status", Attempts: 2, Window: time.Minute, Block: 90 * time.Second})
	s.Limit(RateRule{Route: "/v1/session/status", Attempts: 1, Window: time.Minute, Block: time.Minute, PerAccount: true})
	ask := func() answer {
		return p.post("/v1/account/status", "", map[string]any{"email": "a@example.com"})
	}
	ask().ok()
	s.Clock.Advance(2 * time.Minute)
	ask().ok()
	ask().ok()
	if got := ask().fails(429, 114); got.header.Get("Retry-After") != "90" || got.num("retryAfter") != 90000 {
		t.Errorf("unexpected wait: %v %s", got.header, got.text)
	}
	s.Clock.Advance(60 * time.Second)
	if got := ask().fails(429, 114); got.header.Get("Retry-After") != "30" {
		t.Errorf("unexpected wait: %v", got.header)
	}
	s.Clock.Advance(31 * time.Second)
	ask().ok()

	one, two := p.session(s.NewAccount("a@example.com", "password1")), p.session(s.NewAccount("b@example.com", "password1"))
	p.get("/v1/session/status", one).ok()
	p.get("/v1/session/status", two).ok()
	p.get("/v1/session/status", one).fails(429, 114)
}

func TestLintFindsFaultsOfClients(t *testing.T) {
	t.Parallel()
	s, err := Start(Lint())
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	want := func(part string) {
		t.Helper()
		found := s.Findings()
		if len(found) == 0 || !strings.Contains(found[len(found)-1], part) {
			t.Errorf("no finding about %q: %q", part, found)
		}
	}
	p.post("/v1/account/status", "", map[string]any{"email": "a@example.com", "surplus": 1}).fails(400, 107)
	want("surplus")
	f := newFlow(ReferenceClientID, "profile")
	p.approve(f, h)
	if _, err := s.Approve(f.url(s), h); err == nil {
		t.Error("a used state was taken")
	}
	want("state")
	s.Faults.Next("*", 429, RetryAfter(60))
	p.get("/v1/account/status?uid="+h.UID(), "")
	p.get("/v1/account/status?uid="+h.UID(), "").ok()
	want("before the Retry-After")
	s.Clock.Advance(61 * time.Second)
	count := len(s.Findings())
	p.get("/v1/account/status?uid="+h.UID(), "").ok()
	if len(s.Findings()) != count {
		t.Errorf("a request after the wait was found: %q", s.Findings())
	}
	g := newFlow(AndroidClientID, "profile")
	p.post("/v1/oauth/token", "", g.redeem(p.approve(g, h))).ok()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want("was not destroyed")
}

func TestWithoutLintNothingIsFound(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	p.post("/v1/account/status", "", map[string]any{"email": "a@example.com", "surplus": 1}).ok()
	if len(s.Findings()) != 0 {
		t.Errorf("found %q", s.Findings())
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	raw := func(kind, body string) answer {
		r, err := http.NewRequest("POST", s.URL()+"/v1/account/status", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		return p.send(r)
	}
	const good = `{"email":"a@example.com"}`
	raw("application/json", good).ok()
	raw("application/json; charset=utf-8", good).ok()
	raw("text/plain", good).ok()
	raw("", good).ok()
	raw("application/xml", good).fails(415, 999)
	raw("application/json", `{"email":`).fails(400, 999)
	raw("application/json", `[1]`).fails(400, 107)
	raw("application/json", ``).fails(400, 108)
	raw("application/json", `{"email":1}`).fails(400, 107)
	raw("application/json", `{"email":"nobody"}`).fails(400, 107)
	raw("application/json", good+strings.Repeat(" ", maxBody-len(good))).ok()
	got := raw("application/json", good+strings.Repeat(" ", maxBody-len(good)+1)).fails(413, 113)
	if got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("unexpected headers: %v", got.header)
	}
	r, err := http.NewRequest("OPTIONS", s.URL()+"/v1/account/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Access-Control-Request-Headers", "authorization")
	if got := p.send(r); got.status != 204 || got.header.Get("Access-Control-Allow-Headers") != "authorization" {
		t.Errorf("preflight: %d %v", got.status, got.header)
	}
	p.post("/v1/token", "", "x").fails(400, 999)
	xml := func() answer {
		r, err := http.NewRequest("POST", s.URL()+"/v1/token", strings.NewReader("<x/>"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "text/xml")
		return p.send(r)
	}
	xml().fails(415, 113)
}
