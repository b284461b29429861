//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// row is one line of the table: what was measured, what it should be, what it is, and what the least program
// that does the same comes to in the same run. Goal and Bare may be empty.
type row struct{ What, Goal, Figure, Bare string }

// table is the rows in the order of their measurement. It shows each as soon as it is known.
type table struct {
	out  io.Writer
	rows []row
}

func (t *table) add(r row) {
	if len(t.rows) == 0 {
		fmt.Fprint(t.out, heading)
	}
	t.rows = append(t.rows, r)
	fmt.Fprint(t.out, r)
}

const heading = "| figure | goal | measured | beside it |\n|---|---|---|---|\n"

// String is the row in Markdown.
func (r row) String() string {
	return fmt.Sprintf("| %s | %s | %s | %s |\n", r.What, r.Goal, r.Figure, r.Bare)
}

// A table stands between these lines of a document, which name it.
const (
	tableBegin = "<!-- make bench: %s begins -->\n"
	tableEnd   = "<!-- make bench: %s ends -->\n"
)

// write puts the table in the place of an earlier one of the same name.
func (t *table) write(file, name, about string) error {
	begin, end := fmt.Sprintf(tableBegin, name), fmt.Sprintf(tableEnd, name)
	text, err := os.ReadFile(file) // #nosec G304 -- the document that was named
	if err != nil {
		return err
	}
	before, rest, begun := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !begun || !ended {
		return fmt.Errorf("%s has no place for the table %q", file, name)
	}
	var b strings.Builder
	b.WriteString(before + begin + about + "\n" + heading)
	for _, r := range t.rows {
		b.WriteString(r.String())
	}
	b.WriteString(end + after)
	return os.WriteFile(file, []byte(b.String()), 0o644) // #nosec G306 -- a document of the repository
}

// at gives the time that a share of all stays below.
func at(times []time.Duration, share float64) time.Duration {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// spread is the middle and the slow end of times.
func spread(times []time.Duration) string {
	return fmt.Sprintf("%.1f / %.1f ms (p50 / p95 of %d)", ms(at(times, 0.5)), ms(at(times, 0.95)), len(times))
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// share is what of a core a process used.
func share(used, over time.Duration) float64 { return 100 * float64(used) / float64(over) }
