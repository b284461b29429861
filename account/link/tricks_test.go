package link_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/link"
)

// tricks is a table of addresses that are meant to deceive: what stands in it, whether it may be sent,
// which host is shown for it when it is received, and what the opener is given ("" for a refusal).
const tricks = "testdata/tricks.tsv"

// TestTricks compares each answer with the table, and holds all of them to what no trick may get: another
// scheme opened, a host shown that is not the one opened, a control or direction character anywhere, an
// argument that begins with a hyphen.
func TestTricks(t *testing.T) {
	file, err := os.Open(tricks)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table := csv.NewReader(file)
	table.Comma, table.Comment, table.LazyQuotes, table.FieldsPerRecord = '\t', '#', true, 4
	rows, err := table.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		text, err := unescape(row[0])
		if err != nil {
			t.Fatalf("%q: %v", row[0], err)
		}
		host, can := link.Read(text)
		opened, err := link.ForOpener(text)
		sends := map[bool]string{true: "send", false: "no"}[link.Sendable(text)]
		if (err == nil) != can {
			t.Errorf("%q: may be opened: %v, and the opener gets %q, %v", text, can, opened, err)
		}
		if got := []string{sends, host, opened}; got[0] != row[1] || got[1] != row[2] || got[2] != row[3] {
			t.Errorf("%s\n got %q\nwant %q", row[0], got, row[1:])
		}
		if scheme, _, _ := strings.Cut(strings.ToLower(opened), ":"); can && scheme != "http" && scheme != "https" {
			t.Errorf("%q opens %q", text, opened)
		}
		for _, shown := range []string{host, opened} {
			if shown != link.Clean(shown) || strings.HasPrefix(shown, "--") {
				t.Errorf("%q is shown or opened as %q", text, shown)
			}
		}
	}
	if len(rows) < 100 {
		t.Errorf("the table has %d rows", len(rows))
	}
}

// unescape reads Go's escapes, so that the table has nothing invisible in it.
func unescape(text string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
}
