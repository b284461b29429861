package accounttest

import (
	"context"
	"crypto/ecdh"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

const commandCloseURI = "https://identity.mozilla.com/cmd/close-uri/v1"

// agent is a user agent of the push service with one subscription.
type agent struct {
	t        testing.TB
	conn     *websocket.Conn
	endpoint string
	key      *ecdh.PrivateKey
	auth     []byte
}

func newAgent(t testing.TB, s *Service, name string) *agent {
	t.Helper()
	transport := s.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	p := newPeer(t, s)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, s.PushURL(), &websocket.DialOptions{HTTPClient: p.http, Subprotocols: []string{"push-notification"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	g := &agent{t: t, conn: conn, key: newFlow(name, "agent").key, auth: []byte("0123456789abcdef")}
	g.write(`{"messageType":"hello","broadcasts":{},"use_webpush":true}`)
	if hello := g.read(); hello["messageType"] != "hello" {
		t.Fatalf("no hello: %v", hello)
	}
	g.write(`{"messageType":"register","channelID":"6f0c1e9a-0000-4000-8000-000000000001"}`)
	registered := g.read()
	endpoint, ok := registered["pushEndpoint"].(string)
	if !ok {
		t.Fatalf("no endpoint: %v", registered)
	}
	g.endpoint = endpoint
	return g
}

func (g *agent) write(text string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := g.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *agent) read() map[string]any {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, text, err := g.conn.Read(ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	var message map[string]any
	if err := json.Unmarshal(text, &message); err != nil {
		g.t.Fatal(err)
	}
	return message
}

// next waits for a notification, acknowledges and decrypts it. An empty body
// gives nil.
func (g *agent) next() map[string]any {
	g.t.Helper()
	note := g.read()
	if note["messageType"] != "notification" {
		g.t.Fatalf("not a notification: %v", note)
	}
	ack, err := json.Marshal(map[string]any{"messageType": "ack", "updates": []any{map[string]any{
		"channelID": note["channelID"], "version": note["version"], "code": 100,
	}}})
	if err != nil {
		g.t.Fatal(err)
	}
	g.write(string(ack))
	data, ok := note["data"].(string)
	if !ok {
		return nil
	}
	raw, err := crypt.DecodeB64(data)
	if err != nil {
		g.t.Fatal(err)
	}
	var message map[string]any
	if err := json.Unmarshal(openPush(g.t, g.key, g.auth, raw), &message); err != nil {
		g.t.Fatal(err)
	}
	return message
}

// openPush is the receiver's side of RFC 8291 for one record.
func openPush(t testing.TB, key *ecdh.PrivateKey, auth, body []byte) []byte {
	t.Helper()
	salt, sender := body[:16], body[21:86]
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	ikm := crypt.Expand(secret, auth, "WebPush: info\x00"+string(key.PublicKey().Bytes())+string(sender), 32)
	gcm := crypt.NewGCM(crypt.Expand(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	plain, err := gcm.Open(nil, crypt.Expand(ikm, salt, "Content-Encoding: nonce\x00", 12), body[86:], nil)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.TrimSuffix(strings.TrimRight(string(plain), "\x00"), "\x02"))
}

// record is a device registration with push.
func (g *agent) record(name string, commands map[string]string) map[string]any {
	return map[string]any{
		"name": name, "type": "desktop", "availableCommands": commands,
		"pushCallback": g.endpoint, "pushPublicKey": crypt.B64(g.key.PublicKey().Bytes()), "pushAuthKey": crypt.B64(g.auth),
	}
}

var sendTab = map[string]string{commandOpenURI: `{"kid":"x","IV":"y+/=","hmac":"z","ciphertext":"<&>"}`}

func TestCommandTravelsFromDeviceToDevice(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	phone := "Bearer " + p.signIn(AndroidClientID, everything, h).str("refresh_token")
	g := newAgent(t, s, "phone")
	receiver := p.post("/v1/account/device", phone, g.record("Phone", sendTab)).ok()
	if receiver.json["createdAt"] != nil {
		t.Errorf("the placeholder was not updated but a device made: %s", receiver.text)
	}

	desktop := p.session(h)
	sender := p.post("/v1/account/device", desktop, map[string]any{"name": "Laptop", "type": "desktop"}).ok()
	if message := g.next(); message["command"] != "fxaccounts:device_connected" || message["data"].(map[string]any)["deviceName"] != "Laptop" {
		t.Errorf("unexpected push: %v", message)
	}

	list := p.get("/v1/account/devices", desktop).ok().list()
	if len(list) != 2 {
		t.Fatalf("%d devices, want 2", len(list))
	}
	for _, d := range list {
		if d["isCurrentDevice"] != (d["id"] == sender.str("id")) {
			t.Errorf("isCurrentDevice is wrong: %v", d)
		}
		if d["id"] == receiver.str("id") && d["availableCommands"].(map[string]any)[commandOpenURI] != sendTab[commandOpenURI] {
			t.Errorf("availableCommands changed on the way: %v", d["availableCommands"])
		}
	}

	invoked := p.post("/v1/account/devices/invoke_command", desktop, map[string]any{
		"target": receiver.str("id"), "command": commandOpenURI, "payload": map[string]any{"encrypted": "abc"},
	}).ok()
	if invoked.json["enqueued"] != true || invoked.json["notified"] != true || invoked.json["notifyError"] != nil {
		t.Errorf("unexpected reply: %s", invoked.text)
	}
	message := g.next()
	data, _ := message["data"].(map[string]any)
	if message["command"] != "fxaccounts:command_received" || data["sender"] != sender.str("id") || data["index"] == nil {
		t.Fatalf("unexpected push: %v", message)
	}
	got := p.get("/v1/account/device/commands?index=0", phone).ok()
	messages, _ := got.json["messages"].([]any)
	if len(messages) != 1 || got.json["last"] != true || got.json["index"] != data["index"] {
		t.Fatalf("unexpected queue: %s", got.text)
	}
	if !strings.Contains(got.text, `"encrypted":"abc"`) || !strings.Contains(got.text, sender.str("id")) {
		t.Errorf("payload or sender is missing: %s", got.text)
	}
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	me := p.session(h)
	own := p.post("/v1/account/device", me, map[string]any{"name": "Me", "type": "desktop", "availableCommands": sendTab}).ok().str("id")
	object := map[string]any{"encrypted": "x"}
	cases := map[string]struct {
		body          map[string]any
		status, errno int
	}{
		"unknown target":  {map[string]any{"target": strings.Repeat("0", 32), "command": commandOpenURI, "payload": object}, 400, 123},
		"unknown command": {map[string]any{"target": own, "command": commandCloseURI, "payload": object}, 400, 157},
		"text payload":    {map[string]any{"target": own, "command": commandOpenURI, "payload": "x"}, 400, 107},
		"list payload":    {map[string]any{"target": own, "command": commandOpenURI, "payload": []int{1}}, 400, 107},
		"no payload":      {map[string]any{"target": own, "command": commandOpenURI}, 400, 108},
		"bad target":      {map[string]any{"target": "xyz", "command": commandOpenURI, "payload": object}, 400, 107},
		"ttl too long":    {map[string]any{"target": own, "command": commandOpenURI, "payload": object, "ttl": 10000001}, 400, 107},
		"negative ttl":    {map[string]any{"target": own, "command": commandOpenURI, "payload": object, "ttl": -1}, 400, 107},
		"too large":       {map[string]any{"target": own, "command": commandOpenURI, "payload": map[string]any{"encrypted": strings.Repeat("x", maxBody)}}, 413, 113},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			p.post("/v1/account/devices/invoke_command", me, test.body).fails(test.status, test.errno)
		})
	}
	self := p.post("/v1/account/devices/invoke_command", me, map[string]any{"target": own, "command": commandOpenURI, "payload": object}).ok()
	if self.json["notified"] != false || self.json["notifyError"] != "noCallback" {
		t.Errorf("unexpected reply: %s", self.text)
	}
}

func TestQueuePagesExpiresAndIsInclusive(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.SkipIndexes(5000)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	me := p.session(h)
	own := p.post("/v1/account/device", me, map[string]any{"name": "Me", "availableCommands": map[string]string{commandOpenURI: "a", commandCloseURI: "b"}}).ok().str("id")
	send := func(command string, ttl any) {
		body := map[string]any{"target": own, "command": command, "payload": map[string]any{}}
		if ttl != nil {
			body["ttl"] = ttl
		}
		p.post("/v1/account/devices/invoke_command", me, body).ok()
	}
	empty := p.get("/v1/account/device/commands", me).ok()
	if empty.num("index") != 0 || empty.json["last"] != true {
		t.Errorf("unexpected empty page: %s", empty.text)
	}
	send(commandOpenURI, nil)
	send(commandCloseURI, 60)
	send(commandOpenURI, nil)
	page := p.get("/v1/account/device/commands?index=0&limit=2", me).ok()
	if page.num("index") != 5002 || page.json["last"] != false {
		t.Errorf("unexpected first page: %s", page.text)
	}
	page = p.get("/v1/account/device/commands?index=5003", me).ok()
	if page.num("index") != 5003 || page.json["last"] != true || len(page.json["messages"].([]any)) != 1 {
		t.Errorf("unexpected second page: %s", page.text)
	}
	s.Clock.Advance(61 * time.Second)
	page = p.get("/v1/account/device/commands", me).ok()
	if len(page.json["messages"].([]any)) != 2 {
		t.Errorf("an expired command is there: %s", page.text)
	}
	send(commandCloseURI, 1)
	s.Clock.Advance(2 * time.Second)
	page = p.get("/v1/account/device/commands", me).ok()
	if page.json["last"] != false {
		t.Errorf("last must compare with the highest index ever stored: %s", page.text)
	}
	page = p.get("/v1/account/device/commands?index=5004", me).ok()
	if page.num("index") != 0 || page.json["last"] != true {
		t.Errorf("unexpected end: %s", page.text)
	}
	s.Clock.Advance(maxQueueTime)
	if page = p.get("/v1/account/device/commands", me).ok(); len(page.json["messages"].([]any)) != 0 {
		t.Errorf("commands outlive 28 days: %s", page.text)
	}
	p.get("/v1/account/device/commands?limit=101", me).fails(400, 107)
	p.get("/v1/account/device/commands?index=x", me).fails(400, 107)
}

func TestDeviceRegistration(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	one, two := p.session(h), p.session(h)
	first := p.post("/v1/account/device", one, map[string]any{"name": "One", "type": "toaster"}).ok()
	if first.json["createdAt"] == nil || first.str("type") != "toaster" {
		t.Errorf("unexpected reply: %s", first.text)
	}
	id := first.str("id")
	again := p.post("/v1/account/device", one, map[string]any{"name": "Uno"}).ok()
	if again.str("id") != id || again.json["createdAt"] != nil {
		t.Errorf("a second registration must update: %s", again.text)
	}
	second := p.post("/v1/account/device", two, map[string]any{"name": "Two"}).ok().str("id")
	if got := p.post("/v1/account/device", one, map[string]any{"id": second}).fails(400, 124); got.str("deviceId") != id {
		t.Errorf("wrong deviceId: %s", got.text)
	}
	p.post("/v1/account/device", one, map[string]any{"id": strings.Repeat("a", 32)}).fails(400, 123)
	three := p.session(h)
	if took := p.post("/v1/account/device", three, map[string]any{"id": second, "name": "Taken"}).ok(); took.str("id") != second {
		t.Errorf("a credential without device must take the record over: %s", took.text)
	}
	if got := p.get("/v1/account/devices", two).ok().list(); got[0]["isCurrentDevice"] == true || got[1]["isCurrentDevice"] == true {
		t.Error("the former owner still counts as the device")
	}
	point := crypt.B64(newFlow("k", "k").key.PublicKey().Bytes())
	for name, body := range map[string]map[string]any{
		"null name":        {"name": nil},
		"empty name":       {"name": ""},
		"control in name":  {"name": "a\x01b"},
		"private use":      {"name": "a\ue000"},
		"long name":        {"name": strings.Repeat("n", 256)},
		"long type":        {"type": strings.Repeat("t", 17)},
		"null type":        {"type": nil},
		"callback alone":   {"pushCallback": "https://example.com/"},
		"no auth key":      {"pushCallback": "https://example.com/", "pushPublicKey": point},
		"key off curve":    {"pushCallback": "https://example.com/", "pushPublicKey": crypt.B64(append([]byte{4}, make([]byte, 64)...)), "pushAuthKey": "AAAAAAAAAAAAAAAAAAAAAA"},
		"long callback":    {"pushCallback": "https://example.com/" + strings.Repeat("x", 255), "pushPublicKey": point, "pushAuthKey": "AAAAAAAAAAAAAAAAAAAAAA"},
		"commands as list": {"availableCommands": []string{"x"}},
		"long command":     {"availableCommands": map[string]string{"x": strings.Repeat("v", 2049)}},
		"number command":   {"availableCommands": map[string]int{"x": 1}},
	} {
		t.Run(name, func(t *testing.T) { p.post("/v1/account/device", one, body).fails(400, 107) })
	}
	kept := p.post("/v1/account/device", one, map[string]any{"availableCommands": map[string]string{"good/1": "v", "bad name": "v"}}).ok()
	if commands := kept.json["availableCommands"].(map[string]any); len(commands) != 1 || commands["good/1"] != "v" {
		t.Errorf("unexpected commands: %s", kept.text)
	}
	astral := p.post("/v1/account/device", one, map[string]any{"name": "Ünï 🦊"}).ok()
	if astral.str("name") != "Ünï 🦊" {
		t.Errorf("unexpected name: %s", astral.text)
	}
}

func TestExpiredPushIsFlaggedAndClearedByANewEndpoint(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	g := newAgent(t, s, "desk")
	me := p.session(h)
	record := g.record("Me", sendTab)
	id := p.post("/v1/account/device", me, record).ok().str("id")
	g.write(`{"messageType":"unregister","channelID":"6f0c1e9a-0000-4000-8000-000000000001","code":200}`)
	g.read()
	invoke := map[string]any{"target": id, "command": commandOpenURI, "payload": map[string]any{}}
	if got := p.post("/v1/account/devices/invoke_command", me, invoke).ok(); got.json["notifyError"] != "resetCallback" {
		t.Errorf("unexpected reply: %s", got.text)
	}
	if !h.Devices()[0].PushEndpointExpired {
		t.Fatal("the endpoint is not flagged")
	}
	if got := p.post("/v1/account/devices/invoke_command", me, invoke).ok(); got.json["notifyError"] != "expiredCallback" {
		t.Errorf("unexpected reply: %s", got.text)
	}
	if got := p.post("/v1/account/device", me, record).ok(); got.json["pushEndpointExpired"] != true {
		t.Errorf("the same endpoint cleared the flag: %s", got.text)
	}
	record["pushCallback"] = g.endpoint + "x"
	if got := p.post("/v1/account/device", me, record).ok(); got.json["pushEndpointExpired"] != false {
		t.Errorf("a new endpoint did not clear the flag: %s", got.text)
	}
}

func TestProductionPushHosts(t *testing.T) {
	t.Parallel()
	s := New(t, ProductionPushHosts())
	p := newPeer(t, s)
	me := p.session(s.NewAccount("a@example.com", "password1"))
	point := crypt.B64(newFlow("k", "k").key.PublicKey().Bytes())
	for callback, good := range map[string]bool{
		"https://updates.push.services.mozilla.com/wpush/v2/x": true,
		"https://autopush.stage.mozaws.net/wpush/v1/x":         true,
		"http://updates.push.services.mozilla.com/wpush/v2/x":  false,
		"https://services.mozilla.com.example/x":               false,
		"https://example.com/x":                                false,
	} {
		got := p.post("/v1/account/device", me, map[string]any{"pushCallback": callback, "pushPublicKey": point, "pushAuthKey": "AAAAAAAAAAAAAAAAAAAAAA"})
		if good {
			got.ok()
		} else {
			got.fails(400, 107)
		}
	}
}

func TestDestroyedDeviceTakesItsCredentials(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	phoneTokens := p.signIn(AndroidClientID, everything, h)
	phone := "Bearer " + phoneTokens.str("refresh_token")
	g := newAgent(t, s, "phone")
	p.post("/v1/account/device", phone, g.record("Phone", nil)).fails(400, 107) // commands are null here
	deviceID := p.post("/v1/account/device", phone, g.record("Phone", sendTab)).ok().str("id")
	me := p.session(h)
	p.post("/v1/account/device", me, map[string]any{"name": "Me"}).ok()
	g.next() // device_connected
	p.post("/v1/account/device/destroy", me, map[string]any{"id": deviceID}).ok()
	if message := g.next(); message["command"] != "fxaccounts:device_disconnected" || message["data"].(map[string]any)["id"] != deviceID {
		t.Errorf("the removed device must be told too: %v", message)
	}
	p.get("/v1/account/devices", phone).fails(401, 110)
	p.get("/v1/session/status", typedSession(phoneTokens.str("session_token"))).fails(401, 110)
	p.post("/v1/account/device/destroy", me, map[string]any{"id": deviceID}).fails(400, 123)
	if n := len(h.Devices()); n != 1 {
		t.Errorf("%d devices are left, want 1", n)
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	s := New(t)
	p := newPeer(t, s)
	h := s.NewAccount("a@example.com", "password1")
	me, other := p.session(h), p.session(h)
	g := newAgent(t, s, "other")
	otherID := p.post("/v1/account/device", other, g.record("Other", sendTab)).ok().str("id")
	p.post("/v1/account/device", me, map[string]any{"name": "Me"}).ok()
	g.next()
	payload := map[string]any{"version": 1, "command": "sync:collection_changed", "data": map[string]any{"collections": []string{"clients"}}}
	p.post("/v1/account/devices/notify", me, map[string]any{"to": "all", "excluded": []string{otherID}, "payload": payload}).ok()
	p.post("/v1/account/devices/notify", me, map[string]any{"to": []string{otherID}, "payload": payload, "TTL": 60}).ok()
	if message := g.next(); message["command"] != "sync:collection_changed" {
		t.Errorf("unexpected push: %v", message)
	}
	p.post("/v1/account/devices/notify", me, map[string]any{"to": "all", "payload": map[string]any{"version": 2}}).fails(400, 107)
	p.post("/v1/account/devices/notify", me, map[string]any{"payload": payload}).fails(400, 108)
	p.post("/v1/account/devices/notify", me, map[string]any{"to": "all", "payload": map[string]any{}, "_endpointAction": "accountVerify"}).ok()
	if message := g.next(); message != nil {
		t.Errorf("an accountVerify message has no body, got %v", message)
	}
}
