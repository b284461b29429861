package cli

import (
	"bufio"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
)

// The bounds of standard input, in bytes: of one line, and of a text with links.
const (
	maxInputLine = 64 << 10
	maxInput     = 16 << 20
)

// errLineTooLong says that a line of standard input is longer than [maxInputLine].
var errLineTooLong = errors.New("a line of the input is too long")

// links turns arguments into links; "-" stands for the links in standard input.
func (p *program) links(args []string) ([]localapi.Link, error) {
	var links []localapi.Link
	for _, a := range args {
		if a == "-" {
			found, err := p.linksOfInput()
			if err != nil {
				return nil, err
			}
			links = append(links, found...)
			continue
		}
		address, why := link.One(a)
		if why != link.Fine {
			return nil, p.notALink(a, why)
		}
		links = append(links, localapi.Link{URL: address})
	}
	if len(links) == 0 {
		return nil, p.usage(p.Words.T("cli.error.no_links"))
	}
	return links, nil
}

// linksOfInput finds the links in standard input. A line without one is a mistake somewhere before.
func (p *program) linksOfInput() ([]localapi.Link, error) {
	content, err := io.ReadAll(io.LimitReader(p.in, maxInput+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxInput {
		return nil, p.usage(p.Words.T("cli.error.input_too_long", "Size", maxInput>>20))
	}
	text := link.Text(content)
	for line := range strings.Lines(text) {
		if _, why := link.One(line); why != link.Nothing && len(link.Find(line, 1)) == 0 {
			return nil, p.notALink(strings.TrimSpace(line), why)
		}
	}
	var links []localapi.Link
	for _, address := range link.Find(text, math.MaxInt) {
		links = append(links, localapi.Link{URL: address})
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
			return "", errLineTooLong
		}
		b.WriteByte(c)
	}
}
