package account_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const channel = "channel_id=658db7fe98b249a5897b884f98fb31b7&channel_key=1hIDzTj5oY2HDeSg_jA2DhcOcAn5Uqq0cAYlZRNUIo4"

// offline is an account of a server that nobody asks.
func offline(t testing.TB, server account.Server) *account.Account {
	t.Helper()
	a, err := account.New(account.Config{Server: server, ClientID: "12345678", RedirectURI: "https://foo.bar"})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestPairingAuthorityURL(t *testing.T) {
	for server, address := range map[account.Server]string{
		account.ServerRelease: "https://firefox.com/pair",
		{}:                    "https://firefox.com/pair",
		account.CustomServer("https://accounts.firefox.com/"):    "https://firefox.com/pair",
		account.CustomServer("https://accounts.firefox.com:443"): "https://firefox.com/pair",
		account.ServerStable:                            "https://stable.dev.lcip.org/pair",
		account.ServerLocalDev:                          "http://127.0.0.1:3030/pair",
		account.CustomServer("https://example.com/fxa"): "https://example.com/fxa/pair",
	} {
		if got, err := offline(t, server).PairingAuthorityURL(); err != nil || got != address {
			t.Errorf("%s: %s, %v, want %s", server.ContentURL(), got, err, address)
		}
	}
}

// TestPairingAddress builds the published example, apart from what is random in it.
func TestPairingAddress(t *testing.T) {
	var v struct {
		Supplicant struct {
			PairingURL string `json:"pairing_url"`
			Result     string `json:"result"`
		} `json:"pairing_supplicant"`
	}
	vector(t, "urls", &v)
	address, err := offline(t, account.ServerRelease).BeginPairingFlow(t.Context(), v.Supplicant.PairingURL, []string{account.ScopeOldSync}, "test")
	ok(t, "BeginPairingFlow", err)
	if got, published := withoutRandom(t, address), withoutRandom(t, v.Supplicant.Result); got != published {
		t.Errorf("the address is\n%s, want\n%s", got, published)
	}
	u, err := url.Parse(address)
	ok(t, "the address", err)
	if _, err := account.ParseAuthorizationParams(u); err != nil {
		t.Errorf("the address does not say what is asked for: %v", err)
	}
}

// withoutRandom replaces what is new in each address.
func withoutRandom(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	ok(t, "the address", err)
	for _, name := range []string{"state", "code_challenge", "keys_jwk"} {
		value := u.Query().Get(name)
		if value == "" {
			t.Errorf("%s is missing", name)
		}
		address = strings.Replace(address, name+"="+value, name+"=…", 1)
	}
	return address
}

func TestPairingAddressIsChecked(t *testing.T) {
	for address, class := range map[string]error{
		"https://accounts.firefox.com/pair#" + channel:                           nil,
		"https://accounts.firefox.com:443/pair#" + channel:                       nil,
		"https://ACCOUNTS.firefox.com/pair#" + channel:                           nil,
		"https://accounts.firefox.com:8443/pair#" + channel:                      account.ErrOriginMismatch,
		"http://accounts.firefox.com/pair#" + channel:                            account.ErrOriginMismatch,
		"https://accounts.firefox.com.example.com/pair#" + channel:               account.ErrOriginMismatch,
		"https://stable.dev.lcip.org/pair#" + channel:                            account.ErrOriginMismatch,
		"https://accounts.firefox.com/pair":                                      account.ErrInvalidArgument,
		"https://accounts.firefox.com/pair#":                                     account.ErrInvalidArgument,
		"https://accounts.firefox.com/pair#channel_id=a":                         account.ErrInvalidArgument,
		"https://accounts.firefox.com/pair#channel_key=a":                        account.ErrInvalidArgument,
		"https://accounts.firefox.com/pair?" + channel:                           account.ErrInvalidArgument,
		"accounts.firefox.com/pair#" + channel:                                   account.ErrInvalidArgument,
		"":                                                                       account.ErrInvalidArgument,
		"https://accounts.firefox.com/pair#channel_id=%zz&channel_key=1hIDzTj5o": account.ErrInvalidArgument,
		"://#" + channel:                                                         account.ErrInvalidArgument,
	} {
		got, err := offline(t, account.ServerRelease).BeginPairingFlow(t.Context(), address, everything, "test")
		if class == nil && (err != nil || !strings.HasSuffix(got, "#"+channel)) || class != nil {
			want(t, address, err, class)
		}
		if err != nil && (strings.Contains(err.Error(), "1hIDzTj5o") || strings.Contains(err.Error(), "658db7fe")) {
			t.Errorf("the error shows the channel: %v", err)
		}
	}
}

// TestPairing signs in by the page for the supplicant.
func TestPairing(t *testing.T) {
	s := newScene(t)
	a := s.account()
	address, err := a.BeginPairingFlow(t.Context(), s.service.URL()+"/pair#"+channel, everything, "test", account.WithService("sync"))
	ok(t, "BeginPairingFlow", err)
	if !strings.Contains(address, "/pair/supp?entrypoint=test&service=sync&client_id="+accounttest.ReferenceClientID) {
		t.Error("the address is another")
	}
	if n := len(s.service.Requests()); n != 0 {
		t.Errorf("%d requests to begin pairing", n)
	}
	code, state := s.approve(address)
	ok(t, "CompleteOAuthFlow", a.CompleteOAuthFlow(t.Context(), code, state))
	if a.SyncKeyMissing() {
		t.Error("the key did not come along")
	}
	_, err = a.BeginPairingFlow(t.Context(), s.service.URL()+"/pair#"+channel, nil, "test")
	want(t, "no scope", err, account.ErrInvalidArgument)
}

// FuzzPairingURL takes any address: what is accepted is of our origin and carries its
// fragment on unchanged; what is refused begins nothing.
func FuzzPairingURL(f *testing.F) {
	f.Add("https://accounts.firefox.com/pair#" + channel)
	f.Add("https://accounts.firefox.com/pair#channel_id=%20&channel_key=&channel_key=x")
	f.Add("https://user@accounts.firefox.com/#" + channel)
	f.Fuzz(func(t *testing.T, address string) {
		a := offline(t, account.ServerRelease)
		got, err := a.BeginPairingFlow(t.Context(), address, everything, "fuzz")
		if err != nil {
			if got != "" {
				t.Errorf("%q is refused and gives an address", address)
			}
			want(t, "completing", a.CompleteOAuthFlow(t.Context(), "code", "state"), account.ErrNoAuthFlow)
			return
		}
		in, err := url.Parse(address)
		ok(t, "the accepted address", err)
		out, err := url.Parse(got)
		ok(t, "the result", err)
		if !strings.EqualFold(in.Hostname(), "accounts.firefox.com") || in.Scheme != "https" {
			t.Errorf("%q is of another origin", address)
		}
		if out.Host != "accounts.firefox.com" || out.Path != "/pair/supp" || out.Fragment != in.Fragment {
			t.Errorf("%q leads to %q", address, got)
		}
	})
}
