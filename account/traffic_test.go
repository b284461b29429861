package account_test

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/internal/keys"
)

// roundTrip is a transport that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestSessionCredentialVectors shows each published session token the way a server
// wants to see it.
func TestSessionCredentialVectors(t *testing.T) {
	var v struct {
		Cases []struct {
			SessionToken string `json:"sessionToken"`
			Bearer       string `json:"bearer"`
		} `json:"cases"`
	}
	vector(t, "session_token_credentials", &v)
	if len(v.Cases) == 0 {
		t.Fatal("no cases")
	}
	s := lab(t)
	for _, c := range v.Cases {
		var shown []string
		real := s.service.Transport()
		t.Cleanup(real.CloseIdleConnections)
		a, err := account.New(s.config(), account.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			if h := r.Header.Get("Authorization"); h != "" {
				shown = append(shown, h)
				return nil, errors.New("seen enough")
			}
			return real.RoundTrip(r)
		})))
		ok(t, "New", err)
		ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: c.SessionToken}))
		_, err = a.AttachedClients(t.Context())
		want(t, "AttachedClients", err, account.ErrNetwork)
		if !slices.Equal(shown, []string{c.Bearer}) {
			t.Errorf("shown as %v", shown)
		}
	}
}

// firefoxPairing is what a real Firefox, as the device that is signed in, and a peer
// said to each other.
type firefoxPairing struct {
	URI     string `json:"uri"`
	Request struct {
		Data struct {
			ClientID            string `json:"client_id"`
			AccessType          string `json:"access_type"`
			State               string `json:"state"`
			Scope               string `json:"scope"`
			CodeChallenge       string `json:"code_challenge"`
			CodeChallengeMethod string `json:"code_challenge_method"`
			KeysJWK             string `json:"keys_jwk"`
		} `json:"data"`
	} `json:"request"`
	Verifier string `json:"verifier"`
	Private  struct {
		D string `json:"d"`
	} `json:"supplicantPrivateJwk"`
	TokenRequest  map[string]string `json:"tokenRequest"`
	TokenResponse struct {
		KeysJWE string `json:"keys_jwe"`
	} `json:"tokenResponse"`
	KeysPlaintext string `json:"keysPlaintext"`
}

func readPairing(t *testing.T) (p firefoxPairing, oldsync map[string]string) {
	t.Helper()
	var file struct {
		Pairing firefoxPairing `json:"pairing"`
		Account struct {
			Key map[string]string `json:"oldsyncKey"`
		} `json:"account"`
	}
	readJSON(t, "testdata/firefox-traffic.json", &file)
	return file.Pairing, file.Account.Key
}

// TestFirefoxPairingKeys opens what Firefox encrypted for the device that it let in.
func TestFirefoxPairingKeys(t *testing.T) {
	p, oldsync := readPairing(t)
	d, err := base64.RawURLEncoding.DecodeString(p.Private.D)
	ok(t, "the private key", err)
	private, err := ecdh.P256().NewPrivateKey(d)
	ok(t, "the private key", err)
	text, err := keys.DecryptJWE(private, p.TokenResponse.KeysJWE)
	if err != nil || string(text) != p.KeysPlaintext {
		t.Fatalf("the keys read otherwise, %v", err)
	}
	var bundle map[string]account.ScopedKey
	ok(t, "the keys", json.Unmarshal(text, &bundle))
	key := bundle[account.ScopeOldSync]
	if key.K != oldsync["k"] || key.KID != oldsync["kid"] {
		t.Error("it is another key")
	}
	if raw, err := key.KeyBytes(); err != nil || len(raw) != 64 {
		t.Errorf("the key has %d bytes, %v", len(raw), err)
	}
	if keys.Challenge(p.Verifier) != p.Request.Data.CodeChallenge {
		t.Error("the challenge is computed otherwise")
	}
}

// TestFirefoxPairingRequest grants the very request that Firefox granted, and sends
// as little to redeem a code as its peer did.
func TestFirefoxPairingRequest(t *testing.T) {
	p, _ := readPairing(t)
	s := newScene(t)
	a, _ := s.signedIn()
	d := p.Request.Data
	code, err := a.AuthorizeCode(t.Context(), account.AuthorizationParams{
		ClientID: d.ClientID, Scopes: strings.Fields(d.Scope), State: d.State, AccessType: d.AccessType,
		CodeChallenge: d.CodeChallenge, CodeChallengeMethod: d.CodeChallengeMethod, KeysJWK: d.KeysJWK,
	})
	if err != nil || len(code) != 64 {
		t.Errorf("a code of %d characters, %v", len(code), err)
	}

	b := s.account()
	s.service.ForgetRequests()
	s.signIn(b)
	var sent map[string]string
	ok(t, "our request", json.Unmarshal(s.service.Requests(tokenRoute)[0].Body, &sent))
	if ours, theirs := slices.Sorted(maps.Keys(sent)), slices.Sorted(maps.Keys(p.TokenRequest)); !slices.Equal(ours, theirs) {
		t.Errorf("we send %v, the peer sent %v", ours, theirs)
	}
}

// TestFirefoxPairingAddress reads the address in the code that Firefox showed.
func TestFirefoxPairingAddress(t *testing.T) {
	p, _ := readPairing(t)
	u, err := url.Parse(p.URI)
	ok(t, "the address", err)
	a, err := account.New(account.Config{Server: account.CustomServer("http://" + u.Host), ClientID: "c", RedirectURI: "r"})
	ok(t, "New", err)
	t.Cleanup(a.Close)
	address, err := a.BeginPairingFlow(t.Context(), p.URI, everything, "test")
	if err != nil || !strings.HasSuffix(address, "#"+u.Fragment) {
		t.Errorf("the code of a real Firefox is refused: %v", err)
	}
}
