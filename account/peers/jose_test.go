//go:build peers

package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/accounttest/eventcases"
	"github.com/tabferry/tabferry/account/events"
)

// TestPeerJose: tokens that the npm package jose makes are taken and refused by our receiver as they should
// be, and jose judges the in-process service's tokens, right and wrong, as our receiver does.
func TestPeerJose(t *testing.T) {
	t.Parallel()
	packages := node(t)

	t.Run("jose mints, our receiver judges", func(t *testing.T) {
		var minted struct {
			Keys   json.RawMessage
			Tokens map[string]struct {
				Status int
				Token  string
			}
		}
		mux := http.NewServeMux()
		issuer := httptest.NewServer(mux)
		t.Cleanup(issuer.Close)
		mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"introspection_endpoint":%q}`, issuer.URL, issuer.URL+"/jwks", issuer.URL+"/introspect")
		})
		mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"keys":%s}`, minted.Keys)
		})
		out := tool(t, packages, "node", "jose_mint.mjs", issuer.URL, accounttest.ReferenceClientID, strings.Repeat("ab", 16), strconv.FormatInt(time.Now().Unix(), 10))
		if err := json.Unmarshal([]byte(out), &minted); err != nil || len(minted.Tokens) < 20 {
			t.Fatalf("jose made %d tokens: %v", len(minted.Tokens), err)
		}
		receiver := judge(t, issuer.URL)
		for name, c := range minted.Tokens {
			if got := receiver(c.Token); got != c.Status {
				t.Errorf("%s: %d, want %d", name, got, c.Status)
			}
		}
	})

	t.Run("the service mints, jose judges", func(t *testing.T) {
		s := accounttest.New(t)
		cases := eventcases.All(s, accounttest.ReferenceClientID, strings.Repeat("ab", 16))
		tokens := map[string]string{}
		for _, c := range cases {
			tokens[c.Name] = c.Token
		}
		in, err := json.Marshal(map[string]any{"jwks": s.URL() + "/v1/jwks", "issuer": s.URL(), "client": accounttest.ReferenceClientID, "tokens": tokens})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), installTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, "node", "jose_verify.mjs")
		cmd.Dir, cmd.Stdin = packages, bytes.NewReader(in)
		out, err := cmd.Output()
		var verdicts map[string]bool
		if err == nil {
			err = json.Unmarshal(out, &verdicts)
		}
		if err != nil {
			t.Fatal(err)
		}
		receiver := judge(t, s.URL())
		// What is well signed and lacks a member of its event is none of a JWT library's business, nor is the
		// size of a token.
		for _, c := range cases {
			ours := receiver(c.Token)
			if ours != c.Status || verdicts[c.Name] != (ours != http.StatusUnauthorized) {
				t.Errorf("%s: %d here, %v there, want %d", c.Name, ours, verdicts[c.Name], c.Status)
			}
		}
	})
}

// nowhere is a sink that keeps nothing.
type nowhere struct{}

func (nowhere) Store(context.Context, []events.Notice) error { return nil }

// judge makes a receiver and gives its status for a token.
func judge(t *testing.T, issuer string) func(token string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	r, err := events.New(events.Params{Issuer: issuer, ClientID: accounttest.ReferenceClientID, Sink: nowhere{}, HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	return func(token string) int {
		mu.Lock()
		n++
		from := fmt.Sprintf("192.0.2.%d:1", n%250)
		mu.Unlock()
		q := httptest.NewRequest(http.MethodPost, "/events", http.NoBody)
		q.RemoteAddr = from
		q.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		return w.Code
	}
}
