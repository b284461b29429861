package account_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// TestPollPages: more than a page waits; each page is saved in one call, with the
// index that counts it as received.
func TestPollPages(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	const n = 230
	want := make([]string, n)
	for i := range n {
		want[i] = fmt.Sprint("tab ", i)
		from.send(to, want[i], "https://example.com/")
		if i == 120 {
			s.SkipIndexes(1000)
		}
	}
	s.ForgetRequests()
	if got := titles(to.poll()); !slices.Equal(got, want) {
		t.Fatalf("%d tabs arrived", len(got))
	}
	pages, state := to.saved.pages()
	var sizes []int
	for _, p := range pages {
		sizes = append(sizes, len(p))
	}
	if !slices.Equal(sizes, []int{100, 100, 30}) {
		t.Errorf("pages of %v", sizes)
	}
	var saved struct {
		LastCommand int64 `json:"last_command"`
	}
	if err := json.Unmarshal(state, &saved); err != nil || saved.LastCommand != pages[2][29].CommandIndex() {
		t.Errorf("saved index %d, %v", saved.LastCommand, err)
	}
	if n := len(s.Requests(routePoll)); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if again := to.reopened(); len(again.poll()) != 0 {
		t.Error("commands arrived again after a restart")
	}
}

// TestPollSaveFails: what cannot be saved was not received, in memory either.
func TestPollSaveFails(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	const n = 130
	for i := range n {
		from.send(to, fmt.Sprint(i), "https://example.com/")
	}
	before, err := to.Snapshot()
	ok(t, "Snapshot", err)
	to.saved.set(func(d *diary) { d.failReceived = true })
	got, err := to.PollCommands(t.Context())
	want(t, "saving fails", err, errDiskFull)
	if len(got) != 0 {
		t.Errorf("%d commands were given out", len(got))
	}
	var save *account.SaveError
	if !errors.As(err, &save) {
		t.Errorf("error is %T", err)
	}
	after, err := to.Snapshot()
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("memory changed (%v)", err)
	}
	to.saved.set(func(d *diary) { d.failReceived = false })
	if got := to.poll(); len(got) != n || got[0].CommandIndex() >= got[n-1].CommandIndex() {
		t.Errorf("%d commands arrived after the disk was mended", len(got))
	}
}

func TestPollFailsHalfWay(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	for i := range 150 {
		from.send(to, fmt.Sprint(i), "https://example.com/")
	}
	// The second page fails: the first is given out and will not come again.
	s.Faults.Next(routePoll, 0, accounttest.Delay(time.Nanosecond))
	s.Faults.Next(routePoll, 500)
	got, err := to.PollCommands(t.Context())
	want(t, "second page", err, account.ErrUnavailable)
	if len(got) != 100 {
		t.Errorf("%d commands before the failure", len(got))
	}
	if rest := titles(to.poll()); len(rest) != 50 || rest[0] != "100" {
		t.Errorf("%d commands after the failure", len(rest))
	}
	// Without the list of devices nothing is received.
	from.send(to, "x", "https://example.com/")
	to.clock.advance(2 * time.Minute)
	s.Faults.Next(routeDevices, 500)
	got, err = to.PollCommands(t.Context())
	want(t, "no list", err, account.ErrUnavailable)
	if len(got) != 0 || len(to.poll()) != 1 {
		t.Error("a command was lost or given out without the list of devices")
	}
}

// TestPollOddPages: answers of the server that must not make the client lose,
// repeat or loop.
func TestPollOddPages(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	from.send(to, "one", "https://example.com/")
	to.poll()
	answer := func(text string) { s.Faults.Next(routePoll, 200, accounttest.RawBody("application/json", text)) }
	answer(`{"index":0,"last":false,"messages":[]}`)
	if got := to.poll(); len(got) != 0 {
		t.Errorf("empty page that is not the last: %d commands", len(got))
	}
	answer(`{"index":1,"last":true,"messages":[{"index":1,"data":{"command":"x","payload":{}}}]}`)
	got, err := to.PollCommands(t.Context())
	want(t, "old message", err, account.ErrInvalidAnswer)
	if len(got) != 0 {
		t.Error("an old message was given out again")
	}
	answer(`{"messages":[]}`)
	_, err = to.PollCommands(t.Context())
	want(t, "no index", err, account.ErrInvalidAnswer)
	from.send(to, "two", "https://example.com/")
	if got := titles(to.poll()); !slices.Equal(got, []string{"two"}) {
		t.Errorf("after odd answers: %v", got)
	}
}

// injected sends a command that no honest client sends.
func injected(t testing.TB, from *member, target, command string, payload any) {
	t.Helper()
	_, state := from.saved.pages()
	var saved struct {
		RefreshToken struct{ Token string } `json:"refresh_token"`
	}
	ok(t, "Unmarshal", json.Unmarshal(state, &saved))
	body, err := json.Marshal(map[string]any{"target": target, "command": command, "payload": payload})
	ok(t, "Marshal", err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, from.s.URL()+"/v1/account/devices/invoke_command", bytes.NewReader(body))
	ok(t, "NewRequestWithContext", err)
	r.Header.Set("Authorization", "Bearer "+saved.RefreshToken.Token)
	r.Header.Set("Content-Type", "application/json")
	transport := from.s.Transport()
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	ok(t, "RoundTrip", err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("inject: status %d", answer.StatusCode)
	}
}

const openURI = "https://identity.mozilla.com/cmd/open-uri"

// strangersBody is encrypted with keys that are nobody's.
var strangersBody = base64.RawURLEncoding.EncodeToString(append(append(append(
	make([]byte, 16), 0, 0, 16, 0, 65),
	unhex("0437cfdb5223d9f95eaa02f6ed940ff22eaf05b3622e949dc3ce9f335e6ef9b26aeaacca0f74080a8b364592f2ccc6d5eddd43004b70b91887d144d9fa93f16c3b")...),
	make([]byte, 128+16)...))

func unhex(s string) []byte {
	b := make([]byte, len(s)/2)
	for i := range b {
		if _, err := fmt.Sscanf(s[2*i:2*i+2], "%02x", &b[i]); err != nil {
			panic(err)
		}
	}
	return b
}

func TestUnreadableCommands(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	bad := []struct {
		name    string
		payload any
		want    error
		resets  bool
	}{
		{"no envelope", map[string]any{"x": 1}, account.ErrOther, false},
		{"not base64", map[string]any{"encrypted": "!!!"}, account.ErrCrypto, false},
		{"too short", map[string]any{"encrypted": "AAAA"}, account.ErrCrypto, false},
		{"empty", map[string]any{"encrypted": ""}, account.ErrCrypto, false},
		{"wrong keys", map[string]any{"encrypted": strangersBody}, account.ErrCrypto, true},
	}
	for _, c := range bad {
		injected(t, from, to.id(), openURI, c.payload)
		s.ForgetRequests()
		from.send(to, c.name, "https://example.com/")
		got := to.poll()
		if len(got) != 2 {
			t.Fatalf("%s: %d commands arrived", c.name, len(got))
		}
		u, ok := got[0].(*account.UnreadableCommand)
		if !ok {
			t.Fatalf("%s: a %T arrived", c.name, got[0])
		}
		want(t, c.name, u.Err, c.want)
		if u.Command != openURI || u.Sender == nil || u.SenderID != from.id() {
			t.Errorf("%s: sender or command is missing", c.name)
		}
		if names := titles(got[1:]); !slices.Equal(names, []string{c.name}) {
			t.Errorf("%s: the good command after it: %v", c.name, names)
		}
		if resets := len(s.Requests(routeDevice)) == 1; resets != c.resets {
			t.Errorf("%s: keys replaced: %v, want %v", c.name, resets, c.resets)
		}
	}
}

func TestUnknownCommandIsUnreadable(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	page := `{"index":5000,"last":true,"messages":[{"index":5000,"data":{"command":"https://identity.mozilla.com/cmd/dance","payload":{"encrypted":"AAAA"},"sender":"` + from.id() + `"}}]}`
	s.Faults.Next(routePoll, 200, accounttest.RawBody("application/json", page))
	got := to.poll()
	if len(got) != 1 {
		t.Fatalf("%d commands", len(got))
	}
	u, ok := got[0].(*account.UnreadableCommand)
	if !ok || u.Command != "https://identity.mozilla.com/cmd/dance" || u.Index != 5000 {
		t.Fatalf("%#v", got[0])
	}
	want(t, "unknown command", u.Err, account.ErrUnsupported)
}

// TestOddMessagesCostNoOther: a message of another shape is delivered as unreadable, and neither
// it nor the order of a page keeps another one from being received, once.
func TestOddMessagesCostNoOther(t *testing.T) {
	t.Parallel()
	s, _, _, to := pair(t)
	page := `{"index":5002,"last":true,"messages":[{"index":5003,"data":"text"},{"index":5001,"data":{"command":"x"}},{"index":5002,"data":7}]}`
	for _, want := range [][]int64{{5001, 5002, 5003}, nil} {
		s.Faults.Next(routePoll, 200, accounttest.RawBody("application/json", page))
		commands, err := to.PollCommands(t.Context())
		var got []int64
		for _, c := range commands {
			got = append(got, c.CommandIndex())
			if u, is := c.(*account.UnreadableCommand); !is || !errors.Is(u.Err, account.ErrUnsupported) {
				t.Errorf("%#v", c)
			}
		}
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("received %v, want %v (%v)", got, want, err)
		}
	}
}

// TestKeyReplacement: keys are replaced for the one command that could not be
// decrypted, once in a poll and once an hour.
func TestKeyReplacement(t *testing.T) {
	t.Parallel()
	s, person, from, to := pair(t)
	const closeURI = "https://identity.mozilla.com/cmd/close-uri/v1"
	published := func() (open, closing string) {
		for _, d := range person.Devices() {
			if d.ID == to.id() {
				return d.AvailableCommands[openURI], d.AvailableCommands[closeURI]
			}
		}
		t.Fatal("device is gone")
		return "", ""
	}
	keysOf := func() (open, closing string) {
		_, state := to.saved.pages()
		var saved struct {
			CommandKeys map[string]string `json:"command_keys"`
		}
		ok(t, "Unmarshal", json.Unmarshal(state, &saved))
		return saved.CommandKeys[openURI], saved.CommandKeys[closeURI]
	}
	open0, close0 := keysOf()
	value0, _ := published()
	for range 3 {
		injected(t, from, to.id(), openURI, map[string]any{"encrypted": strangersBody})
	}
	s.ForgetRequests()
	if got := to.poll(); len(got) != 3 {
		t.Fatalf("%d commands", len(got))
	}
	if n := len(s.Requests(routeDevice)); n != 1 {
		t.Errorf("%d updates, want 1", n)
	}
	open1, close1 := keysOf()
	value1, _ := published()
	if open1 == open0 || value1 == value0 {
		t.Error("the keys of the command were not replaced")
	}
	if close1 != close0 {
		t.Error("the keys of the other command were replaced")
	}
	// A sender with the old list sends something we cannot read any more; one with
	// the new list is understood.
	injected(t, from, to.id(), openURI, map[string]any{"encrypted": strangersBody})
	to.poll()
	if again, _ := keysOf(); again != open1 {
		t.Error("keys were replaced twice within an hour")
	}
	from.clock.advance(time.Minute + time.Second)
	from.send(to, "fresh", "https://example.com/")
	if unsent, err := from.CloseTabs(t.Context(), to.id(), []string{"https://example.com/"}); err != nil || len(unsent) != 0 {
		t.Error(err)
	}
	if got := to.poll(); len(got) != 2 || !slices.Equal(titles(got), []string{"fresh"}) {
		t.Errorf("after the replacement: %v", got)
	}
	to.clock.advance(time.Hour)
	injected(t, from, to.id(), openURI, map[string]any{"encrypted": strangersBody})
	to.poll()
	if again, _ := keysOf(); again == open1 {
		t.Error("keys were not replaced after an hour")
	}
	// If publishing fails the commands are given out all the same, the failure is
	// told, and the next check publishes what was made.
	to.clock.advance(time.Hour)
	injected(t, from, to.id(), openURI, map[string]any{"encrypted": strangersBody})
	s.Faults.Next(routeDevice, 500)
	got, err := to.PollCommands(t.Context())
	want(t, "publishing fails", err, account.ErrUnavailable)
	if len(got) != 1 {
		t.Errorf("%d commands", len(got))
	}
	s.ForgetRequests()
	if _, err := to.EnsureCapabilities(t.Context(), bothCapabilities); err != nil || len(s.Requests(routeDevice)) != 1 {
		t.Errorf("not published again: %v", err)
	}
}

// TestNewSyncKeyRepublishes: after a password reset the account has another sync
// key; keys sealed with the old one could be read by nobody.
func TestNewSyncKeyRepublishes(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("ferry@example.com", "a long password")
	from := join(t, s, person, "laptop")
	to := join(t, s, person, "phone")
	person.ResetPassword()
	for _, m := range []*member{from, to} {
		ok(t, "OnAuthIssues", m.OnAuthIssues(t.Context()))
		m.signIn(person)
		if _, err := m.InitializeDevice(t.Context(), "again", account.DeviceDesktop, bothCapabilities); err != nil {
			t.Fatal(err)
		}
	}
	from.send(to, "new key", "https://example.com/")
	if got := titles(to.poll()); !slices.Equal(got, []string{"new key"}) {
		t.Errorf("arrived: %v", got)
	}
	// A target that still publishes under the old key cannot be written to.
	s.Faults.Next(routeDevices, 200, accounttest.RawBody("application/json",
		`[{"id":"stale","name":"stale","isCurrentDevice":false,"availableCommands":{"`+openURI+`":"{\"kid\":\"00112233445566778899aabbccddeeff\",\"IV\":\"AAAA\",\"hmac\":\"00\",\"ciphertext\":\"AAAA\"}"}}]`))
	if _, err := from.Devices(t.Context(), account.Fresh()); err != nil {
		t.Fatal(err)
	}
	_, err := from.SendTab(t.Context(), "stale", "x", "https://example.com/")
	want(t, "other key", err, account.ErrCrypto)
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	_, _, from, to := counted(t, allowed)
	from.send(to, "x", "https://example.com/")
	if _, err := from.CloseTabs(t.Context(), to.id(), []string{"https://example.com/"}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.SendTab(t.Context(), "nobody", "x", "https://example.com/"); err == nil {
		t.Fatal("sent to nobody")
	}
	to.poll()
	gather := func(m *member) (sent, received []map[string]string) {
		t.Helper()
		text, err := m.GatherTelemetry()
		ok(t, "GatherTelemetry", err)
		var out struct {
			Sent     []map[string]string `json:"commands_sent"`
			Received []map[string]string `json:"commands_received"`
		}
		if err := json.Unmarshal(text, &out); err != nil || out.Sent == nil || out.Received == nil {
			t.Fatalf("%s, %v", text, err)
		}
		return out.Sent, out.Received
	}
	sent, received := gather(from)
	if len(sent) != 2 || len(received) != 0 || sent[0]["command"] != "send_tab" || sent[1]["command"] != "close_tabs" {
		t.Errorf("sent %v, received %v", sent, received)
	}
	_, received = gather(to)
	if len(received) != 2 || received[0]["command"] != "send_tab" || received[1]["command"] != "close_tabs" {
		t.Fatalf("received %v", received)
	}
	for i, r := range received {
		if r["flow_id"] != sent[i]["flow_id"] || r["stream_id"] != sent[i]["stream_id"] || r["reason"] != "poll" {
			t.Errorf("record %d: %v and %v", i, sent[i], r)
		}
	}
	if sent, received = gather(to); len(sent)+len(received) != 0 {
		t.Error("gathering did not empty the lists")
	}
}
