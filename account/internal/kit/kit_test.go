package kit_test

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
	const sent = "Fri, 02 Jan 2026 04:04:05 GMT" // by a server whose clock is an hour ahead
	for name, c := range map[string]struct {
		value, date string
		want        time.Duration
	}{
		"nothing":                   {"", "", 0},
		"a word":                    {"soon", "", 0},
		"now":                       {"0", "", 0},
		"before now":                {"-5", "", 0},
		"no number":                 {"NaN", "", 0},
		"no end":                    {"Inf", "", 0},
		"past any number":           {"1e999", "", 0},
		"seconds":                   {"90", "", 90 * time.Second},
		"seconds with space":        {" 90\t", "", 90 * time.Second},
		"part of a second":          {"1.5", "", 1500 * time.Millisecond},
		"an hour":                   {"3600", "", time.Hour},
		"a day":                     {"86400", "", 24 * time.Hour},
		"milliseconds":              {"1000000", "", 1000 * time.Second},
		"just above a day":          {"86401", "", 86401 * time.Millisecond},
		"absurd":                    {"99999999999999999999", "", kit.MostWait},
		"a date":                    {"Fri, 02 Jan 2026 03:06:05 GMT", "", 2 * time.Minute},
		"a date gone by":            {"Fri, 02 Jan 2026 03:00:05 GMT", "", 0},
		"a date of RFC 850":         {"Friday, 02-Jan-26 03:06:05 GMT", "", 2 * time.Minute},
		"a date of asctime":         {"Fri Jan  2 03:06:05 2026", "", 2 * time.Minute},
		"a date without zone":       {"Fri, 02 Jan 2026 03:06:05", "", 0},
		"a date far off":            {"Fri, 02 Jan 2037 03:06:05 GMT", "", kit.MostWait},
		"by the server's own clock": {"Fri, 02 Jan 2026 04:06:05 GMT", sent, 2 * time.Minute},
		"seconds know no clock":     {"90", sent, 90 * time.Second},
		"a clock that is no date":   {"Fri, 02 Jan 2026 03:06:05 GMT", "yesterday", 2 * time.Minute},
	} {
		header := http.Header{"Retry-After": {c.value}, "Date": {c.date}}
		if wait := kit.RetryAfter(header, arrived); wait != c.want {
			t.Errorf("%s: %v, want %v", name, wait, c.want)
		}
	}
}

// FuzzRetryAfter: no wait is negative or longer than the longest, and one is read again from its seconds.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "120", "7000000001", "0.25", "1e300", "-1", "0x1p4", "Fri, 02 Jan 2026 03:06:05 GMT", "Fri Jan  2 03:06:05 2026"} {
		f.Add(value, "")
		f.Add(value, "Fri, 02 Jan 2026 03:06:00 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		wait := kit.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, arrived)
		if wait < 0 || wait > kit.MostWait {
			t.Fatalf("%q: a wait of %v", value, wait)
		}
		whole := wait.Truncate(time.Second)
		seconds := strconv.FormatInt(int64(whole/time.Second), 10)
		if again := kit.RetryAfter(http.Header{"Retry-After": {seconds}}, arrived); again != whole {
			t.Fatalf("%q: %v, and as %s %v", value, wait, seconds, again)
		}
	})
}

// leap is a clock whose wall part can be set.
type leap struct {
	kit.Clock
	set time.Duration
}

func (l *leap) Now() time.Time { return l.Clock.Now().Add(l.set) }

func TestWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &leap{Clock: kit.System()}
		told, end := clock.Now().Add(time.Hour), clock.Monotonic()+time.Hour
		time.Sleep(time.Minute)
		for _, set := range []time.Duration{0, time.Second, -time.Second} {
			clock.set = set
			if at := kit.Wall(clock, end, told); !at.Equal(told) {
				t.Errorf("off by %v it is told as %v later", set, at.Sub(told))
			}
		}
		for _, set := range []time.Duration{time.Hour, -48 * time.Hour, 2 * time.Second} {
			clock.set = set
			if at := kit.Wall(clock, end, told); at.Sub(clock.Now()) != 59*time.Minute {
				t.Errorf("set by %v it is %v away", set, at.Sub(clock.Now()))
			}
		}
	})
}

func TestLeft(t *testing.T) {
	for name, c := range map[string]struct{ until, noted, now, want time.Duration }{
		"at once":                {time.Hour, 0, 0, time.Hour},
		"half way":               {time.Hour, 0, 30 * time.Minute, 30 * time.Minute},
		"over":                   {time.Hour, 0, 2 * time.Hour, 0},
		"the clock was set back": {time.Hour, 0, -48 * time.Hour, time.Hour},
		"noted after its end":    {time.Hour, 2 * time.Hour, 0, 0},
		"longer than any":        {99 * time.Hour, 0, 0, kit.MostWait},
	} {
		if left := kit.Left(arrived.Add(c.until), arrived.Add(c.noted), arrived.Add(c.now)); left != c.want {
			t.Errorf("%s: %v, want %v", name, left, c.want)
		}
	}
	if left := kit.Left(arrived.Add(time.Hour), time.Time{}, arrived.Add(-time.Minute)); left != 61*time.Minute {
		t.Errorf("of unknown age: %v", left)
	}
}

func TestSpread(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	var least, most time.Duration = time.Hour, 0
	for range 1000 {
		wait := kit.Spread(random, time.Minute)
		least, most = min(least, wait), max(most, wait)
	}
	if least < time.Minute || least > 61*time.Second || most > 66*time.Second || most < 65*time.Second {
		t.Errorf("a minute is spread from %v to %v", least, most)
	}
	if wait := kit.Spread(strings.NewReader(""), time.Minute); wait != time.Minute {
		t.Errorf("without randomness: %v", wait)
	}
	if wait := kit.Spread(random, 0); wait != 0 {
		t.Errorf("no wait: %v", wait)
	}
	g := kit.Growth{First: time.Minute, Most: time.Hour, Random: random}
	if wait := g.Next(); wait <= time.Minute || wait > 66*time.Second || g.Wait() != 2*time.Minute {
		t.Errorf("a growing wait is spread to %v, and then %v", wait, g.Wait())
	}
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
