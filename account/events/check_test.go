package events_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tabferry/tabferry/account/events"
)

// TestCheck: our receiver passes its self-test; what takes everything, what is none and what cannot check fail it.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	answers := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	for name, c := range map[string]struct {
		receiver http.Handler
		want     error
	}{
		"ours":                    {s.receiver, nil},
		"takes everything":        {answers(200), events.ErrTaken},
		"another server":          {answers(404), events.ErrNotReached},
		"a redirect":              {http.RedirectHandler("/", http.StatusFound), events.ErrNotReached},
		"without the issuer keys": {answers(503), events.ErrNoKeys},
	} {
		server := httptest.NewServer(c.receiver)
		p := events.CheckParams{URL: server.URL, Issuer: s.service.URL(), ClientID: clientID, HTTP: server.Client()}
		if err := events.Check(t.Context(), p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		server.Close()
		if err := events.Check(t.Context(), p); !errors.Is(err, events.ErrNotReached) {
			t.Errorf("%s, closed: %v", name, err)
		}
		server.Client().CloseIdleConnections()
	}
	if got := s.sink.take(); len(got) != 0 {
		t.Errorf("a self-test was stored: %v", names(got))
	}
	if err := events.Check(t.Context(), events.CheckParams{URL: "http://127.0.0.1:1", Issuer: "http://127.0.0.1:1"}); err == nil {
		t.Error("an issuer that is away is no error")
	}
}

// TestForeign: the token of a self-test is one that others read, of a key that the issuer publishes by its name.
func TestForeign(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var token string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	if err := events.Check(t.Context(), events.CheckParams{URL: server.URL, Issuer: s.service.URL(), ClientID: clientID, HTTP: server.Client()}); err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatalf("%s: %v", token, err)
	}
	good, err := jose.ParseSignedCompact(s.good(), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := signed.Signatures[0].Header.KeyID, good.Signatures[0].Header.KeyID; got != want {
		t.Errorf("key %q, want %q", got, want)
	}
	if n := len(signed.Signatures[0].Signature); n != 256 {
		t.Errorf("a signature of %d bytes", n)
	}
}
