package wire

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"
)

// load reads a member of a vector file of the account package.
func load(t *testing.T, file, member string, out any) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if inner, ok := all["vectors"]; ok {
		if err := json.Unmarshal(inner, &all); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(all[member], out); err != nil {
		t.Fatal(err)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestHawkVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			TokenID     string  `json:"tokenId"`
			HawkKey     string  `json:"hawkKey"`
			HawkKeyUTF8 string  `json:"hawkKeyUtf8"`
			Method      string  `json:"method"`
			URL         string  `json:"url"`
			TS          int64   `json:"ts"`
			Nonce       string  `json:"nonce"`
			Ext         string  `json:"ext"`
			Body        *string `json:"body"`
			Normalized  string  `json:"normalized"`
			PayloadHash *string `json:"payloadHash"`
			MAC         string  `json:"mac"`
			Header      string  `json:"header"`
		} `json:"cases"`
	}
	load(t, "accounts-client.json", "hawk_legacy_header", &v)
	if len(v.Cases) != 3 {
		t.Fatalf("%d cases, want 3", len(v.Cases))
	}
	for _, c := range v.Cases {
		t.Run(c.Method+" "+c.Nonce, func(t *testing.T) {
			key, err := hex.DecodeString(c.HawkKey)
			if err != nil {
				t.Fatal(err)
			}
			if c.HawkKeyUTF8 != "" {
				key = []byte(c.HawkKeyUTF8)
			}
			h := hawkRequest{
				id: c.TokenID, key: key, at: time.Unix(c.TS, 0), nonce: c.Nonce, method: c.Method,
				url: mustURL(t, c.URL), ext: c.Ext,
			}
			if c.Body != nil {
				h.body = []byte(*c.Body)
			}
			if got := h.normalized(); got != c.Normalized {
				t.Errorf("normalized text is %q, want %q", got, c.Normalized)
			}
			if c.PayloadHash != nil && h.payloadHash() != *c.PayloadHash {
				t.Errorf("payload hash is %s, want %s", h.payloadHash(), *c.PayloadHash)
			}
			if got := h.mac(); got != c.MAC {
				t.Errorf("mac is %s, want %s", got, c.MAC)
			}
			if c.Header != "" && h.header() != c.Header {
				t.Errorf("header is %s, want %s", h.header(), c.Header)
			}
		})
	}
}

// TestHawkOfFirefox recomputes every header that a real Firefox sent.
func TestHawkOfFirefox(t *testing.T) {
	var session struct {
		HawkID     string `json:"hawkId"`
		HawkKeyHex string `json:"hawkKeyHex"`
	}
	load(t, "firefox-traffic.json", "firefoxSession", &session)
	key, err := hex.DecodeString(session.HawkKeyHex)
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Method        string  `json:"method"`
		URL           string  `json:"url"`
		Host          string  `json:"host"`
		Port          string  `json:"port"`
		RawBody       *string `json:"rawBody"`
		Authorization string  `json:"authorization"`
		TS            string  `json:"ts"`
		Nonce         string  `json:"nonce"`
	}
	load(t, "firefox-traffic.json", "hawkFromFirefox", &list)
	if len(list) < 10 {
		t.Fatalf("%d requests only", len(list))
	}
	for _, r := range list {
		ts, err := strconv.ParseInt(r.TS, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		h := hawkRequest{
			id: session.HawkID, key: key, at: time.Unix(ts, 0), nonce: r.Nonce, method: r.Method,
			url: mustURL(t, "http://"+r.Host+":"+r.Port+r.URL),
		}
		if r.RawBody != nil {
			h.body = []byte(*r.RawBody)
		}
		if got := h.header(); got != r.Authorization {
			t.Errorf("%s %s: header is %s, Firefox sent %s", r.Method, r.URL, got, r.Authorization)
		}
	}
}

func TestCredentialIsNotPrinted(t *testing.T) {
	for _, c := range []Credential{Bearer("5ecret"), Session("5ecret", []byte("5ecret"))} {
		if c.String() != "credential" || c.GoString() != "credential" {
			t.Error("a credential shows itself")
		}
	}
}
