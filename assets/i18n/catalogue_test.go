package i18n_test

import (
	"testing"
	"time"

	"github.com/tabferry/tabferry/assets/i18n"
)

func TestLanguageIsTheNearestSupportedOne(t *testing.T) {
	cases := map[string]string{
		"de": "de", "de-AT": "de", "gsw": "de", "fr-CA": "fr", "en-GB": "en",
		"ja": "en", "not a tag": "en",
	}
	for lang, want := range cases {
		if got := i18n.New(lang).Language(); got != want {
			t.Errorf("New(%q) speaks %q, want %q", lang, got, want)
		}
	}
}

func TestLanguageOfTheEnvironment(t *testing.T) {
	cases := []struct {
		name                              string
		all, messages, lang, list, expect string
	}{
		{"nothing set", "", "", "", "", "en"},
		{"LANG", "", "", "de_DE.UTF-8", "", "de"},
		{"LC_MESSAGES beats LANG", "", "fr_FR.UTF-8", "de_DE.UTF-8", "", "fr"},
		{"LC_ALL beats all", "de_AT.UTF-8@euro", "fr_FR", "en_US", "", "de"},
		{"LANGUAGE goes first", "", "", "en_US.UTF-8", "ja:fr:de", "fr"},
		{"LANGUAGE means nothing in the C locale", "", "", "C", "fr", "en"},
		{"C with an encoding", "C.UTF-8", "", "de_DE", "", "en"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("LC_ALL", tc.all)
			t.Setenv("LC_MESSAGES", tc.messages)
			t.Setenv("LANG", tc.lang)
			t.Setenv("LANGUAGE", tc.list)
			if got := i18n.New("").Language(); got != tc.expect {
				t.Errorf("speaks %q, want %q", got, tc.expect)
			}
		})
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	cases := []struct {
		lang  string
		count int
		want  string
	}{
		{"en", 0, "0 minutes ago"},
		{"en", 1, "1 minute ago"},
		{"en", 2, "2 minutes ago"},
		{"de", 1, "vor 1 Minute"},
		{"de", 5, "vor 5 Minuten"},
		{"fr", 0, "il y a 0 minute"}, // French counts zero as one
		{"fr", 1, "il y a 1 minute"},
		{"fr", 2, "il y a 2 minutes"},
		{"fr", 1_000_000, "il y a 1000000 minutes"},
	}
	for _, tc := range cases {
		if got := i18n.New(tc.lang).N("common.minutes_ago", tc.count); got != tc.want {
			t.Errorf("%s %d: %q, want %q", tc.lang, tc.count, got, tc.want)
		}
	}
}

func TestUnknownKeyShowsItself(t *testing.T) {
	c := i18n.New("de")
	if got := c.T("no.such.key"); got != "no.such.key" {
		t.Errorf("T = %q", got)
	}
	if got := c.N("no.such.key", 2); got != "no.such.key" {
		t.Errorf("N = %q", got)
	}
	if c.Has("no.such.key") || !c.Has("common.app") || !c.Has("common.minutes_ago") {
		t.Error("Has does not know its keys")
	}
}

func TestValuesAreTextNotTemplates(t *testing.T) {
	c := i18n.New("en")
	hostile := `{{.Count}} <b>$(x)`
	if got, want := c.T("notify.tab.title", "Device", hostile), "Tab from "+hostile; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	c := i18n.New("en")
	cases := []struct {
		before time.Duration
		want   string
	}{
		{-30 * time.Second, "just now"},
		{-2 * time.Minute, "2026-03-04"},
		{59 * time.Second, "just now"},
		{time.Minute, "1 minute ago"},
		{59 * time.Minute, "59 minutes ago"},
		{3 * time.Hour, "3 hours ago"},
		{25 * time.Hour, "yesterday"},
		{72 * time.Hour, "3 days ago"},
		{60 * 24 * time.Hour, "2026-01-03"},
	}
	for _, tc := range cases {
		if got := c.Ago(now.Add(-tc.before), now); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.before, got, tc.want)
		}
	}
	if got := c.Ago(time.Time{}, now); got != "never" {
		t.Errorf("zero time: %q", got)
	}
}
