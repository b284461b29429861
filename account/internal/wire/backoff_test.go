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
		"seconds":                       {429, "5", nil, 5 * time.Second},
		"seconds of a 503":              {503, "30", nil, 30 * time.Second},
		"a date":                        {429, now.Add(40 * time.Second).Format(http.TimeFormat), nil, 40 * time.Second},
		"a date of a 503":               {503, now.Add(40 * time.Second).Format(http.TimeFormat), nil, 40 * time.Second},
		"a date hours away":             {503, now.Add(20 * time.Hour).Format(http.TimeFormat), nil, 20 * time.Hour},
		"a date gone by names no time":  {429, now.Add(-time.Hour).Format(http.TimeFormat), nil, 30 * time.Second},
		"more than an hour":             {429, "5000", nil, 5000 * time.Second},
		"an hour":                       {503, "3600", nil, time.Hour},
		"a day":                         {503, "86400", nil, 24 * time.Hour},
		"milliseconds of older servers": {429, "1000000", nil, 1000 * time.Second},
		"milliseconds of a 503":         {503, "1000000", nil, 1000 * time.Second},
		"absurd":                        {429, "1e300", nil, 24 * time.Hour},
		"overflow":                      {503, "99999999999999999999", nil, 24 * time.Hour},
		"the header counts":             {429, "5", 77, 5 * time.Second},
		"body, seconds":                 {429, "", 9, 9 * time.Second},
		"body, most seconds":            {429, "", 9999, 9999 * time.Second},
		"body, milliseconds":            {429, "", 10000, 10 * time.Second},
		"body of a 503, seconds":        {503, "", 9, 9 * time.Second},
		"body of a 503 is never millis": {503, "", 20000, 20000 * time.Second},
		"body past a day":               {503, "", 1e9, 24 * time.Hour},
		"header that cannot be read":    {429, "soon", 9, 9 * time.Second},
		"negative":                      {429, "-5", -3, 30 * time.Second},
		"nonsense everywhere":           {429, "soon", "later", 30 * time.Second},
		"nothing":                       {429, "", nil, 30 * time.Second},
		"nothing in a 503":              {503, "", nil, 30 * time.Second},
		"another status":                {500, "5", nil, 0},
		"a feature is off":              {403, "30", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", now.Format(http.TimeFormat))
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

// TestOwnWait: an answer that asks for silence and names no time begins a wait of our
// own, which doubles with each in a row and begins anew once the service has served.
func TestOwnWait(t *testing.T) {
	for _, status := range []int{429, 503} {
		s, client := serve(t, nil)
		ask := func() error {
			_, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{})
			return err
		}
		for round, waits := range [][]time.Duration{
			{30, 60, 120, 240, 480, 900, 900}, {30, 60},
		} {
			s.set(refuse(status, 114))
			for i, want := range waits {
				var wait *wire.BackoffError
				if err := ask(); !errors.As(err, &wait) || wait.Until.Sub(s.clock.Now()) != want*time.Second {
					t.Fatalf("%d: wait %d of round %d: %v at %v, want %v s", status, i, round, err, s.clock.Now(), int(want))
				}
				before := s.count("/auth/v1/account/devices")
				s.clock.pass(want*time.Second - 1)
				if err := ask(); !errors.As(err, &wait) || wait.Cause != nil || s.count("/auth/v1/account/devices") != before {
					t.Fatalf("%d: within the wait: %v", status, err)
				}
				s.clock.pass(1)
			}
			s.set(answers(`[]`))
			if err := ask(); err != nil {
				t.Fatalf("%d: after the wait: %v", status, err)
			}
		}
	}
}

// TestWaitIsNotShortened: of two answers on their way at the same time the longer
// wish counts, in whatever order they come.
func TestWaitIsNotShortened(t *testing.T) {
	for _, orders := range [][]string{{"600", "5"}, {"5", "600"}, {"600", ""}, {"", "600"}} {
		both := make(chan bool, 2)
		first := make(chan bool)
		s, client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			both <- true
			order := orders[0]
			if r.Header.Get("Authorization") == "Bearer second" {
				<-first
				order = orders[1]
			}
			refuse(503, 201, "Retry-After", order)(w, r)
		})
		if _, err := client.Endpoints(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := make(chan error, 1)
		go func() {
			_, err := client.Devices(t.Context(), wire.Bearer("second"), time.Time{})
			second <- err
		}()
		<-both
		if _, err := client.Devices(t.Context(), wire.Bearer("first"), time.Time{}); err == nil {
			t.Fatal("no error")
		}
		close(first)
		var wait *wire.BackoffError
		if err := <-second; !errors.As(err, &wait) || wait.Cause == nil {
			t.Fatalf("the second: %v", err)
		}
		if left := client.Waits()[wire.BaseAuth].Sub(s.clock.Now()); left != 10*time.Minute {
			t.Errorf("%q: %v are left", orders, left)
		}
	}
}

// TestFeatureOff: what the server has switched off is asked for at most hourly, nor
// before the server said, and silences nothing else.
func TestFeatureOff(t *testing.T) {
	for name, c := range map[string]struct {
		status, errno int
		retryAfter    string
		call, path    string
		least         time.Duration
	}{
		"a feature":            {403, 202, "30", "Invoke", "/auth/v1/account/devices/invoke_command", time.Hour},
		"without a time":       {403, 202, "", "Invoke", "/auth/v1/account/devices/invoke_command", time.Hour},
		"of older servers":     {503, 202, "30", "Invoke", "/auth/v1/account/devices/invoke_command", time.Hour},
		"for a day":            {403, 202, "80000", "Invoke", "/auth/v1/account/devices/invoke_command", 80000 * time.Second},
		"the client":           {503, 204, "30", "RefreshAccess", "/auth/v1/oauth/token", time.Hour},
		"the client, in oauth": {503, 202, "30", "Introspect", "/oauth/v1/introspect", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := serve(t, refuse(c.status, c.errno, "Retry-After", c.retryAfter))
			off := func(client *wire.Client, held bool) {
				t.Helper()
				var e *wire.StatusError
				err := calls[c.call].do(t.Context(), client)
				if !errors.As(err, &e) || errors.As(err, new(*wire.BackoffError)) || e.Held != held || e.Status != c.status || e.Errno != c.errno {
					t.Fatalf("held %v: gave %v", held, err)
				}
			}
			off(client, false)
			s.clock.pass(c.least - 1)
			off(client, true)
			later := s.client(t, func(*wire.Params) {})
			later.RestoreWaits(client.Waits(), time.Time{})
			off(later, true)
			if n := s.count(c.path); n != 1 {
				t.Errorf("%d requests within the hour", n)
			}
			s.set(func(w http.ResponseWriter, r *http.Request) {
				answers(`{"active":true,"uid":"u","email":"e","access_token":"a","expires_in":1,"scope":"","enqueued":true,"code":"c","state":"s"}`)(w, r)
			})
			for _, other := range []string{"Profile", "RedeemCode", "AccountProfile"} {
				if err := calls[other].do(t.Context(), client); err != nil {
					t.Errorf("%s is silenced too: %v", other, err)
				}
			}
			s.clock.pass(1)
			for _, client := range []*wire.Client{client, later} {
				if err := calls[c.call].do(t.Context(), client); err != nil {
					t.Errorf("after its time: %v", err)
				}
			}
		})
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

// TestMetricsWaitAlone: what the statistics of the content server ask for holds up no
// sign-in, and the discovery that this needs does not hold up the statistics.
func TestMetricsWaitAlone(t *testing.T) {
	var told []error
	s, _ := serve(t, refuse(429, 114, "Retry-After", "600"))
	client := s.client(t, func(p *wire.Params) { p.Outcome = func(err error) { told = append(told, err) } })
	var wait *wire.BackoffError
	for range 2 {
		if err := calls["MetricsFlow"].do(t.Context(), client); !errors.As(err, &wait) || wait.Base != wire.BaseMetrics {
			t.Fatalf("the statistics: %v", err)
		}
	}
	if s.count("/metrics-flow") != 1 || len(told) != 0 {
		t.Errorf("asked %d times, told %v", s.count("/metrics-flow"), told)
	}
	if _, err := client.Endpoints(t.Context()); err != nil {
		t.Errorf("discovery, while the statistics wait: %v", err)
	}
	later := s.client(t, func(*wire.Params) {})
	later.RestoreWaits(map[wire.Base]time.Time{wire.BaseContent: s.clock.Now().Add(time.Minute)}, time.Time{})
	if _, err := later.Endpoints(t.Context()); !errors.As(err, &wait) || wait.Base != wire.BaseContent {
		t.Errorf("discovery in its own wait: %v", err)
	}
	s.set(answers(calls["MetricsFlow"].least))
	if err := calls["MetricsFlow"].do(t.Context(), later); err != nil {
		t.Errorf("the statistics, while discovery waits: %v", err)
	}
}

func TestWaitsSurvive(t *testing.T) {
	s, client := serve(t, refuse(503, 201, "Retry-After", "600"))
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err == nil {
		t.Fatal("no error")
	}
	saved, at := client.Waits(), s.clock.Now()
	if len(saved) != 1 || !saved[wire.BaseAuth].Equal(at.Add(10*time.Minute)) {
		t.Fatalf("waits are %v", saved)
	}
	saved[wire.BaseProfile] = at.Add(-time.Second)
	saved[wire.BaseOAuth] = at.Add(100 * time.Hour)
	for name, c := range map[string]struct {
		saved       time.Time
		set         time.Duration
		auth, oauth time.Duration
		ended       time.Duration
	}{
		"at once":                     {at, 0, 10 * time.Minute, 24 * time.Hour, 0},
		"four minutes later":          {at, 4 * time.Minute, 6 * time.Minute, 24 * time.Hour, 0},
		"the clock set back":          {at, -48 * time.Hour, 10 * time.Minute, 24 * time.Hour, 0},
		"set back, of older versions": {time.Time{}, -48 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour},
		"the clock set forward":       {at, 99 * time.Hour, 0, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s.clock.set(c.set)
			defer s.clock.set(-c.set)
			later := s.client(t, func(*wire.Params) {})
			later.RestoreWaits(saved, c.saved)
			for base, want := range map[wire.Base]time.Duration{wire.BaseAuth: c.auth, wire.BaseOAuth: c.oauth, wire.BaseProfile: c.ended} {
				until, waits := later.Waits()[base]
				if waits != (want > 0) || waits && until.Sub(s.clock.Now()) != want {
					t.Errorf("%s waits until %v, now %v, want %v", base, until, s.clock.Now(), want)
				}
			}
		})
	}
}
