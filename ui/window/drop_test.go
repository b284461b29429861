package window

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// TestOneBadFileKeepsNobodyFromTheOthers: of several that are dropped together, or handed over by another start.
func TestOneBadFileKeepsNobodyFromTheOthers(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		folder := t.TempDir()
		var uris []fyne.URI
		items := []string{"https://c.example/"}
		for name, content := range map[string]string{
			"A page.url": "[InternetShortcut]\nURL=https://a.example\n", "b.txt": "https://b.example", "no-code.png": "no picture", "gone.txt": "",
		} {
			file := filepath.Join(folder, name)
			if content != "" {
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			uris = append(uris, storage.NewFileURI(file))
			items = append(items, "file://"+filepath.ToSlash(folder)+"/"+strings.ReplaceAll(name, " ", "%20"))
		}
		h.send(signedIn())
		h.w.dropped(uris)
		h.settle()
		h.want("2 of 2 links chosen", "2 of 4 files could not be read", "A page")
		h.w.sendPane().setLinks(nil, "")
		h.w.takeItems(items)
		h.settle()
		h.want("3 of 3 links chosen")
	})
}

func TestLinkInDrop(t *testing.T) {
	for path, want := range map[string]string{
		"/home/me/https:/example.org/a": "https://example.org/a",
		"/http:/example.org":            "http://example.org",
		"https://example.org/a":         "https://example.org/a",
		"/home/me/notes.txt":            "",
	} {
		if got, ok := linkInDrop(path); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", path, got, ok, want)
		}
	}
}
