package mailbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID  = accounttest.ReferenceClientID
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// clock is the service's time.
type clock struct {
	service *accounttest.Clock
	start   time.Time
}

func (c clock) Now() time.Time           { return c.service.Now() }
func (c clock) Monotonic() time.Duration { return c.service.Now().Sub(c.start) }

type stage struct {
	t       *testing.T
	service *accounttest.Service
	path    string
	box     *mailbox.Mailbox
	http    *http.Client
}

func newStage(t *testing.T) *stage {
	start := time.Now() // time passes by Advance alone
	service := accounttest.New(t, accounttest.WithClock(func() time.Time { return start }))
	s := &stage{t: t, service: service, path: filepath.Join(t.TempDir(), "events.db")}
	transport := s.service.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: transport}
	s.open()
	t.Cleanup(func() {
		if err := s.box.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) params() mailbox.Params {
	return mailbox.Params{Path: s.path, Issuer: s.service.URL(), ClientID: clientID, HTTP: s.http, Clock: clock{s.service.Clock, s.service.Clock.Now()}}
}

func (s *stage) open() {
	s.t.Helper()
	var err error
	if s.box, err = mailbox.Open(s.params()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) again() {
	s.t.Helper()
	if err := s.box.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

func (s *stage) store(subject string, list ...events.Event) {
	s.t.Helper()
	for _, e := range list {
		if err := s.box.Store(s.t.Context(), []events.Notice{{Subject: subject, ID: "x", Issued: s.service.Clock.Now(), Event: e}}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// token is an access token of a sign-in.
func (s *stage) token(person *accounttest.Account, client, scope string) string {
	s.t.Helper()
	q := url.Values{
		"client_id": {client}, "scope": {scope}, "state": {"state"}, "access_type": {"offline"}, "response_type": {"code"},
		"code_challenge_method": {"S256"}, "code_challenge": {challenge},
	}
	redirect, err := s.service.Approve(s.service.URL()+"/authorization?"+q.Encode(), person)
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(redirect)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"client_id": client, "grant_type": "authorization_code", "code": u.Query().Get("code"), "code_verifier": verifier})
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := s.http.Post(s.service.URL()+"/v1/oauth/token", "application/json", strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var told struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil || told.Access == "" {
		s.t.Fatalf("no access token: %v, %s", err, res.Status)
	}
	return told.Access
}

type reply struct {
	status int
	header http.Header
	text   string
	Events []mailbox.Record
	Newest uint64
}

func (s *stage) ask(authorization, query string) reply {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/v1/events"+query, http.NoBody)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.box.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		s.t.Fatalf("%q: %v", got.text, err)
	}
	return got
}

func kinds(list []mailbox.Record) []string {
	var names []string
	for _, r := range list {
		names = append(names, r.Event)
	}
	return names
}

// TestEverybodyGetsTheirOwn: events reach whose they are, from an index on, and across a restart.
func TestEverybodyGetsTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice, bob := s.service.NewAccount("alice@example.com", "a password"), s.service.NewAccount("bob@example.com", "a password")
	hers, his := "Bearer "+s.token(alice, clientID, "profile"), "bearer "+s.token(bob, clientID, "profile:uid")
	at := s.service.Clock.Now().UTC().Truncate(time.Millisecond)
	s.store(alice.UID(), events.PasswordChange{Changed: at}, events.ProfileChange{Email: "new@example.com"})
	s.store(bob.UID(), events.MetricsOptOut{})
	s.again()
	got := s.ask(hers, "")
	if got.status != 200 || !slices.Equal(kinds(got.Events), []string{"password-change", "profile-change"}) || got.Newest != 3 {
		t.Errorf("hers: %+v", got)
	}
	if first := got.Events[0]; first.Index != 1 || !first.Changed.Equal(at) || first.Time.IsZero() {
		t.Errorf("the first: %+v", first)
	}
	if got := s.ask(his, ""); !slices.Equal(kinds(got.Events), []string{"metrics-opt-out"}) || got.Events[0].Index != 3 {
		t.Errorf("his: %+v", got)
	}
	if got := s.ask(hers, "?after=1"); !slices.Equal(kinds(got.Events), []string{"profile-change"}) {
		t.Errorf("hers after the first: %+v", got)
	}
	if got := s.ask(hers, "?after=2"); got.Events == nil || len(got.Events) != 0 || got.Newest != 3 {
		t.Errorf("hers after the last: %+v %s", got, got.text)
	}
	if got := s.ask(hers, "?after=18446744073709551615"); len(got.Events) != 0 {
		t.Errorf("hers after the end of numbers: %+v", got)
	}
	if introspections := len(s.service.Requests("POST /v1/introspect")); introspections != 2 {
		t.Errorf("%d introspections for two tokens", introspections)
	}
}

// TestNobodyElseGetsThem: what is no token of ours gets its status and nothing else.
func TestNobodyElseGetsThem(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	good := s.token(alice, clientID, "profile")
	s.store(alice.UID(), events.DeleteUser{})
	for name, c := range map[string]struct {
		authorization, query string
		status               int
	}{
		"no token":        {"", "", 401},
		"another scheme":  {"Basic " + good, "", 401},
		"an empty token":  {"Bearer ", "", 401},
		"an unknown one":  {"Bearer " + strings.Repeat("ab", 32), "", 401},
		"no token's form": {"Bearer {}", "", 401},
		"a long one":      {"Bearer " + strings.Repeat("a", 5000), "", 401},
		"another client":  {"Bearer " + s.token(alice, accounttest.AndroidClientID, "profile"), "", 403},
		"another scope":   {"Bearer " + s.token(alice, clientID, "profile:email"), "", 403},
		"a bad index":     {"Bearer " + good, "?after=-1", 400},
		"a word":          {"Bearer " + good, "?after=x", 400},
	} {
		got := s.ask(c.authorization, c.query)
		if got.status != c.status || strings.Contains(got.text, "delete-user") || strings.Contains(got.text, good) {
			t.Errorf("%s: %d %s, want %d", name, got.status, got.text, c.status)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody)
	w := httptest.NewRecorder()
	if s.box.ServeHTTP(w, r); w.Code != 405 || w.Header().Get("Allow") != "GET" {
		t.Errorf("a POST: %d", w.Code)
	}
	alice.RevokeAccessTokens()
	if got := s.ask("Bearer "+good, ""); got.status != 200 {
		t.Errorf("within the minute: %d", got.status)
	}
	s.service.Clock.Advance(61 * time.Second)
	if got := s.ask("Bearer "+good, ""); got.status != 401 {
		t.Errorf("a revoked token, a minute later: %d", got.status)
	}
}

// TestAccountsServerAway: what cannot be checked is not refused for good, and a wait is handed on.
func TestAccountsServerAway(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	token := "Bearer " + s.token(alice, clientID, "profile")
	s.service.Faults.Next("POST /v1/introspect", 429, accounttest.RetryAfter(17))
	if got := s.ask(token, ""); got.status != 503 || got.header.Get("Retry-After") != "17" {
		t.Errorf("busy: %d %v", got.status, got.header)
	}
	s.service.Faults.Next("POST /v1/introspect", 500)
	if got := s.ask(token, ""); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("broken: %d %v", got.status, got.header)
	}
	if got := s.ask(token, ""); got.status != 200 {
		t.Errorf("well again: %d", got.status)
	}
}

// TestGuessing: an address that only guesses is made to wait, and costs the accounts server little.
func TestGuessing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	codes := map[int]int{}
	for i := range 1000 {
		codes[s.ask("Bearer "+strings.Repeat("a", 64-len(itoa(i)))+itoa(i), "").status]++
	}
	if codes[401] != 60 || codes[429] != 940 {
		t.Errorf("%v", codes)
	}
	if n := len(s.service.Requests("POST /v1/introspect")); n != 60 {
		t.Errorf("%d introspections", n)
	}
}

func itoa(i int) string { return fmt.Sprintf("%03d", i) }

// TestWhatIsKept: late and doubled deliveries change nothing, a deletion takes all else, nothing outlives 30 days.
func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	token := "Bearer " + s.token(alice, clientID, "profile")
	at := s.service.Clock.Now()
	want := func(what string, names ...string) []mailbox.Record {
		t.Helper()
		got := s.ask(token, "").Events
		if !slices.Equal(kinds(got), names) {
			t.Errorf("%s: %v, want %v", what, kinds(got), names)
		}
		return got
	}
	s.store(alice.UID(), events.PasswordChange{Changed: at}, events.PasswordChange{Changed: at.Add(-time.Hour)}, events.PasswordChange{Changed: at})
	if got := want("an older change delivered late", "password-change"); got[0].Index != 1 {
		t.Errorf("%+v", got)
	}
	s.store(alice.UID(), events.ProfileChange{}, events.ProfileChange{}, events.PasswordChange{Changed: at.Add(time.Hour)})
	want("the newest of each kind", "profile-change", "password-change")
	on := func(active bool, after time.Duration, names ...string) events.Event {
		return events.SubscriptionStateChange{Capabilities: names, Active: active, Changed: at.Add(after)}
	}
	s.store(alice.UID(), on(true, 2, "a", "b"), on(false, 1, "a"), on(false, 3, "b"))
	got := want("each capability by itself", "profile-change", "password-change", "subscription-state-change", "subscription-state-change")
	if a, b := got[2], got[3]; a.Capability != "a" || !a.Active || b.Capability != "b" || b.Active {
		t.Errorf("%+v", got)
	}
	for i := range 200 {
		s.store(alice.UID(), on(true, time.Duration(i), "many "+itoa(i)))
	}
	if got := s.ask(token, "").Events; len(got) != 64 || got[63].Capability != "many 199" {
		t.Errorf("%d records", len(got))
	}
	s.store(alice.UID(), events.DeleteUser{Reason: "user"})
	want("a deletion", "delete-user")
	s.store(alice.UID(), events.ProfileChange{}, events.DeleteUser{})
	want("what comes after it", "delete-user")
	s.service.Clock.Advance(29 * 24 * time.Hour)
	s.prune()
	token = "Bearer " + s.token(alice, clientID, "profile")
	want("29 days later", "delete-user")
	s.service.Clock.Advance(25 * time.Hour)
	s.prune()
	token = "Bearer " + s.token(alice, clientID, "profile")
	want("30 days later")
	if got := s.ask(token, ""); got.Newest == 0 {
		t.Error("the index began anew")
	}
}

// TestTheFileNamesNobody: neither uid nor address is in the file, which is its owner's alone.
func TestTheFileNamesNobody(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	token := s.token(alice, clientID, "profile")
	s.store(alice.UID(), events.ProfileChange{Email: "alice@example.com"}, events.PasswordChange{Changed: time.Now()})
	s.ask("Bearer "+token, "")
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{alice.UID(), "alice", token} {
		if strings.Contains(string(text), private) {
			t.Errorf("the file has %q", private)
		}
	}
	info, err := os.Stat(s.path)
	if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := mailbox.Open(s.params()); !errors.Is(err, mailbox.ErrInUse) {
		t.Errorf("a second process: %v", err)
	}
}

// TestStoredMeansKept: what Store returned from is in the file, though the process is never told to end.
func TestStoredMeansKept(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	token := "Bearer " + s.token(alice, clientID, "profile")
	s.store(alice.UID(), events.ProfileChange{}, events.MetricsOptIn{})
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	p := s.params()
	p.Path = filepath.Join(t.TempDir(), "after a kill.db")
	if err := os.WriteFile(p.Path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	killed := s.box
	defer func() { s.box = killed }()
	if s.box, err = mailbox.Open(p); err != nil {
		t.Fatal(err)
	}
	if got := s.ask(token, ""); !slices.Equal(kinds(got.Events), []string{"profile-change", "metrics-opt-in"}) {
		t.Errorf("kept %+v", got)
	}
	if err := s.box.Close(); err != nil {
		t.Error(err)
	}
}

// TestOneDamagedRecord: a record that cannot be read is passed over, said in the log, and keeps neither the
// others nor new ones from being handed out.
func TestOneDamagedRecord(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	alice := s.service.NewAccount("alice@example.com", "a password")
	token := "Bearer " + s.token(alice, clientID, "profile")
	s.store(alice.UID(), events.ProfileChange{}, events.MetricsOptIn{})
	if err := s.box.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(s.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		k, _ := tx.Bucket([]byte("events")).Cursor().First()
		if err := tx.Bucket([]byte("order")).Put([]byte{1}, []byte("rubbish")); err != nil {
			return err
		}
		return tx.Bucket([]byte("events")).Put(slices.Clone(k), []byte("{rubbish"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.prune()
	s.store(alice.UID(), events.MetricsOptOut{})
	if got := s.ask(token, ""); got.status != 200 || !slices.Equal(kinds(got.Events), []string{"metrics-opt-in", "metrics-opt-out"}) {
		t.Errorf("%+v", got)
	}
}

// prune lets Run work once.
func (s *stage) prune() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	s.box.Run(ctx)
}
