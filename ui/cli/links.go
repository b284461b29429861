package cli

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
)

// maxInputLine is the longest line read from standard input; no device takes a longer link.
const maxInputLine = 64 << 10

// links turns arguments into links; "-" stands for the lines of standard input.
func (p *program) links(args []string) ([]localapi.Link, error) {
	var links []localapi.Link
	add := func(text string) error {
		if !link.OnePiece(text) {
			return p.notALink(text)
		}
		links = append(links, localapi.Link{URL: text})
		return nil
	}
	for _, a := range args {
		if a != "-" {
			if err := add(a); err != nil {
				return nil, err
			}
			continue
		}
		for {
			line, err := readLine(p.in)
			if line = strings.TrimSpace(line); line != "" {
				if err := add(line); err != nil {
					return nil, err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
		}
	}
	if len(links) == 0 {
		return nil, p.usage(p.Words.T("cli.error.no_links"))
	}
	return links, nil
}

// readLine reads one line without its end; io.EOF comes with the last one.
func readLine(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		c, err := r.ReadByte()
		if err != nil {
			return b.String(), err
		}
		if c == '\n' {
			return b.String(), nil
		}
		if b.Len() == maxInputLine {
			return "", errors.New("a line of the input is too long")
		}
		b.WriteByte(c)
	}
}
