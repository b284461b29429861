package pairing

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
)

type textVectors struct {
	Text struct {
		Base64URL []struct {
			Bytes        string `json:"bytes"`
			AsSent       string `json:"as_sent"`
			AlsoAccepted string `json:"also_accepted"`
		} `json:"base64url"`
		PairingURLs []struct {
			Name      string `json:"name"`
			URL       string `json:"url"`
			OK        bool   `json:"ok"`
			ChannelID string `json:"channel_id"`
			PSK       string `json:"psk"`
			Version   int    `json:"version"`
		} `json:"pairing_urls"`
		ChannelServer struct {
			Envelope       string `json:"envelope"`
			EnvelopeRecord string `json:"envelope_record"`
		} `json:"channel_server"`
	} `json:"text"`
}

func loadText(t testing.TB) textVectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/pairing.json")
	if err != nil {
		t.Fatal(err)
	}
	var v textVectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	production = "https://accounts.firefox.com"
	goodID     = "Qej-x4oDuRcw4pRwSL95zg"
	goodKey    = "Qo6rS_3CTIt06oHSAqZZoI2syeLFy7naDvuZJ9QrNMQ"
)

func TestParseAddressVectors(t *testing.T) {
	for _, v := range loadText(t).Text.PairingURLs {
		t.Run(v.Name, func(t *testing.T) {
			code, err := ParseAddress(v.URL, production+"/")
			if (err == nil) != v.OK {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				if !errors.Is(err, ErrBadAddress) {
					t.Errorf("%v is not ErrBadAddress", err)
				}
				return
			}
			if code.channelID != v.ChannelID || hex.EncodeToString(code.key) != v.PSK || code.Version != v.Version {
				t.Errorf("%s %x %d", code.channelID, code.key, code.Version)
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	fragment := "#channel_id=" + goodID + "&channel_key=" + goodKey
	for name, c := range map[string]struct {
		text, server string
		want         error
	}{
		"space around":    {" \n" + production + "/pair" + fragment + "\r\n", production, nil},
		"upper case host": {"HTTPS://ACCOUNTS.firefox.com/pair" + fragment, production, nil},
		"default port":    {"https://accounts.firefox.com:443/pair" + fragment, production, nil},
		"loopback":        {"http://127.0.0.1:3030/pair" + fragment, "http://127.0.0.1:3030", nil},
		"unknown names":   {production + "/pair" + fragment + "&x=1&v=3", production, nil},
		"other path":      {production + "/pair/supp" + fragment, production, ErrBadAddress},
		"user":            {"https://u:p@accounts.firefox.com/pair" + fragment, production, ErrBadAddress},
		"plain http":      {"http://accounts.firefox.com/pair" + fragment, production, ErrBadAddress},
		"other scheme":    {"ftp://accounts.firefox.com/pair" + fragment, production, ErrBadAddress},
		"no address":      {"hello", production, ErrBadAddress},
		"key twice":       {production + "/pair" + fragment + "&channel_key=" + goodKey, production, ErrBadAddress},
		"bad escape":      {production + "/pair" + fragment + "&x=%zz", production, ErrBadAddress},
		"huge":            {production + "/pair" + fragment + "&x=" + strings.Repeat("y", maxAddress), production, ErrBadAddress},
		"long id":         {production + "/pair#channel_id=" + strings.Repeat("A", 129) + "&channel_key=" + goodKey, production, ErrBadAddress},
	} {
		if _, err := ParseAddress(c.text, c.server); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	var other *OtherServerError
	for _, there := range []string{"https://accounts.example.com", "https://accounts.firefox.com:8443"} {
		if _, err := ParseAddress(there+"/pair"+fragment, production); !errors.As(err, &other) || other.There != there || other.Here != production {
			t.Errorf("%s: %v", there, err)
		}
	}
	if _, err := ParseAddress(production+"/pair"+fragment, "nonsense"); err == nil {
		t.Error("a server without an origin was accepted")
	}
}

func TestCodeHidesItself(t *testing.T) {
	code, err := ParseAddress(production+"/pair#channel_id="+goodID+"&channel_key="+goodKey, production)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("code", "code", code, "in", struct{ C Code }{code})
	for _, text := range []string{
		fmt.Sprint(code), fmt.Sprintf("%+v %#v %s %x %q %d", code, code, code, code, code, code),
		fmt.Sprintf("%+v", struct{ C *Code }{&code}), code.String(), code.GoString(), log.String(),
	} {
		if strings.Contains(text, goodID) || strings.Contains(text, goodKey) || strings.Contains(text, hex.EncodeToString(code.key)) {
			t.Errorf("%q tells the secret", text)
		}
	}
	if code.Origin() != production {
		t.Error(code.Origin())
	}
	code.wipe()
	if !bytes.Equal(code.key, make([]byte, keySize)) {
		t.Error("the key is still there")
	}
}

func TestUnwrapVectors(t *testing.T) {
	v := loadText(t).Text
	for _, c := range v.Base64URL {
		want, err := hex.DecodeString(c.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{c.AsSent, c.AlsoAccepted} {
			raw, err := json.Marshal(map[string]string{"message": text})
			if err != nil {
				t.Fatal(err)
			}
			if got, _, err := unwrap(raw); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q: %x, %v", text, got, err)
			}
		}
	}
	record, from, err := unwrap([]byte(v.ChannelServer.Envelope))
	if err != nil || hex.EncodeToString(record) != v.ChannelServer.EnvelopeRecord {
		t.Errorf("%x, %v", record, err)
	}
	if got, want := from.peer(), (Peer{System: "Firefox on Android", Place: "Mountain View, United States", Address: "198.51.100.7"}); got != want {
		t.Errorf("peer %+v", got)
	}
	for _, bad := range []string{``, `[]`, `{}`, `{"message":7}`, `{"message":"a b"}`, `{"message":"A"}`, `{"message":"AA","sender":7}`} {
		if _, _, err := unwrap([]byte(bad)); !errors.Is(err, ErrDisturbed) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestRequestFromURL(t *testing.T) {
	want := testRequest()
	address := production + "/pair/supp?entrypoint=x&client_id=" + want.ClientID + "&scope=profile+https%3A%2F%2Fidentity.mozilla.com%2Fapps%2Foldsync" +
		"&state=" + want.State + "&code_challenge_method=S256&code_challenge=" + want.CodeChallenge + "&access_type=offline&keys_jwk=" + want.KeysJWK + "#channel_id=x"
	got, err := RequestFromURL(address)
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := RequestFromURL(strings.Replace(address, "S256", "plain", 1)); !errors.Is(err, ErrRequestRefused) {
		t.Errorf("%v", err)
	}
	if _, err := RequestFromURL("http://a b/"); err == nil {
		t.Error("nonsense was read")
	}
}

func TestSystems(t *testing.T) {
	for ua, want := range map[string]string{
		testUA: "Firefox on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/128.0 Mobile/15E148 Safari/605.1.15": "Firefox on iPhone",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0":                                                          "Firefox on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0":             "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                     "Safari on macOS",

		// Programs that are no browsers.
		"Mozilla/5.0 (X11; Linux x86_64) Tabferry/1.0": "Tabferry on Linux",
		"curl/8.5.0":          "curl/8.5.0",
		"Dalvik (Android)":    "Android",
		"Firefox/1":           "Firefox",
		"":                    "",
		"evil\u202e\x1b[2J\n": "evil[2J",
	} {
		if got := system(ua); got != want {
			t.Errorf("%q: %q, want %q", ua, got, want)
		}
	}
}

func TestPlacesAndCleaning(t *testing.T) {
	for want, s := range map[string]sender{
		"":                     {},
		"Berlin, Germany":      {City: "Berlin", Region: "State of Berlin", Country: "Germany"},
		"Bavaria, Germany":     {Region: "Bavaria", Country: "Germany"},
		"Singapore":            {City: "Singapore", Region: "Singapore", Country: "Singapore"},
		"Frankfurt am Main, X": {City: " Frankfurt\n am\tMain ", Country: "X\u200b"},
	} {
		if got := place(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := clean(strings.Repeat("ü", 300)); got != strings.Repeat("ü", maxShown)+"…" {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, v := range loadText(f).Text.PairingURLs {
		f.Add(v.URL)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseAddress(text, production)
		var other *OtherServerError
		if err != nil {
			if !errors.Is(err, ErrBadAddress) && !errors.As(err, &other) {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := ParseAddress(code.Address(), production)
		if err != nil || again.channelID != code.channelID || !bytes.Equal(again.key, code.key) || again.Version != code.Version {
			t.Fatalf("%q became %q (%v)", text, code.Address(), err)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	f.Add([]byte(loadText(f).Text.ChannelServer.Envelope))
	f.Add([]byte(`{"message":"","sender":{"ua":"\u202e"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		record, from, err := unwrap(raw)
		if err != nil {
			if record != nil || from != (sender{}) || !errors.Is(err, ErrDisturbed) {
				t.Fatalf("refused and used: %x %+v %v", record, from, err)
			}
			return
		}
		p := from.peer()
		for _, shown := range []string{p.System, p.Place, p.Address} {
			if shown != clean(shown) && len([]rune(shown)) <= maxShown {
				t.Fatalf("%q is not clean", shown)
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	good, err := json.Marshal(testRequest())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r Request
		if json.Unmarshal(raw, &r) != nil || r.check() != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Request
		if err := json.Unmarshal(again, &back); err != nil || back.check() != nil {
			t.Fatalf("%s does not survive: %v", again, err)
		}
	})
}
