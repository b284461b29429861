package wire_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status int
		header string
		body   any
		want   time.Duration
	}{
		"seconds":                        {429, "5", nil, 5 * time.Second},
		"seconds of a 503":               {503, "30", nil, 30 * time.Second},
		"a date":                         {429, now.Add(40 * time.Second).Format(http.TimeFormat), nil, 40 * time.Second},
		"a date of a 503":                {503, now.Add(40 * time.Second).Format(http.TimeFormat), nil, 40 * time.Second},
		"a date gone by":                 {429, now.Add(-time.Hour).Format(http.TimeFormat), nil, 0},
		"milliseconds by mistake":        {429, "5000", nil, 5 * time.Second},
		"an hour is seconds":             {429, "3600", nil, 15 * time.Minute},
		"a 503 is never milliseconds":    {503, "5000", nil, 15 * time.Minute},
		"the cap":                        {503, "86400", nil, 15 * time.Minute},
		"absurd":                         {429, "1e300", nil, 15 * time.Minute},
		"overflow":                       {503, "99999999999999999999", nil, 15 * time.Minute},
		"the header counts":              {429, "5", 77, 5 * time.Second},
		"body, seconds":                  {429, "", 9, 9 * time.Second},
		"body, milliseconds":             {429, "", 20000, 20 * time.Second},
		"body of a 503, seconds":         {503, "", 9, 9 * time.Second},
		"body of a 503 is never millis":  {503, "", 20000, 15 * time.Minute},
		"header is nonsense, body helps": {429, "soon", 9, 9 * time.Second},
		"negative":                       {429, "-5", -3, 0},
		"nonsense everywhere":            {429, "soon", "later", 0},
		"nothing":                        {429, "", nil, 0},
		"another status":                 {500, "5", nil, 0},
		"a feature is off":               {403, "30", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				body := map[string]any{"errno": 114}
				if c.body != nil {
					body["retryAfter"] = c.body
				}
				reply(w, c.status, body)
			})
			_, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{})
			var wait *wire.BackoffError
			if c.want == 0 {
				if err == nil || errors.As(err, &wait) {
					t.Fatalf("gave %v, want an ordinary refusal", err)
				}
				return
			}
			if !errors.As(err, &wait) || wait.Cause == nil || wait.Cause.Status != c.status {
				t.Fatalf("gave %v", err)
			}
			if got := wait.Until.Sub(s.clock.Now()); got != c.want {
				t.Errorf("waits %v, want %v", got, c.want)
			}
		})
	}
}

// TestFeatureOffTellsWhen keeps what a refusal says about one feature without
// silencing the service.
func TestFeatureOffTellsWhen(t *testing.T) {
	s, client := serve(t, refuse(403, 202, "Retry-After", "30"))
	_, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{})
	var e *wire.StatusError
	if !errors.As(err, &e) || e.RetryAfter != 30*time.Second {
		t.Errorf("gave %v", err)
	}
	s.set(answers(`[]`))
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err != nil {
		t.Errorf("the service is silenced: %v", err)
	}
}

func TestBackoffIsKeyedByService(t *testing.T) {
	s, client := serve(t, refuse(429, 114, "Retry-After", "100"))
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err == nil {
		t.Fatal("no error")
	}
	before := len(s.seen)
	s.set(func(w http.ResponseWriter, r *http.Request) { answers(`{"active":true,"uid":"u","email":"e"}`)(w, r) })
	for name, c := range calls {
		err := c.do(t.Context(), client)
		var wait *wire.BackoffError
		switch silenced := errors.As(err, &wait); {
		case name == "Introspect" || name == "Profile":
			if err != nil {
				t.Errorf("%s, which is another service, gave %v", name, err)
			}
		case name == "MetricsFlow":
			if silenced {
				t.Errorf("%s, which is another service, is silenced", name)
			}
		case !silenced || wait.Cause != nil || wait.Base != wire.BaseAuth:
			t.Errorf("%s gave %v", name, err)
		}
	}
	if sent := len(s.seen) - before; sent != 3 {
		t.Errorf("%d requests were sent, want 3", sent)
	}
	s.set(answers(`[]`))
	s.clock.set(24 * time.Hour) // a changed clock is not time gone by
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err == nil {
		t.Error("setting the clock ended the wait")
	}
	s.clock.set(-48 * time.Hour)
	s.clock.pass(99 * time.Second)
	var early *wire.BackoffError
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); !errors.As(err, &early) {
		t.Error("asked a second too early")
	} else if left := early.Until.Sub(s.clock.Now()); left != time.Second {
		t.Errorf("a second before the end, %v are left on the clock that was set", left)
	}
	s.clock.pass(time.Second)
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err != nil {
		t.Errorf("the wait did not end: %v", err)
	}
	if waits := client.Waits(); len(waits) != 0 {
		t.Errorf("waits are left: %v", waits)
	}
}

func TestDiscoveryIsSilencedToo(t *testing.T) {
	s, client := serve(t, refuse(429, 114, "Retry-After", "100"))
	if err := calls["MetricsFlow"].do(t.Context(), client); err == nil {
		t.Fatal("no error")
	}
	before := len(s.seen)
	_, err := client.Endpoints(t.Context())
	var wait *wire.BackoffError
	if !errors.As(err, &wait) || len(s.seen) != before {
		t.Errorf("discovery during a wait gave %v after %d requests", err, len(s.seen)-before)
	}
}

func TestWaitsSurvive(t *testing.T) {
	s, client := serve(t, refuse(503, 201, "Retry-After", "600"))
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err == nil {
		t.Fatal("no error")
	}
	saved := client.Waits()
	if len(saved) != 1 || !saved[wire.BaseAuth].Equal(s.clock.Now().Add(10*time.Minute)) {
		t.Fatalf("waits are %v", saved)
	}
	saved[wire.BaseProfile] = s.clock.Now().Add(-time.Second)
	saved[wire.BaseOAuth] = s.clock.Now().Add(10 * time.Hour)
	later := s.client(t, func(*wire.Params) {})
	later.RestoreWaits(saved)
	got := later.Waits()
	if len(got) != 2 || !got[wire.BaseAuth].Equal(saved[wire.BaseAuth]) ||
		!got[wire.BaseOAuth].Equal(s.clock.Now().Add(wire.MaxWait)) {
		t.Errorf("restored waits are %v", got)
	}
}
