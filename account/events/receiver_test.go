package events_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/accounttest/eventcases"
	"github.com/tabferry/tabferry/account/events"
)

// TestEveryToken: each token of the table gets its status, and what it says and nothing else is stored.
func TestEveryToken(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for i, c := range eventcases.All(s.service, clientID, uid) {
		t.Run(c.Name, func(t *testing.T) {
			got := s.post(c.Token, "192.0.2."+strconv.Itoa(i))
			if got.Code != c.Status {
				t.Errorf("status %d, want %d", got.Code, c.Status)
			}
			if stored := names(s.sink.take()); !slices.Equal(stored, c.Events) {
				t.Errorf("stored %v, want %v", stored, c.Events)
			}
			if c.Status == http.StatusUnauthorized && got.Header().Get("WWW-Authenticate") == "" {
				t.Error("a 401 without WWW-Authenticate")
			}
			if text := got.Body.String(); len(text) > 40 || strings.ContainsAny(text, "@.0123456789") {
				t.Errorf("the answer says %q", text)
			}
		})
	}
	for _, private := range []string{uid, "example.com", "eyJ"} {
		if strings.Contains(s.log.String(), private) {
			t.Errorf("the log has %q", private)
		}
	}
	if !strings.Contains(s.log.String(), "event=delete-user") || !strings.Contains(s.log.String(), "subject=") {
		t.Errorf("the log does not tell of the events:\n%s", s.log)
	}
}

// TestWhatEventsSay: members arrive typed, times in seconds and milliseconds are the same.
func TestWhatEventsSay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	at := time.UnixMilli(1_700_000_000_000).UTC()
	yes, no := true, false
	for _, c := range []struct {
		name    string
		payload map[string]any
		want    events.Event
	}{
		{events.NamePasswordChange, map[string]any{"changeTime": at.UnixMilli()}, events.PasswordChange{Changed: at}},
		{events.NamePasswordChange, map[string]any{"changeTime": at.Unix()}, events.PasswordChange{Changed: at}},
		{events.NameDeleteUser, map[string]any{"reason": "admin"}, events.DeleteUser{Reason: "admin"}},
		{events.NameMetricsOptOut, nil, events.MetricsOptOut{}},
		{events.NameMetricsOptIn, nil, events.MetricsOptIn{}},
	} {
		s.expect(c.name, http.StatusOK, s.good(func(e *accounttest.EventToken) {
			e.Events, e.ID, e.IssuedAt = map[string]map[string]any{c.name: c.payload}, "", time.Now().Truncate(time.Second).Add(-123*time.Millisecond)
		}))
		got := s.sink.take()
		if len(got) != 1 || got[0].Event != c.want || got[0].Subject != uid || got[0].ID == "" || got[0].Issued.Nanosecond() != 877_000_000 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	s.expect("profile", http.StatusOK, s.good(func(e *accounttest.EventToken) {
		e.Events = map[string]map[string]any{events.NameProfileChange: {"email": "a@example.com", "locale": "fr", "metricsEnabled": false, "accountLocked": true, "totpEnabled": nil}}
	}))
	p, ok := s.sink.take()[0].Event.(events.ProfileChange)
	if !ok || p.Email != "a@example.com" || p.Locale != "fr" || p.MetricsEnabled == nil || *p.MetricsEnabled != no || p.AccountLocked == nil || *p.AccountLocked != yes || p.TOTPEnabled != nil || p.AccountDisabled != nil {
		t.Errorf("%+v", p)
	}
	s.expect("subscription", http.StatusOK, s.good(func(e *accounttest.EventToken) {
		e.Events = map[string]map[string]any{events.NameSubscriptionStateChange: {"capabilities": []string{"a", "b"}, "isActive": true, "changeTime": at.Unix()}}
	}))
	sub, ok := s.sink.take()[0].Event.(events.SubscriptionStateChange)
	if !ok || !slices.Equal(sub.Capabilities, []string{"a", "b"}) || !sub.Active || !sub.Changed.Equal(at) {
		t.Errorf("%+v", sub)
	}
}

// TestRequestsThatAreNone: what is refused before the token is looked at.
func TestRequestsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	token := s.good()
	for name, c := range map[string]struct {
		method string
		fields []string
		status int
	}{
		"a GET":            {"GET", []string{"Bearer " + token}, http.StatusMethodNotAllowed},
		"a HEAD":           {"HEAD", []string{"Bearer " + token}, http.StatusMethodNotAllowed},
		"a PUT":            {"PUT", []string{"Bearer " + token}, http.StatusMethodNotAllowed},
		"no header":        {"POST", nil, http.StatusUnauthorized},
		"two headers":      {"POST", []string{"Bearer " + token, "Bearer " + token}, http.StatusUnauthorized},
		"another scheme":   {"POST", []string{"Basic " + token}, http.StatusUnauthorized},
		"no scheme":        {"POST", []string{token}, http.StatusUnauthorized},
		"a scheme alone":   {"POST", []string{"Bearer"}, http.StatusUnauthorized},
		"another case":     {"POST", []string{"bEARER " + token}, http.StatusOK},
		"a long header":    {"POST", []string{"Bearer " + strings.Repeat("a.", 16<<10)}, http.StatusUnauthorized},
		"line feeds in it": {"POST", []string{"Bearer " + token[:9] + "\n" + token[9:]}, http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(c.method, "/events", http.NoBody)
		r.Header["Authorization"] = c.fields
		w := httptest.NewRecorder()
		s.receiver.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", name, w.Code, c.status)
		}
		if c.status == http.StatusMethodNotAllowed && w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", name, w.Header().Get("Allow"))
		}
	}
}

// TestBodies: a delivery has no body; one that has, even an endless one, is taken by its header.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	server := httptest.NewServer(s.receiver)
	defer server.Close()
	for name, size := range map[string]int{"small": 10, "large": 1 << 20} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.good())
		r.Close = true
		res, err := server.Client().Do(r)
		if err != nil {
			continue // the server may hang up on somebody who goes on sending
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d, %v", name, res.StatusCode, err)
		}
	}
	if got := len(s.sink.take()); got != 2 {
		t.Errorf("%d events stored, want 2", got)
	}
}

// TestRepetitions: a token is stored once, a retry with a new id again, a failed one can come again.
func TestRepetitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, accounttest.InMemory())
		same := s.good(func(e *accounttest.EventToken) { e.ID = "same" })
		s.sink.mood(errDisk)
		s.expect("a sink that fails", http.StatusServiceUnavailable, same)
		s.sink.mood(nil)
		s.expect("the same once more", http.StatusOK, same)
		s.expect("and again", http.StatusOK, same)
		time.Sleep(9 * time.Minute)
		s.expect("and later", http.StatusOK, same)
		if got := len(s.sink.take()); got != 1 {
			t.Errorf("stored %d times", got)
		}
		s.expect("a retry with a new id", http.StatusOK, s.good(func(e *accounttest.EventToken) { e.ID = "another" }))
		if got := len(s.sink.take()); got != 1 {
			t.Errorf("a retry was stored %d times", got)
		}
		time.Sleep(31 * time.Minute)
		s.expect("too old by then", http.StatusUnauthorized, same)
		s.expect("the id for another token", http.StatusOK, s.good(func(e *accounttest.EventToken) { e.ID = "same" }))
		if _, ids := s.receiver.Kept(); ids != 1 {
			t.Errorf("%d ids are remembered after half an hour, want 1", ids)
		}
	})
}

// TestTwoAtOnce: while a token is being stored the same one is not taken, since the first may still fail.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, accounttest.InMemory())
		s.sink.wait = make(chan struct{})
		same := s.good()
		first := make(chan int)
		go func() { first <- s.post(same, "192.0.2.1").Code }()
		synctest.Wait()
		s.expect("the same meanwhile", http.StatusServiceUnavailable, same)
		close(s.sink.wait)
		if code := <-first; code != http.StatusOK || len(s.sink.take()) != 1 {
			t.Errorf("the first one: %d", code)
		}
	})
}

func TestParams(t *testing.T) {
	t.Parallel()
	sink := new(memory)
	for name, p := range map[string]events.Params{
		"no client":     {Issuer: "https://accounts.example", Sink: sink},
		"no sink":       {Issuer: "https://accounts.example", ClientID: clientID},
		"no issuer":     {ClientID: clientID, Sink: sink},
		"plain issuer":  {Issuer: "http://accounts.example", ClientID: clientID, Sink: sink},
		"with a query":  {Issuer: "https://accounts.example/?x", ClientID: clientID, Sink: sink},
		"not an adress": {Issuer: "https://%zz", ClientID: clientID, Sink: sink},
	} {
		if _, err := events.New(p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestAccountsTell: what happens to an account reaches the sink, once, also when the sink failed at first.
func TestAccountsTell(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	server := httptest.NewServer(s.receiver)
	defer server.Close()
	person := s.service.NewAccount("a@example.com", "a password")
	s.service.SetWebhook(clientID, server.URL)
	s.signIn(person)
	person.SetMetrics(false)
	s.sink.mood(errDisk)
	person.ChangePassword()
	s.sink.mood(nil)
	if left := s.service.RetryEvents(); left != 1 {
		t.Errorf("%d wait at once", left)
	}
	s.service.Clock.Advance(11 * time.Second)
	if left := s.service.RetryEvents(); left != 0 {
		t.Errorf("%d still wait", left)
	}
	want := []string{events.NameProfileChange, events.NamePasswordChange}
	if got := names(s.sink.take()); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	// A new key within a minute of the last fetch is unknown at first, and known to the retry.
	s.service.RotateKey()
	person.Delete()
	if got := s.sink.take(); len(got) != 0 {
		t.Errorf("stored %v with an unknown key", names(got))
	}
	s.service.Clock.Advance(time.Minute)
	if left := s.service.RetryEvents(); left != 0 {
		t.Errorf("%d still wait", left)
	}
	if got := names(s.sink.take()); !slices.Equal(got, []string{events.NameDeleteUser}) {
		t.Errorf("stored %v", got)
	}
}
