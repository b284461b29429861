package kit_test

import (
	"math"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

func TestSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, start := kit.System(), time.Now()
		if m := clock.Monotonic(); m != 0 {
			t.Errorf("the monotonic time begins at %v", m)
		}
		time.Sleep(90 * time.Second)
		if m, now := clock.Monotonic(), clock.Now(); m != 90*time.Second || !now.Equal(start.Add(m)) {
			t.Errorf("after 90 s: %v and %v after the start", m, now.Sub(start))
		}
	})
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.": false, "localhost.example": false, "my-localhost": false, "127.0.0.1.example": false,
		"128.0.0.1": false, "0.0.0.0": false, "::": false, "[::1]": false, "127.1": false, "2130706433": false, "::1%lo": false,
	} {
		if got := kit.Loopback(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestSecureURL(t *testing.T) {
	for address, want := range map[string]bool{
		"wss://push.example/": true, "ws://localhost:1/": true, "ws://[::1]/": true,
		"ws://push.example/": false, "https://push.example/": false, "wss:///": false, "ws:localhost": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := kit.SecureURL(u, "wss", "ws"); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

var arrived = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]struct {
		wait time.Duration
		form kit.RetryForm
	}{
		"":                               {0, kit.RetryUnsaid},
		"soon":                           {0, kit.RetryUnsaid},
		"0":                              {0, kit.RetryUnsaid},
		"-5":                             {0, kit.RetryUnsaid},
		"NaN":                            {0, kit.RetryUnsaid},
		"1e999":                          {0, kit.RetryUnsaid},
		"90":                             {90 * time.Second, kit.RetrySeconds},
		" 90\t":                          {90 * time.Second, kit.RetrySeconds},
		"9007199254740993":               {math.MaxInt64 / time.Second * time.Second, kit.RetrySeconds},
		"99999999999999999999":           {math.MaxInt64, kit.RetryNumber},
		"Inf":                            {math.MaxInt64, kit.RetryNumber},
		"1.5":                            {1500 * time.Millisecond, kit.RetryNumber},
		"Fri, 02 Jan 2026 03:06:05 GMT":  {2 * time.Minute, kit.RetryDate},
		"Fri, 02 Jan 2026 03:00:05 GMT":  {0, kit.RetryDate},
		"Friday, 02-Jan-26 03:06:05 GMT": {2 * time.Minute, kit.RetryDate},
		"Fri Jan  2 03:06:05 2026":       {2 * time.Minute, kit.RetryDate},
		"Fri, 02 Jan 2026 03:06:05":      {0, kit.RetryUnsaid},
	} {
		if wait, form := kit.RetryAfter(value, arrived); wait != want.wait || form != want.form {
			t.Errorf("%q: %v in form %d, want %v in form %d", value, wait, form, want.wait, want.form)
		}
	}
}

// FuzzRetryAfter: no wait is negative, nothing unsaid has one, and what was read is
// read again from the form it should have had.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "120", "7000000001", "0.25", "1e300", "-1", "0x1p4", "Fri, 02 Jan 2026 03:06:05 GMT", "Fri Jan  2 03:06:05 2026"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait, form := kit.RetryAfter(value, arrived)
		switch {
		case wait < 0:
			t.Fatalf("%q: a wait of %v", value, wait)
		case form == kit.RetryUnsaid && wait != 0:
			t.Fatalf("%q: unsaid, and %v", value, wait)
		case form == kit.RetryDate && wait < math.MaxInt64:
			date := arrived.Add(wait).UTC().Format(http.TimeFormat)
			if again, form := kit.RetryAfter(date, arrived); again != wait || form != kit.RetryDate {
				t.Fatalf("%q: %v, and as %q %v", value, wait, date, again)
			}
		case form == kit.RetrySeconds && wait%time.Second != 0:
			t.Fatalf("%q: whole seconds are %v", value, wait)
		}
	})
}

func TestGrowth(t *testing.T) {
	for name, c := range map[string]struct {
		first, most time.Duration
		failures    int
		want        []time.Duration
	}{
		"to a power of two": {1, 8, 0, []time.Duration{1, 2, 4, 8, 8, 8}},
		"to another end":    {2, 7, 0, []time.Duration{2, 4, 7, 7}},
		"from the middle":   {1, 8, 2, []time.Duration{4, 8, 8}},
		"without growth":    {5, 5, 0, []time.Duration{5, 5}},
		"past any number":   {1, math.MaxInt64, 62, []time.Duration{1 << 62, math.MaxInt64, math.MaxInt64}},
		"long over":         {time.Second, time.Hour, 1 << 20, []time.Duration{time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			g := kit.Growth{First: c.first, Most: c.most, Failures: c.failures}
			for i, want := range c.want {
				if wait, next := g.Wait(), g.Next(); wait != want || next != want {
					t.Errorf("wait %d: %v, counted %v, want %v", i, wait, next, want)
				}
			}
			if g.Failures != c.failures+len(c.want) {
				t.Errorf("%d failures", g.Failures)
			}
			if g.Reset(); g.Wait() != c.first || g.Failures != 0 {
				t.Errorf("after a success: %v after %d failures", g.Wait(), g.Failures)
			}
		})
	}
}
