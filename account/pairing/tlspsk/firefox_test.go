package tlspsk

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

type firefoxCapture struct {
	PSK      hexBytes            `json:"pskHex"`
	Identity string              `json:"pskIdentity"`
	Secrets  map[string]hexBytes `json:"tlsSecretsHex"`
	Frames   []struct {
		From      string `json:"from"`
		Base64URL string `json:"base64url"`
		InnerType int    `json:"innerType"`
		Plaintext string `json:"plaintext"`
		Text      string `json:"text"`
	} `json:"frames"`
}

func unwire(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestFirefoxCapture takes desktop Firefox's place as the authority: fed with the same supplicant
// records, this side must emit Firefox's records byte for byte.
func TestFirefoxCapture(t *testing.T) {
	var capture firefoxCapture
	readJSON(t, "firefox-pairing.json", &capture)
	serverHello := unwire(t, capture.Frames[1].Base64URL)
	random := serverHello[headerSize+4+2:][:randomSize]
	conn, err := NewServer(Config{PSK: capture.PSK, Identity: []byte(capture.Identity), Random: bytes.NewReader(random)})
	if err != nil {
		t.Fatal(err)
	}
	secrets := seen(conn)
	var out [][]byte
	for i, frame := range capture.Frames {
		record := unwire(t, frame.Base64URL)
		if frame.From == "supplicant" {
			result, err := conn.Receive(record)
			if err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			out = append(out, result.Out...)
			if frame.Text != "" && (len(result.Events) != 1 || string(result.Events[0].Data) != frame.Text) {
				t.Errorf("frame %d: payload differs", i)
			}
			continue
		}
		var got []byte
		switch {
		case frame.InnerType == typeApplicationData:
			got, err = conn.Send([]byte(frame.Text))
		case frame.InnerType == typeAlert:
			got, err = conn.Close()
		default:
			got, out = out[0], out[1:]
		}
		if err != nil || !bytes.Equal(got, record) {
			t.Fatalf("frame %d: %x (%v), want %x", i, got, err, record)
		}
	}
	for ours, theirs := range map[string]string{
		"early_secret":                        "early",
		"handshake_secret":                    "handshake",
		"master_secret":                       "master",
		"client_handshake_traffic_secret":     "clientHandshakeTraffic",
		"server_handshake_traffic_secret":     "serverHandshakeTraffic",
		"client_application_traffic_secret_0": "clientApplicationTraffic",
		"server_application_traffic_secret_0": "serverApplicationTraffic",
	} {
		if !bytes.Equal(secrets[ours], capture.Secrets[theirs]) {
			t.Errorf("%s = %s", ours, hex.EncodeToString(secrets[ours]))
		}
	}
}
