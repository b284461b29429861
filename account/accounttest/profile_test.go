package accounttest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

func TestProfileFieldsFollowScopes(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	h.SetDisplayName("Ünï <b>")
	for scope, want := range map[string]string{
		"profile":              "amrValues avatar avatarDefault displayName email locale metricsEnabled subscriptions twoFactorAuthentication uid",
		"profile:uid":          "metricsEnabled uid",
		"profile:email":        "email metricsEnabled",
		"profile:display_name": "displayName metricsEnabled",
		"openid":               "metricsEnabled sub",
	} {
		token := p.signIn(ReferenceClientID, scope, h).str("access_token")
		got := p.get("/v1/profile", "Bearer "+token).ok()
		var names []string
		for name := range got.json {
			names = append(names, name)
		}
		if sorted(names) != want {
			t.Errorf("%s gives %s, want %s", scope, sorted(names), want)
		}
	}
	if got := p.get("/v1/profile", "Bearer "+p.signIn(ReferenceClientID, "profile", h).str("access_token")); !strings.Contains(got.text, "Ünï <b>") {
		t.Errorf("the name is escaped: %s", got.text)
	}
	outside := p.signIn(ReferenceClientID, scopeOldSync, h).str("access_token")
	if got := p.get("/v1/profile", "Bearer "+outside).fails(401, 100); got.json["reason"] == nil {
		t.Errorf("no reason: %s", got.text)
	}
	p.get("/v1/profile", "").fails(401, 100)
	p.get("/v1/profile", "Bearer fxs_x").fails(401, 100)
}

func sorted(names []string) string {
	for i := range names {
		for j := range i {
			if names[i] < names[j] {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	return strings.Join(names, " ")
}

func TestProfileRevalidation(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	credential := "Bearer " + p.signIn(ReferenceClientID, "profile", h).str("access_token")
	first := p.get("/v1/profile", credential).ok()
	tag := first.header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) || first.header.Get("Last-Modified") == "" {
		t.Fatalf("unexpected headers: %v", first.header)
	}
	ask := func(tag string) answer {
		r, err := http.NewRequest("GET", s.URL()+"/v1/profile", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", credential)
		r.Header.Set("If-None-Match", tag)
		return p.send(r)
	}
	for _, form := range []string{tag, `"` + tag + `"`, "W/" + tag, strings.TrimSuffix(tag, `"`) + `-gzip"`, `"other", ` + tag, strings.Trim(tag, `"`)} {
		if got := ask(form); got.status != 304 || got.text != "" || got.header.Get("ETag") != tag {
			t.Errorf("%s: %d %q", form, got.status, got.text)
		}
	}
	if got := ask(`"other"`); got.status != 200 {
		t.Errorf("another tag: %d", got.status)
	}
	h.SetMetrics(false)
	changed := ask(tag)
	if changed.status != 200 || changed.json["metricsEnabled"] != false || changed.header.Get("ETag") == tag {
		t.Errorf("a change must show: %d %s", changed.status, changed.text)
	}
	h.HideMetrics()
	if got := ask(tag); got.json["metricsEnabled"] != nil {
		t.Errorf("an old server says nothing about metrics: %s", got.text)
	}
	h.SetEmail("moved@example.com")
	if got := ask(tag); got.str("email") != "moved@example.com" || h.Email() != "moved@example.com" {
		t.Errorf("the address did not change: %s", got.text)
	}
	h.SetDisabled(true)
	if got := ask(tag); got.json["accountDisabledAt"] == nil {
		t.Errorf("unexpected profile: %s", got.text)
	}
}

func TestLargeRepliesAreCompressed(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	h.SetDisplayName(strings.Repeat("ä", 200) + strings.Repeat("long ", 200))
	r, err := http.NewRequest("GET", s.URL()+"/v1/profile", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.signIn(ReferenceClientID, "profile", h).str("access_token"))
	r.Header.Set("Accept-Encoding", "gzip")
	res, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.HasSuffix(res.Header.Get("ETag"), `-gzip"`) {
		t.Fatalf("unexpected headers: %v", res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || !bytes.Contains(text, []byte(`"displayName"`)) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAvatars(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	credential := "Bearer " + p.signIn(ReferenceClientID, "profile", h).str("access_token")
	picture := func() (string, answer) {
		profile := p.get("/v1/profile", credential).ok()
		return profile.str("avatar"), p.get(profile.str("avatar"), "")
	}
	address, got := picture()
	if !strings.HasSuffix(address, "/v1/avatar/p") || got.header.Get("Content-Type") != "image/png" {
		t.Errorf("unexpected default picture %s: %v", address, got.header)
	}
	img, err := png.Decode(strings.NewReader(got.text))
	if err != nil || img.Bounds().Dx() != webpage.AvatarSize {
		t.Errorf("%v, %v", img, err)
	}
	own := webpage.Avatar('z')
	h.SetAvatar(own)
	address, got = picture()
	if strings.HasSuffix(address, "/p") || got.text != string(own) {
		t.Errorf("the own picture is not served at %s", address)
	}
	if profile := p.get("/v1/avatar", credential).ok(); profile.json["avatarDefault"] != false {
		t.Errorf("unexpected avatar: %s", profile.text)
	}
	h.SetAvatar(nil)
	if got := p.get(address, ""); got.status != 404 {
		t.Errorf("a removed picture is still there: %d", got.status)
	}
}

func TestSmallProfileRoutes(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("person@example.com", "password1")
	credential := "Bearer " + p.signIn(ReferenceClientID, "profile", h).str("access_token")
	if got := p.get("/v1/uid", credential).ok(); got.str("uid") != h.UID() {
		t.Errorf("unexpected uid: %s", got.text)
	}
	if got := p.get("/v1/email", credential).ok(); got.str("email") != h.Email() {
		t.Errorf("unexpected email: %s", got.text)
	}
	if got := p.get("/v1/display_name", credential); got.status != 204 {
		t.Errorf("no name is 204, got %d", got.status)
	}
	p.post("/v1/display_name", credential, map[string]any{"displayName": "x"}).fails(401, 100)
	writer := "Bearer " + p.signIn(ReferenceClientID, "profile:write", h).str("access_token")
	p.post("/v1/display_name", writer, map[string]any{}).fails(400, 101)
	before := s.Clock.Now()
	s.Clock.Advance(time.Second)
	p.post("/v1/display_name", writer, map[string]any{"displayName": "Someone"}).ok()
	if got := p.get("/v1/display_name", credential).ok(); got.str("displayName") != "Someone" {
		t.Errorf("unexpected name: %s", got.text)
	}
	account := p.get("/v1/account/profile", credential).ok()
	if changed := time.UnixMilli(int64(account.num("profileChangedAt"))); changed.Before(before) {
		t.Errorf("profileChangedAt %v did not move", changed)
	}
	session := p.session(h)
	p.post("/v1/account/metrics_opt", session, map[string]any{"state": "maybe"}).fails(400, 107)
	p.post("/v1/account/metrics_opt", session, map[string]any{"state": "out"}).ok()
	if got := p.get("/v1/profile", credential).ok(); got.json["metricsEnabled"] != false {
		t.Errorf("unexpected profile: %s", got.text)
	}
	var anything map[string]any
	if err := json.Unmarshal([]byte(account.text), &anything); err != nil {
		t.Error(err)
	}
}
