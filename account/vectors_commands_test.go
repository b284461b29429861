package account

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// loadVectors reads one of the files of shared vectors.
func loadVectors(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fromB64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func privateFrom(t testing.TB, d []byte) *ecdh.PrivateKey {
	t.Helper()
	k, err := ecdh.P256().NewPrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publicFrom(t testing.TB, raw []byte) *ecdh.PublicKey {
	t.Helper()
	k, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCloseTabsChunkingVectors(t *testing.T) {
	var file struct {
		Vectors struct {
			Chunking struct {
				Cases []struct {
					Max, Limit      int
					URLs            []string `json:"urls"`
					URLsDescription string   `json:"urlsDescription"`
					Commands        []int
					Unsent          int
				}
			} `json:"close_tabs_chunking"`
		}
	}
	loadVectors(t, "accounts-client.json", &file)
	if len(file.Vectors.Chunking.Cases) < 7 {
		t.Fatal("vectors are missing")
	}
	for i, c := range file.Vectors.Chunking.Cases {
		urls := c.URLs
		switch {
		case strings.HasPrefix(c.URLsDescription, "1000 copies"):
			urls = slices.Repeat([]string{strings.Repeat("u", 40)}, 1000)
		case strings.HasPrefix(c.URLsDescription, "one 30-byte"):
			urls = []string{strings.Repeat("l", 20000), strings.Repeat("s", 30)}
		}
		before := slices.Clone(urls)
		chunks, unsent := chunkURLs(urls, c.Max)
		var sizes []int
		for _, chunk := range chunks {
			sizes = append(sizes, len(chunk))
			if text, err := encodePayload(chunk); err != nil || len(text) > c.Limit {
				t.Errorf("case %d: a chunk of %d octets, limit %d", i, len(text), c.Limit)
			}
		}
		if chunkLimit(c.Max) != c.Limit || !cmp.Equal(sizes, c.Commands) && len(sizes)+len(c.Commands) > 0 || len(unsent) != c.Unsent {
			t.Errorf("case %d: limit %d, chunks %v, %d unsent", i, chunkLimit(c.Max), sizes, len(unsent))
		}
		if !slices.Equal(urls, before) {
			t.Errorf("case %d: the caller's list was changed", i)
		}
	}
}

// TestChunkingLosesNothing: whatever the lengths, every address is sent or unsent,
// once.
func TestChunkingLosesNothing(t *testing.T) {
	var urls []string
	for i := range 400 {
		urls = append(urls, strings.Repeat("<", i*i%997)+"\u2028é&")
	}
	for _, limit := range []int{0, 2000, 2100, 3000, 16384} {
		chunks, unsent := chunkURLs(urls, limit)
		got := slices.Sorted(slices.Values(slices.Concat(append(chunks, unsent)...)))
		if !slices.Equal(got, slices.Sorted(slices.Values(urls))) {
			t.Errorf("limit %d: %d of %d addresses", limit, len(got), len(urls))
		}
		for i, chunk := range chunks {
			if len(chunk) == 0 {
				t.Errorf("limit %d: chunk %d is empty", limit, i)
			}
		}
	}
}

type commandVector struct {
	SenderPrivateKey  string
	Salt              string
	Plaintext         string
	CommandPayload    json.RawMessage
	InvokeCommandBody json.RawMessage
}

// TestCommandVectors writes both commands byte for byte, from our own payload
// types to the body of the request.
func TestCommandVectors(t *testing.T) {
	var file struct {
		Vectors struct {
			SendTab   commandVector `json:"send_tab_command"`
			CloseTabs commandVector `json:"close_tabs_command"`
			AES128GCM []struct {
				ReceiverPublicKey, ReceiverPrivateKey, AuthSecret string
			} `json:"aes128gcm"`
		}
	}
	loadVectors(t, "accounts-client.json", &file)
	receiver := file.Vectors.AES128GCM[0]
	for name, c := range map[string]struct {
		v       commandVector
		payload any
		command string
		ttl     int64
	}{
		"send tab": {file.Vectors.SendTab, SendTabPayload{
			Entries: []TabEntry{{Title: "Example Domain", URL: "https://example.com/?a=1&b=<2>"}},
			FlowID:  "AAAAAAAAAAAA", StreamID: "BBBBBBBBBBBB",
		}, commandOpenURI, 0},
		"close tabs": {file.Vectors.CloseTabs, CloseTabsPayload{
			URLs: []string{"https://example.com/", "https://example.org/x"}, FlowID: "AAAAAAAAAAAA", StreamID: "CCCCCCCCCCCC",
		}, commandCloseURI, closeTabsTTL},
	} {
		clear, err := encodePayload(c.payload)
		if err != nil || string(clear) != c.v.Plaintext {
			t.Errorf("%s: cleartext is %s, %v", name, clear, err)
		}
		o := outgoing{
			account: &Account{}, target: "d3fc82acca7fc8c50acc06d21babbc00", command: c.command,
			keys: keys.CommandPublic{
				PublicKey: publicFrom(t, fromHex(t, receiver.ReceiverPublicKey)), AuthSecret: fromHex(t, receiver.AuthSecret),
			},
		}
		// The source of randomness gives the sender's key and then the salt.
		o.account.random = bytes.NewReader(append(fromHex(t, c.v.SenderPrivateKey), fromHex(t, c.v.Salt)...))
		invocation, err := o.seal(c.payload, c.ttl)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, name+": payload", invocation.Payload, c.v.CommandPayload)
		body, err := json.Marshal(invocation)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, name+": body", body, c.v.InvokeCommandBody)

		ours := keys.CommandKeys{Private: privateFrom(t, fromHex(t, receiver.ReceiverPrivateKey)), AuthSecret: fromHex(t, receiver.AuthSecret)}
		back, err := openCommand(ours, c.v.CommandPayload)
		if err != nil || string(back) != c.v.Plaintext {
			t.Errorf("%s: decrypted %s, %v", name, back, err)
		}
	}
}

func sameJSON(t *testing.T, what string, got, want []byte) {
	t.Helper()
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal(want, &w)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s differs:\n%s", what, diff)
	}
}

func TestPayloadTolerance(t *testing.T) {
	for _, c := range []struct {
		text string
		ok   bool
		want SendTabPayload
	}{
		{`{"entries":[]}`, true, SendTabPayload{Entries: []TabEntry{}}},
		{`{"entries":[{"title":"t","url":"u"}],"x":{"y":1}}`, true, SendTabPayload{Entries: []TabEntry{{Title: "t", URL: "u"}}}},
		{`{"entries":[{"url":"u","title":null,"private":null}],"flowID":null}`, true, SendTabPayload{Entries: []TabEntry{{URL: "u"}}}},
		{`{}`, false, SendTabPayload{}},
		{`{"entries":null}`, false, SendTabPayload{}},
		{`{"entries":{}}`, false, SendTabPayload{}},
		{`{"entries":[{"url":4}]}`, false, SendTabPayload{}},
		{`[]`, false, SendTabPayload{}},
		{``, false, SendTabPayload{}},
	} {
		got, err := parseSendTab([]byte(c.text))
		if (err == nil) != c.ok || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
	for text, ok := range map[string]bool{`{"urls":[]}`: true, `{"urls":["u"]}`: true, `{}`: false, `{"urls":"u"}`: false, `x`: false} {
		if _, err := parseCloseTabs([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPageOfATab(t *testing.T) {
	index := func(i int) *int { return &i }
	a, b := TabEntry{URL: "a"}, TabEntry{URL: "b"}
	for name, c := range map[string]struct {
		payload SendTabPayload
		want    TabEntry
		ok      bool
	}{
		"none":         {SendTabPayload{}, TabEntry{}, false},
		"last":         {SendTabPayload{Entries: []TabEntry{a, b}}, b, true},
		"current":      {SendTabPayload{Entries: []TabEntry{a, b}, Current: index(0)}, a, true},
		"out of range": {SendTabPayload{Entries: []TabEntry{a, b}, Current: index(2)}, b, true},
		"negative":     {SendTabPayload{Entries: []TabEntry{a, b}, Current: index(-1)}, b, true},
	} {
		if got, ok := c.payload.Page(); got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

// firefox is what was recorded between a real Firefox and a server.
type firefox struct {
	Account            struct{ OldsyncKey ScopedKey }
	SendTabFromFirefox struct {
		RecipientKeys recipient
		Messages      map[string]struct{ Command, Encrypted, Plaintext string }
	}
	CloseTabFromFirefox struct {
		RecipientKeys recipient
		Message       struct{ Command, Encrypted, Plaintext string }
	}
	SendTabAcceptedByFirefox      accepted
	CloseTabAcceptedByFirefox     accepted
	DeviceRegisteredByFirefox     struct{ AsListedByServer json.RawMessage }
	PushMessagesAcceptedByFirefox []struct {
		Plaintext string
	}
}

type recipient struct{ PublicKey, PrivateKey, AuthSecret string }

type accepted struct {
	RecipientKeys struct {
		AuthSecret string
		PrivateJWK struct{ D string } `json:"privateJwk"`
	}
	Plaintext, Encrypted string
}

// holder is a state that holds the keys for one command.
func holder(t testing.TB, command string, k keys.CommandKeys) *persisted {
	t.Helper()
	text, err := k.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return &persisted{CommandKeys: map[string]string{command: string(text)}}
}

func (r recipient) keys(t testing.TB) keys.CommandKeys {
	return keys.CommandKeys{Private: privateFrom(t, fromB64(t, r.PrivateKey)), AuthSecret: fromB64(t, r.AuthSecret)}
}

func envelope(encrypted string) json.RawMessage {
	return json.RawMessage(`{"encrypted":"` + encrypted + `"}`)
}

func TestReadingWhatFirefoxSends(t *testing.T) {
	var f firefox
	loadVectors(t, "firefox-traffic.json", &f)
	if len(f.SendTabFromFirefox.Messages) < 4 {
		t.Fatal("the recording has fewer messages than expected")
	}
	tab := commandCiphers{state: holder(t, commandOpenURI, f.SendTabFromFirefox.RecipientKeys.keys(t))}
	for name, m := range f.SendTabFromFirefox.Messages {
		got, err := decodeCommand(&tab, wire.Command{Index: 1, Command: m.Command, Payload: envelope(m.Encrypted)}, Incoming{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want SendTabPayload
		if err := json.Unmarshal([]byte(m.Plaintext), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&TabReceived{Payload: want}, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if page, ok := got.(*TabReceived).Payload.Page(); !ok || page.Private != (name == "send-private") || !strings.HasPrefix(page.URL, "https://example.com/") {
			t.Errorf("%s: page %+v", name, page)
		}
	}
	closing := commandCiphers{state: holder(t, commandCloseURI, f.CloseTabFromFirefox.RecipientKeys.keys(t))}
	m := f.CloseTabFromFirefox.Message
	got, err := decodeCommand(&closing, wire.Command{Index: 1, Command: m.Command, Payload: envelope(m.Encrypted)}, Incoming{})
	if err != nil {
		t.Fatal(err)
	}
	if urls := got.(*TabsClosed).Payload.URLs; !slices.Equal(urls, []string{"https://example.com/a", "https://example.com/b"}) {
		t.Errorf("closes %v", urls)
	}
}

// TestReadingWhatFirefoxAccepts reads the commands and push messages that a Firefox
// took. That we write them, to the last octet, is shown in package ece.
func TestReadingWhatFirefoxAccepts(t *testing.T) {
	var f firefox
	loadVectors(t, "firefox-traffic.json", &f)
	for name, a := range map[string]accepted{"send tab": f.SendTabAcceptedByFirefox, "close tab": f.CloseTabAcceptedByFirefox} {
		k := keys.CommandKeys{
			Private:    privateFrom(t, fromB64(t, a.RecipientKeys.PrivateJWK.D)),
			AuthSecret: fromB64(t, a.RecipientKeys.AuthSecret),
		}
		clear, err := openCommand(k, envelope(a.Encrypted))
		if err != nil || string(clear) != a.Plaintext {
			t.Errorf("%s: %s, %v", name, clear, err)
		}
	}
	for i, p := range f.PushMessagesAcceptedByFirefox {
		if _, err := parsePush([]byte(p.Plaintext)); err != nil {
			t.Errorf("push message %d: %v", i, err)
		}
	}
}

// TestReadingFirefoxsRecord reads the record a Firefox registered and opens what it
// published.
func TestReadingFirefoxsRecord(t *testing.T) {
	var f firefox
	loadVectors(t, "firefox-traffic.json", &f)
	var record wire.Device
	if err := json.Unmarshal(f.DeviceRegisteredByFirefox.AsListedByServer, &record); err != nil {
		t.Fatal(err)
	}
	d := deviceFrom(record)
	if d.DisplayName != "Firefox Lab" || d.Type != DeviceDesktop || d.IsCurrentDevice || d.PushSubscription == nil ||
		d.LastAccess.UnixMilli() != 1795292360512 || !sameCapabilities(d.Capabilities, []Capability{CapabilityCloseTabs, CapabilitySendTab}) {
		t.Errorf("record reads as %+v", d)
	}
	for _, command := range []string{commandOpenURI, commandCloseURI} {
		if _, err := keys.OpenCommandKeys(keys.ScopedKey(f.Account.OldsyncKey), d.Commands[command]); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// FuzzDecodeCommand: whatever the server hands over, the result is one command or
// one error of this package, never both, and a command decodes only from what was
// encrypted to us.
func FuzzDecodeCommand(f *testing.F) {
	var file firefox
	loadVectors(f, "firefox-traffic.json", &file)
	state := holder(f, commandOpenURI, file.SendTabFromFirefox.RecipientKeys.keys(f))
	genuine := map[string]bool{}
	for _, m := range file.SendTabFromFirefox.Messages {
		genuine[string(fromB64(f, m.Encrypted))] = true
		f.Add(m.Command, []byte(envelope(m.Encrypted)))
	}
	f.Add(commandCloseURI, []byte(`{"encrypted":""}`))
	f.Add("x", []byte(`{}`))
	f.Fuzz(func(t *testing.T, command string, payload []byte) {
		ciphers := commandCiphers{state: state}
		got, err := decodeCommand(&ciphers, wire.Command{Index: 9, Command: command, Payload: payload}, Incoming{Index: 9})
		if err != nil {
			if !errors.Is(err, ErrOther) {
				t.Errorf("error of no class: %v", err)
			}
			return
		}
		if got == nil || got.CommandIndex() != 9 {
			t.Fatalf("neither command nor error: %#v", got)
		}
		var in struct {
			Encrypted string `json:"encrypted"`
		}
		if err := json.Unmarshal(payload, &in); err != nil {
			t.Fatal(err)
		}
		body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(in.Encrypted, "="))
		if err != nil || !genuine[string(body)] {
			t.Errorf("a command was decoded from a stranger's text (%v)", err)
		}
	})
}

// FuzzSealAndOpen: every page comes back as it was sent.
func FuzzSealAndOpen(f *testing.F) {
	f.Add("title", "https://example.com/?a=1&b=<2>", true)
	f.Add("☃\u2028", "", false)
	f.Fuzz(func(t *testing.T, title, url string, private bool) {
		k, err := keys.NewCommandKeys(bytes.NewReader(bytes.Repeat([]byte{7}, 48)))
		if err != nil {
			t.Fatal(err)
		}
		o := outgoing{account: &Account{}, keys: k.Public()}
		o.account.random = bytes.NewReader(bytes.Repeat([]byte{9}, 48))
		sent := SendTabPayload{Entries: []TabEntry{{Title: title, URL: url, Private: private}}}
		invocation, err := o.seal(sent, 0)
		if err != nil {
			t.Fatal(err)
		}
		clear, err := openCommand(k, invocation.Payload)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseSendTab(clear)
		if err != nil {
			t.Fatal(err)
		}
		same := func(sent, got string) bool { return !utf8.ValidString(sent) || sent == got }
		if len(got.Entries) != 1 || got.Entries[0].Private != private ||
			!same(title, got.Entries[0].Title) || !same(url, got.Entries[0].URL) {
			t.Errorf("sent %q, %q, got %+v", title, url, got.Entries)
		}
	})
}
