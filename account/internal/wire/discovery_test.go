package wire_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

func TestDiscovery(t *testing.T) {
	s, client := serve(t, answers(`{}`))
	e, err := client.Endpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Endpoints{
		AuthBase: s.URL + "/auth", OAuthBase: s.URL + "/oauth", ProfileBase: s.URL + "/profile", TokenServerBase: s.URL + "/token",
		PairingBase: "ws://127.0.0.1:1", Authorization: s.URL + "/authorization", Introspection: s.URL + "/oauth/v1/introspect",
		Issuer: s.URL, JWKS: s.URL + "/oauth/v1/jwks", Token: s.URL + "/oauth/v1/token", UserInfo: s.URL + "/profile/v1/profile",
	}
	if e != want {
		t.Errorf("endpoints are %+v, want %+v", e, want)
	}
}

func TestDiscoveryIsAskedOnce(t *testing.T) {
	s, client := serve(t, answers(`{}`))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := client.Endpoints(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(s.seen); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	s.clock.pass(25 * time.Hour)
	if _, err := client.Endpoints(t.Context()); err != nil || len(s.seen) != 4 {
		t.Errorf("a day later: %v after %d requests", err, len(s.seen))
	}
	s.clock.pass(25 * time.Hour)
	s.Close()
	if _, err := client.Endpoints(t.Context()); err != nil {
		t.Errorf("an old copy is not used when there is no other: %v", err)
	}
}

// TestDiscoveryFailureIsForgotten asks again after a failure.
func TestDiscoveryFailureIsForgotten(t *testing.T) {
	s, _ := serve(t, answers(`{}`))
	down := true
	client := s.client(t, func(p *wire.Params) {
		real := p.Transport
		p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if down {
				return nil, errors.New("down")
			}
			return real.RoundTrip(r)
		})
	})
	var transport *wire.TransportError
	if _, err := client.Endpoints(t.Context()); !errors.As(err, &transport) {
		t.Errorf("gave %v", err)
	}
	down = false
	if _, err := client.Endpoints(t.Context()); err != nil {
		t.Errorf("gave %v", err)
	}
}

func TestDiscoveryNeedsEverything(t *testing.T) {
	full := map[string]string{
		"auth_server_base_url": "https://a", "oauth_server_base_url": "https://o", "profile_server_base_url": "https://p",
		"sync_tokenserver_base_url": "https://t", "authorization_endpoint": "https://a", "introspection_endpoint": "https://i",
		"issuer": "https://x", "jwks_uri": "https://j", "token_endpoint": "https://t", "userinfo_endpoint": "https://u",
	}
	for missing := range full {
		s, _ := serve(t, nil)
		client := s.client(t, func(p *wire.Params) {
			p.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
				some := map[string]string{}
				for k, v := range full {
					if k != missing {
						some[k] = v
					}
				}
				recorder := httptest.NewRecorder()
				reply(recorder, 200, some)
				return recorder.Result(), nil
			})
		})
		var answer *wire.AnswerError
		if _, err := client.Endpoints(t.Context()); !errors.As(err, &answer) || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestDiscoveryFollowsSafeRedirects(t *testing.T) {
	s, _ := serve(t, nil)
	for target, follows := range map[string]bool{s.URL + "/moved": true, "http://example.com/moved": false} {
		var asked []string
		client := s.client(t, func(p *wire.Params) {
			p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				recorder := httptest.NewRecorder()
				if strings.HasPrefix(r.URL.Path, "/.well-known/") {
					recorder.Header().Set("Location", target)
					recorder.WriteHeader(http.StatusFound)
				} else {
					recorder.WriteHeader(http.StatusTeapot)
				}
				response := recorder.Result()
				response.Request = r
				return response, nil
			})
		})
		if _, err := client.Endpoints(t.Context()); err == nil {
			t.Errorf("%s: no error", target)
		}
		if followed := len(asked) == 2; followed != follows {
			t.Errorf("%s: asked %v", target, asked)
		}
	}
}

func TestContentPaths(t *testing.T) {
	s, _ := serve(t, nil)
	for base, want := range map[string]string{
		"https://accounts.firefox.com":  "https://accounts.firefox.com/pair/supp",
		"https://accounts.firefox.com/": "https://accounts.firefox.com/pair/supp",
		"https://example.com/fxa":       "https://example.com/fxa/pair/supp",
	} {
		client := s.client(t, func(p *wire.Params) { p.ContentURL = base })
		if got := client.Content("pair/supp").String(); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

// TestLegacyDestroy asks the older route of servers that lack the newer.
func TestLegacyDestroy(t *testing.T) {
	for _, c := range []struct {
		name, hint, body string
		legacy           http.HandlerFunc
		ok               bool
	}{
		{"access", wire.HintAccess, `{"token":"` + secret + `"}`, answers(`{}`), true},
		{"refresh", wire.HintRefresh, `{"refresh_token":"` + secret + `"}`, answers(`{}`), true},
		{"unknown there", wire.HintRefresh, `{"refresh_token":"` + secret + `"}`, refuse(400, 108), true},
		{"broken there", wire.HintRefresh, `{"refresh_token":"` + secret + `"}`, refuse(500, 999), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/oauth/v1/destroy" {
					c.legacy(w, r)
					return
				}
				refuse(404, 999)(w, r)
			})
			if err := client.DestroyToken(t.Context(), secret, c.hint); (err == nil) != c.ok {
				t.Errorf("gave %v", err)
			}
			if _, body := s.last(); body != c.body {
				t.Errorf("sent %s, want %s", body, c.body)
			}
		})
	}
}

func TestProfileETag(t *testing.T) {
	s, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"tag"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"tag"`)
		w.Header().Set("Content-Type", "application/json")
		if _, err := io.WriteString(w, `{"uid":"u","email":"e","metricsEnabled":false,"twoFactorAuthentication":true}`); err != nil {
			panic(err)
		}
	})
	p, err := client.Profile(t.Context(), secret, "")
	if err != nil || p.ETag != `"tag"` || p.NotModified || p.MetricsEnabled == nil || *p.MetricsEnabled || !*p.TwoFactor {
		t.Fatalf("first: %+v, %v", p, err)
	}
	p, err = client.Profile(t.Context(), secret, p.ETag)
	if err != nil || !p.NotModified {
		t.Fatalf("second: %+v, %v", p, err)
	}
	// A 304 that nobody asked for is no success.
	s.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	if p, err := client.Profile(t.Context(), secret, ""); err == nil {
		t.Errorf("an unasked 304 gave %+v", p)
	}
}
