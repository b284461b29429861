package window

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// inSend runs f with the send pane in front.
func inSend(t *testing.T, f func(h *harness, p *sendPane)) {
	t.Helper()
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneSend)
		h.settle()
		f(h, h.w.sendPane())
	})
}

func pickedURLs(p *sendPane) (urls []string) {
	links, _ := p.picked()
	for _, l := range links {
		urls = append(urls, l.URL)
	}
	return urls
}

// Every link that can be found in a text is what pasting it chooses.
func TestPasteTakesWhatIsFound(t *testing.T) {
	content, err := os.ReadFile("../../account/link/testdata/texts.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []struct {
		Name, Text string
		Links      []string
	}
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	inSend(t, func(h *harness, p *sendPane) {
		for _, c := range texts {
			p.setLinks([]localapi.Link{{URL: "https://before.example/"}}, "")
			h.w.pasted(c.Text)
			if got := pickedURLs(p); !slices.Equal(got, c.Links) {
				t.Errorf("%s: pasted %q, want %q", c.Name, got, c.Links)
			}
			p.setLinks(nil, "")
			h.app.Clipboard().SetContent(c.Text)
			h.w.show(PaneInbox)
			h.w.show(PaneSend)
			if got := pickedURLs(p); len(c.Links) == 1 && !slices.Equal(got, c.Links) || len(c.Links) == 0 && len(got) > 0 {
				t.Errorf("%s: offered %q, want %q", c.Name, got, c.Links)
			}
		}
	})
}

// What is refused leaves nothing to send, says why, and sends nothing in its place.
func TestARefusedTextDisarmsTheField(t *testing.T) {
	for words, why := range map[string]string{
		"https://exa%20mple.org/":    "No browser looks up such a host.",
		"https://example.org:99999/": "The port of the link is no number up to 65535.",
		"https://":                   "The link names no host.",
		"javascript:alert(1)":        "Only links that begin with https:// or http:// can be sent.",
		"https://example.org/\x01x":  "control character",
		"no link at all":             "This is no web link.",
	} {
		inSend(t, func(h *harness, p *sendPane) {
			p.setLinks([]localapi.Link{{URL: "https://before.example/"}}, "")
			h.w.pasted(words)
			if urls := pickedURLs(p); len(urls) > 0 {
				t.Errorf("%q: %q is armed", words, urls)
			}
			h.want(why)
		})
	}
}

func TestThousandsOfLinksAreSearchedAndChosen(t *testing.T) {
	export, err := os.ReadFile("../../account/link/testdata/files/bookmarks-1500.html")
	if err != nil {
		t.Fatal(err)
	}
	inSend(t, func(h *harness, p *sendPane) {
		file := filepath.Join(t.TempDir(), "Lese zeichen.html")
		if err := os.WriteFile(file, export, 0o600); err != nil {
			t.Fatal(err)
		}
		h.w.takeItems([]string{"file://" + strings.ReplaceAll(file, " ", "%20")})
		h.settle()
		h.want("1500 of 1500 links chosen")
		relayout(h)
		if n := len(h.rows()); n > 60 {
			t.Errorf("%d rows are made for what can be seen", n)
		}
		h.tap("None")
		h.want("0 of 1500 links chosen", "Add a link to send.")
		p.list.search.SetText("page 149")
		h.want("11 of 1500 links fit the search")
		h.tap("All")
		h.want("11 of 1500 links chosen")
		h.w.focus(p.list.many)
		p.list.many.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
		p.list.many.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		h.want("10 of 1500 links chosen")
		relayout(h)
		h.row("Page 149").Tapped(nil)
		h.want("9 of 1500 links chosen")
		if got := pickedURLs(p); len(got) != 9 || got[0] != "https://example.org/1491" && got[0] != "https://example.org/1490" {
			t.Errorf("chosen: %q", got)
		}
		p.setLinks(nil, "")
		h.wantNot("links chosen")
	})
}

func TestWhatIsLeftOutIsCounted(t *testing.T) {
	inSend(t, func(h *harness, p *sendPane) {
		h.w.take(manyLinks(maxLinks+5), "")
		h.want(fmt.Sprintf("%d of %d links chosen", maxLinks, maxLinks), fmt.Sprintf("%d of %d links are kept", maxLinks, maxLinks+5))
	})
}
