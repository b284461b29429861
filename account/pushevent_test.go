package account_test

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// started makes a member whose state machine runs and that is connected.
func started(t testing.TB, s *accounttest.Service, person *accounttest.Account, opts ...account.Option) *member {
	t.Helper()
	m := newMember(t, s, opts...)
	device := account.DeviceConfig{Name: "desk", Type: account.DeviceDesktop, Capabilities: bothCapabilities}
	m.event(account.EventInitialize{Device: device}, account.Disconnected)
	state := m.event(account.EventBeginOAuth{Scopes: everything, Entrypoint: "test"}, account.Authenticating)
	code, oauthState := answer(t, s, state.OAuthURL, person)
	m.event(account.EventCompleteOAuth{Code: code, State: oauthState}, account.Connected)
	return m
}

// event processes an event, which must succeed and lead to a kind of state.
func (m *member) event(e account.Event, want account.StateKind) account.State {
	m.t.Helper()
	state, err := m.ProcessEvent(m.t.Context(), e)
	if err != nil {
		m.t.Fatalf("%T: %v", e, err)
	}
	if state.Kind != want || m.State().Kind != want {
		m.t.Fatalf("%T led to %v, want %s", e, state, want)
	}
	return state
}

func TestPushVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/accounts-client.json")
	ok(t, "ReadFile", err)
	var file struct {
		Vectors struct {
			PushMessages []struct {
				JSON   string `json:"json"`
				Event  string
				Fields map[string]any
			} `json:"push_messages"`
		}
	}
	ok(t, "Unmarshal", json.Unmarshal(text, &file))
	events := map[string]account.AccountEvent{
		"fxaccounts:profile_updated":     account.ProfileUpdated{},
		"fxaccounts:device_connected":    account.DeviceConnected{Name: "Nightly"},
		"fxaccounts:device_disconnected": account.DeviceDisconnected{ID: "remote_id"},
		"fxaccounts:password_changed":    account.AuthStateChanged{},
		"fxaccounts:password_reset":      account.AuthStateChanged{},
		"huh":                            account.UnknownEvent{Command: "huh"},
		"sync:collection_changed":        account.UnknownEvent{Command: "sync:collection_changed"},
		"":                               account.UnknownEvent{},
	}
	s := accounttest.New(t)
	m := newMember(t, s)
	for _, v := range file.Vectors.PushMessages {
		var in struct {
			Command string
			Data    map[string]any
		}
		if v.JSON != "" {
			ok(t, "Unmarshal", json.Unmarshal([]byte(v.JSON), &in))
		}
		got, err := m.HandlePush(t.Context(), []byte(v.JSON))
		switch {
		case v.Event == "error", in.Command == "fxaccounts:account_destroyed":
			want(t, v.JSON, err, account.ErrInvalidPush)
		case in.Command == "fxaccounts:command_received":
			sender, _ := in.Data["sender"].(string)
			if event := (account.CommandReceived{Index: 42, SenderID: sender}); err != nil || got != event {
				t.Errorf("%s: %#v, %v", v.JSON, got, err)
			}
		default:
			if err != nil || got != events[in.Command] {
				t.Errorf("%s: %#v, %v", v.JSON, got, err)
			}
		}
	}
	if len(file.Vectors.PushMessages) < 13 {
		t.Error("vectors are missing")
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestPushOfOtherShapes(t *testing.T) {
	t.Parallel()
	m := newMember(t, accounttest.New(t))
	for _, c := range []struct {
		text    string
		command string
		err     error
	}{
		{`{"command":"fxaccounts:command_received"}`, "fxaccounts:command_received", nil},
		{`{"command":"fxaccounts:command_received","data":{"index":"4"}}`, "fxaccounts:command_received", nil},
		{`{"command":"fxaccounts:command_received","data":{"index":-4}}`, "fxaccounts:command_received", nil},
		{`{"command":"fxaccounts:device_connected","data":{"name":"x"}}`, "fxaccounts:device_connected", nil},
		{`{"command":"fxaccounts:device_disconnected","data":{"id":""}}`, "fxaccounts:device_disconnected", nil},
		{`{"command":"fxaccounts:account_destroyed","data":[]}`, "fxaccounts:account_destroyed", nil},
		{`{"command":"","version":7}`, "", nil},
		{"  \n", "", nil},
		{`{"command":4}`, "", account.ErrInvalidPush},
		{`[]`, "", account.ErrInvalidPush},
		{`null`, "", account.ErrInvalidPush},
		{`{"command":"x"`, "", account.ErrInvalidPush},
		{"\x00\x01", "", account.ErrInvalidPush},
	} {
		got, err := m.HandlePush(t.Context(), []byte(c.text))
		want(t, c.text, err, c.err)
		if c.err == nil && got != (account.UnknownEvent{Command: c.command}) {
			t.Errorf("%s: %#v", c.text, got)
		}
	}
}

func TestPushMessagesAcceptedByFirefoxMeanTheSameHere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/firefox-traffic.json")
	ok(t, "ReadFile", err)
	var file struct {
		PushMessagesAcceptedByFirefox []struct{ Plaintext string }
	}
	ok(t, "Unmarshal", json.Unmarshal(text, &file))
	want := []account.AccountEvent{
		account.DeviceConnected{Name: "Lab Peer"},
		account.CommandReceived{Index: 1, SenderID: "8373a0ae7e27e5762f32ebcc4b696f22"},
		account.DeviceDisconnected{ID: "204c79f39b61b7162a80ff55dc581d10"},
	}
	m := newMember(t, accounttest.New(t))
	var got []account.AccountEvent
	for _, p := range file.PushMessagesAcceptedByFirefox {
		event, err := m.HandlePush(t.Context(), []byte(p.Plaintext))
		ok(t, "HandlePush", err)
		got = append(got, event)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

func TestPushForgetsLists(t *testing.T) {
	t.Parallel()
	s, _, m, other := pair(t)
	asked := func() int {
		t.Helper()
		s.ForgetRequests()
		if _, err := m.Devices(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(s.Requests(routeDevices))
	}
	asked()
	if asked() != 0 {
		t.Fatal("the list is not kept")
	}
	for _, text := range []string{
		`{"command":"fxaccounts:device_connected","data":{"deviceName":"x"}}`,
		`{"command":"fxaccounts:password_changed"}`,
		`{"command":"fxaccounts:device_disconnected","data":{"id":"` + other.id() + `"}}`,
	} {
		if _, err := m.HandlePush(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "device_disconnected") {
			if saved, _ := m.SavedDevices(); slices.ContainsFunc(saved, func(d account.Device) bool { return d.ID == other.id() }) {
				t.Error("a device that left is still in the saved list")
			}
		}
		if asked() != 1 {
			t.Errorf("the list was kept over %s", text)
		}
	}
}

func TestPushOfOwnDisconnection(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("pia@example.com", "a long password")
	m := started(t, s, person)
	id := m.id()
	if !person.DeleteDevice(id) {
		t.Fatal("the device is not there")
	}
	s.ForgetRequests()
	text := `{"version":1,"command":"fxaccounts:device_disconnected","data":{"id":"` + id + `"}}`
	m.saved.set(func(d *diary) { d.failing = true })
	_, err := m.HandlePush(t.Context(), []byte(text))
	want(t, "saving fails", err, errDiskFull)
	if m.State().Kind != account.Connected || m.AuthState() != account.AuthStateConnected {
		t.Error("memory changed although saving failed")
	}
	m.saved.set(func(d *diary) { d.failing = false })
	event, err := m.HandlePush(t.Context(), []byte(text))
	if err != nil || event != (account.DeviceDisconnected{ID: id, Local: true}) {
		t.Errorf("%#v, %v", event, err)
	}
	if m.State().Kind != account.Disconnected || m.AuthState() != account.AuthStateDisconnected {
		t.Errorf("state is %v, saved view %v", m.State(), m.AuthState())
	}
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
	// What may have outlived the device on the server is revoked when there is time.
	if left, err := m.FlushRevocations(t.Context()); err != nil || left != 0 {
		t.Errorf("%d revocations are left, %v", left, err)
	}
	if live := s.LiveTokens(); len(live) != 0 {
		t.Errorf("%d tokens are alive", len(live))
	}
	// Once more is another device's business.
	event, err = m.HandlePush(t.Context(), []byte(text))
	if err != nil || event != (account.DeviceDisconnected{ID: id}) {
		t.Errorf("repeated: %#v, %v", event, err)
	}
}

func TestPushOfDestruction(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("pia@example.com", "a long password")
	m := started(t, s, person)
	destroyed := func(uid string) error {
		t.Helper()
		event, err := m.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:account_destroyed","data":{"uid":"`+uid+`"}}`))
		if err == nil && event != (account.AccountDestroyed{}) {
			t.Errorf("event %#v", event)
		}
		return err
	}
	want(t, "no profile yet, or another account", destroyed("00112233445566778899aabbccddeeff"), account.ErrInvalidPush)
	if _, err := m.Profile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:profile_updated"}`)); err != nil {
		t.Fatal(err)
	}
	want(t, "another account", destroyed("00112233445566778899aabbccddeeff"), account.ErrInvalidPush)
	if m.State().Kind != account.Connected {
		t.Fatal("another account's end signed us out")
	}
	// Ours is known although the profile is out of date. It is a message, and no proof: nothing changes.
	ok(t, "destroyed", destroyed(person.UID()))
	if m.State().Kind != account.Connected || m.EmailHint() == "" {
		t.Errorf("a message alone made the state %v", m.State())
	}
}

func TestPushOfProfileChangeFetchesAgain(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("pia@example.com", "a long password")
	m := started(t, s, person)
	if p, err := m.Profile(t.Context()); err != nil || p.DisplayName != "" {
		t.Fatal(err)
	}
	person.SetDisplayName("Pia")
	if _, err := m.HandlePush(t.Context(), []byte(`{"command":"fxaccounts:profile_updated"}`)); err != nil {
		t.Fatal(err)
	}
	if p, err := m.Profile(t.Context()); err != nil || p.DisplayName != "Pia" {
		t.Errorf("profile %+v, %v", p, err)
	}
}

func TestAnnouncedCommands(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	for _, title := range []string{"missed", "announced", "newer"} {
		from.send(to, title, "https://example.com/")
	}
	// The announcement of the second is the only one that comes.
	const first = 1 // a fresh service counts from 1
	if _, err := to.HandlePush(t.Context(), announcement(first+1, from.id())); err != nil {
		t.Fatal(err)
	}
	var reasons []account.Reason
	for _, c := range to.poll() {
		reasons = append(reasons, c.(*account.TabReceived).Reason)
	}
	want := []account.Reason{account.ReasonPushMissed, account.ReasonPush, account.ReasonPush}
	if !slices.Equal(reasons, want) {
		t.Errorf("reasons %v", reasons)
	}
	// Late or repeated, it means nothing.
	if _, err := to.HandlePush(t.Context(), announcement(first+1, from.id())); err != nil {
		t.Fatal(err)
	}
	from.send(to, "found", "https://example.com/")
	if got := to.poll(); got[0].(*account.TabReceived).Reason != account.ReasonPoll {
		t.Errorf("reason %v", got[0].(*account.TabReceived).Reason)
	}
}

// TestAnnounced: it is HandlePush for commands, and for nothing else.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	for _, text := range []string{
		"", "x", `{"command":"fxaccounts:command_received","data":{}}`, `{"command":"fxaccounts:profile_updated"}`,
		`{"command":"fxaccounts:device_disconnected","data":{"id":"` + to.id() + `"}}`,
	} {
		if event, ok := to.Announced([]byte(text)); ok {
			t.Errorf("%q: %+v", text, event)
		}
	}
	if state := to.AuthState(); state != account.AuthStateConnected {
		t.Fatalf("state %v", state)
	}
	from.send(to, "a page", "https://example.com/")
	text := announcement(1, from.id())
	if event, ok := to.Announced(text); !ok || event != (account.CommandReceived{Index: 1, SenderID: from.id()}) {
		t.Errorf("%+v, %v", event, ok)
	}
	if got := to.poll(); got[0].(*account.TabReceived).Reason != account.ReasonPush {
		t.Errorf("reason %v", got[0].(*account.TabReceived).Reason)
	}
	if event, ok := to.Announced(text); !ok || !event.Seen {
		t.Errorf("after the poll: %+v, %v", event, ok)
	}
}

func announcement(index int64, sender string) []byte {
	text, err := json.Marshal(map[string]any{
		"version": 1, "command": "fxaccounts:command_received",
		"data": map[string]any{"command": openURI, "index": index, "sender": sender, "url": "https://example.com/"},
	})
	if err != nil {
		panic(err)
	}
	return text
}

func TestCommandFetch(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("pia@example.com", "a long password")
	from := join(t, s, person, "laptop")
	to := join(t, s, person, "phone", account.WithCommandFetch())
	from.send(to, "one", "https://example.com/1")
	from.send(to, "two", "https://example.com/2")
	event, err := to.HandlePush(t.Context(), announcement(1, from.id()))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := event.(account.CommandReceived)
	if !ok || got.Command == nil || got.Command.CommandIndex() != 1 || got.Command.CommandSender() != from.id() {
		t.Fatalf("%#v", event)
	}
	if names := titles([]account.IncomingCommand{got.Command}); !slices.Equal(names, []string{"one"}) {
		t.Errorf("fetched %v", names)
	}
	// The index has not moved: the poll has both.
	if names := titles(to.poll()); !slices.Equal(names, []string{"one", "two"}) {
		t.Errorf("polled %v", names)
	}
	if _, err := to.HandlePush(t.Context(), announcement(99, from.id())); err == nil {
		t.Error("a command that is not there was fetched")
	}
	s.Faults.Next(routePoll, 500)
	_, err = to.HandlePush(t.Context(), announcement(2, from.id()))
	want(t, "server fails", err, account.ErrUnavailable)
	// A server that has only a later one gives that: it is not the one announced.
	s.Faults.Next(routePoll, 200, accounttest.RawBody("application/json",
		`{"index":7,"last":true,"messages":[{"index":7,"data":{"command":"x","payload":{}}}]}`))
	if _, err := to.HandlePush(t.Context(), announcement(3, from.id())); err == nil || strings.Contains(err.Error(), "encrypted") {
		t.Errorf("another command was taken for the announced one: %v", err)
	}
	injected(t, from, to.id(), openURI, map[string]any{"encrypted": strangersBody})
	event, err = to.HandlePush(t.Context(), announcement(3, from.id()))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := event.(account.CommandReceived).Command.(*account.UnreadableCommand); !ok {
		t.Errorf("%#v", event)
	}
}

// FuzzHandlePush: nothing a push service may deliver makes a signed-out account do
// anything but name the event; what is refused is refused as such.
func FuzzHandlePush(f *testing.F) {
	text, err := os.ReadFile("testdata/accounts-client.json")
	if err != nil {
		f.Fatal(err)
	}
	var file struct {
		Vectors struct {
			PushMessages []struct {
				JSON string `json:"json"`
			} `json:"push_messages"`
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		f.Fatal(err)
	}
	for _, v := range file.Vectors.PushMessages {
		f.Add([]byte(v.JSON))
	}
	a, err := account.New(account.Config{ClientID: "x", RedirectURI: "https://example.com/"},
		account.WithTransport(roundTripFunc(func(*http.Request) (*http.Response, error) {
			panic("a request was made")
		})))
	if err != nil {
		f.Fatal(err)
	}
	before, err := a.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		event, err := a.HandlePush(t.Context(), payload)
		if (event == nil) == (err == nil) {
			t.Fatalf("event %#v with error %v", event, err)
		}
		if err != nil {
			want(t, "refused", err, account.ErrInvalidPush)
		}
		after, err := a.Snapshot()
		if err != nil || string(after) != string(before) {
			t.Error("the state changed")
		}
	})
}
