package accounttest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// FuzzRequestBodies sends any body to any route: the answer is always JSON (or
// a page), its code is its status, and nothing is a server fault.
func FuzzRequestBodies(f *testing.F) {
	s, err := Start(WithSeed("fuzz"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	h := s.NewAccount("a@example.com", "password1")
	credential := typedSession(h.NewSession())
	var paths []string
	for _, group := range [][]route{oauthRoutes(), accountRoutes(), sessionRoutes(), passwordRoutes(), deviceRoutes()} {
		for _, r := range group {
			if r.method == http.MethodPost && r.handle != nil {
				paths = append(paths, r.path)
			}
		}
	}
	slices.Sort(paths)
	for i := range paths {
		f.Add(uint8(i), `{"client_id":"`+ReferenceClientID+`","token":"x","scope":"profile","ttl":1,"name":null}`)
	}
	f.Add(uint8(0), `[]`)
	f.Add(uint8(3), "\xff")
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		path := paths[int(which)%len(paths)]
		if path == "/v1/session/destroy" || path == "/v1/account/destroy" {
			return
		}
		r := httptest.NewRequest("POST", s.URL()+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", credential)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var reply map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil {
			t.Fatalf("%s: %d %q is no JSON object", path, w.Code, w.Body)
		}
		if w.Code >= 500 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		if w.Code >= 400 && reply["code"] != float64(w.Code) {
			t.Fatalf("%s: status %d, body %s", path, w.Code, w.Body)
		}
	})
}

// FuzzAuthorization: no header but the right one opens a session route.
func FuzzAuthorization(f *testing.F) {
	s, err := Start(WithSeed("fuzz"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := s.Close(); err != nil {
			f.Error(err)
		}
	})
	good := typedSession(s.NewAccount("a@example.com", "password1").NewSession())
	f.Add(good)
	f.Add(`Hawk id="` + strings.TrimPrefix(good, "Bearer fxs_") + `", ts="1", nonce="n", mac="AAAA"`)
	f.Add("Bearer " + strings.Repeat("0", 64))
	f.Add(`Hawk id="", mac=""`)
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", s.URL()+"/v1/session/status", nil)
		r.Header["Authorization"] = []string{header}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if (w.Code == 200) != (header == good) {
			t.Fatalf("%q: %d", header, w.Code)
		}
	})
}
