package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tabferry/tabferry/assets/i18n"
)

// printJSON writes v indented, for eyes and for jq alike.
func (p *program) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return p.print(string(text))
}

// printLine writes v as JSON on one line, for streams.
func (p *program) printLine(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return p.print(string(text))
}

// print writes one line of output; a closed pipe is an error like any other.
func (p *program) print(line string) error {
	if _, err := fmt.Fprintln(p.Out, line); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// maxCell is the longest text of a table column; a title may be a whole page long.
const maxCell = 48

// table writes rows in columns. The last column is not cut: it holds what must be copied whole.
func (p *program) table(head []string, rows [][]string) error {
	all := append([][]string{head}, rows...)
	widths := make([]int, len(head))
	for _, row := range all {
		for i := range row {
			row[i] = i18n.Plain(row[i])
			if i < len(head)-1 {
				row[i] = i18n.OneLine(row[i], maxCell)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		if err := p.print(strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// clock returns a moment of today as "14:05", of another day with its date before it.
func (p *program) clock(t time.Time) string {
	now := p.Now()
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

func (p *program) ago(t time.Time) string { return p.Words.Ago(t, p.Now()) }

// device returns a device's name, or a word for one without any that can be seen.
func (p *program) device(name string) string {
	if i18n.Plain(name) == "" {
		return p.Words.T("common.unknown_device")
	}
	return name
}
