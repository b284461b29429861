package link_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/tabferry/tabferry/account/link"
)

// TestAsBrowsersDo asks about every absolute http address of the browsers' own test data
// (web-platform-tests, url/resources/urltestdata.json): the same ones are links, with the same host.
// Control characters within a link are refused, which browsers drop or encode.
func TestAsBrowsersDo(t *testing.T) {
	content, err := os.ReadFile("testdata/wpt-urltestdata.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []json.RawMessage // and comments between them
	if err := json.Unmarshal(content, &cases); err != nil {
		t.Fatal(err)
	}
	web := regexp.MustCompile(`(?i)^\s*https?:`)
	judged, control := 0, 0
	for _, raw := range cases {
		var c struct {
			Input, Host string
			Base        *string
			Failure     bool
		}
		if json.Unmarshal(raw, &c) != nil || c.Base != nil || !web.MatchString(c.Input) {
			continue
		}
		host, open := link.Read(c.Input)
		_, err := link.ForOpener(c.Input)
		if open != link.Web(c.Input) || open != link.Sendable(c.Input) || open != (err == nil) {
			t.Errorf("%q: two answers", c.Input)
		}
		if strings.ContainsFunc(c.Input, unicode.IsControl) {
			if control++; open {
				t.Errorf("%q: control characters let through", c.Input)
			}
			continue
		}
		judged++
		if open == c.Failure || open && host != c.Host {
			t.Errorf("%q: %v, %q; browsers say %v, %q", c.Input, open, host, !c.Failure, c.Host)
		}
	}
	if judged < 200 {
		t.Errorf("only %d addresses judged", judged)
	}
	t.Logf("%d judged as browsers do, %d with control characters refused", judged, control)
}
