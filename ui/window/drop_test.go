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

func TestPastingAnywhereLeadsToSend(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneDevices)
		h.w.pasted("look: https://example.org/page.")
		if h.w.current != PaneSend || h.w.sendPane().link.Text != "https://example.org/page" {
			t.Errorf("pane %q, link %q", h.w.current, h.w.sendPane().link.Text)
		}
		h.w.pasted("no link here")
		h.want("no web link in that text")
	})
}

func TestLinksPastedBeforeSigningInWaitForIt(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedOut())
		h.w.pasted("https://example.org/page")
		h.want("Sign in first")
		h.send(signedIn())
		if h.w.current != PaneSend || h.w.sendPane().link.Text != "https://example.org/page" {
			t.Errorf("pane %q, link %q", h.w.current, h.w.sendPane().link.Text)
		}
	})
}

func TestAnotherStartHandsItsLinksOver(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		file := filepath.Join(t.TempDir(), "list.txt")
		if err := os.WriteFile(file, []byte("https://three.example"), 0o600); err != nil {
			t.Fatal(err)
		}
		h.offer(PaneSend, "https://one.example", "two.example/x") // the agent has not answered yet
		h.send(signedIn())
		if got := len(h.w.sendPane().list.links); got != 2 {
			t.Errorf("%d links, want 2", got)
		}
		h.offer("", file)
		if got := h.w.sendPane().link.Text; got != "https://three.example" {
			t.Errorf("link %q", got)
		}
		h.offer(PaneInbox)
		if h.w.current != PaneInbox {
			t.Errorf("pane %q", h.w.current)
		}
	})
}

// TestClosedWindowTakesNothing: what another start brings is left to that start, whether the toolkit still runs
// what is posted or not.
func TestClosedWindowTakesNothing(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.Close()
		if h.offered(PaneSend, "https://one.example") {
			t.Error("a closed window says that it has the links")
		}
		h.w.Stop()
		if h.w.Offer(PaneSend, "https://one.example") {
			t.Error("a window that has ended says that it has the links")
		}
	})
}

func TestDrop(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		folder := t.TempDir()
		write := func(name string, content []byte) fyne.URI {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			return storage.NewFileURI(path)
		}
		h.send(signedIn())
		drop := func(uris ...fyne.URI) {
			h.w.dropped(uris)
			h.settle()
		}
		drop(write("a.url", []byte("[InternetShortcut]\nURL=https://a.example\n")), write("b.txt", []byte("https://b.example")))
		if got := len(h.w.sendPane().list.links); got != 2 {
			t.Errorf("%d links from two files", got)
		}
		drop(storage.NewFileURI("https://example.org/a"))
		if got := h.w.sendPane().link.Text; got != "https://example.org/a" {
			t.Errorf("the dropped link became %q", got)
		}
		h.want("check the link")
		drop(storage.NewFileURI("https://example.org/a"), storage.NewFileURI("https://example.org/b"), write("c.txt", []byte("https://c.example")))
		if got := len(h.w.sendPane().list.links); got != 3 {
			t.Errorf("%d links from two links and a file", got)
		}
		drop(storage.NewFileURI("https://example.org/a%20b"))
		h.want("copy this link and paste it")
		drop(write("x.bin", []byte("x")))
		h.want("Drop links")
		drop(write("empty.png", []byte("no picture")))
		h.want("no readable code")
		h.offer(PaneSend, filepath.Join(folder, "x.bin")) // "Open with"
		h.settle()
		h.want("Drop links")
		h.offer(PaneSend, folder)
		h.settle()
		h.want("Drop links")
		if err := os.Mkdir(filepath.Join(folder, "folder.txt"), 0o700); err != nil {
			t.Fatal(err)
		}
		drop(storage.NewFileURI(filepath.Join(folder, "folder.txt")))
		h.want("could not be read")
		drop(storage.NewFileURI(filepath.Join(folder, "gone.txt")))
		h.want("could not be read")

		h.send(signedOut())
		h.take()
		drop(storage.NewFileURI("https://example.org/a"))
		h.want("Sign in first")
		drop(write("code.png", picture(t, code)))
		h.wantCalls("JoinPairing " + code)
	})
}
