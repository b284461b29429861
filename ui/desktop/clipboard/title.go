package clipboard

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/link"
)

const (
	// maxTitled is how much of what holds a title is read, in bytes: the longest link as UTF-16, or a link and
	// the words around it as HTML. What is larger is no copied link.
	maxTitled = 2 * maxText
	// maxTitle is the longest title, in bytes; a longer one is cut.
	maxTitle = 4 << 10
	// titleTime is how long the program that owns the clipboard may take for a title: whoever has clicked waits
	// for it.
	titleTime = time.Second
)

// Title returns the title that the owner of the clipboard gives a link: browsers put it beside the address.
// It is empty if there is none, or the clipboard holds another link by now; a title of another link is never
// returned. It looks once, keeps nothing, and asks nobody but the desktop. The error says why the clipboard
// could not be read; a link can be sent without a title.
//
// On Windows and macOS titles are not read, and there are none.
func Title(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, titleTime)
	defer cancel()
	type answer struct {
		offered []link.Titled
		err     error
	}
	read := make(chan answer, 1)
	go func() { // ends with ctx, or a moment later
		offered, err := systemTitles(ctx)
		read <- answer{offered, err}
	}()
	select {
	case a := <-read:
		return titleOf(address, a.offered), a.err
	case <-ctx.Done():
		return "", fmt.Errorf("desktop: waiting for the clipboard: %w", context.Cause(ctx))
	}
}

// titleOf returns the title of a link among others, fit to be shown and sent. One that only repeats the link
// is none.
func titleOf(address string, offered []link.Titled) string {
	for _, l := range offered {
		if l.URL != address {
			continue
		}
		if title := shortened(link.Clean(l.Title), maxTitle); title != "" && title != address {
			return title
		}
	}
	return ""
}

// shortened cuts a text to so many bytes, between characters.
func shortened(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return link.Clean(text[:most])
}
