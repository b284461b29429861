//go:build !windows

package window

import (
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"golang.org/x/sys/unix"
)

// A pipe into which nobody writes would be opened for ever.
func TestDroppedPipe(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		for _, name := range []string{"pipe.txt", "pipe.png"} {
			path := filepath.Join(t.TempDir(), name)
			if err := unix.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			h.w.dropped([]fyne.URI{storage.NewFileURI(path)})
			h.settle()
			h.want("could not be read")
			h.w.toasts.clear()
		}
	})
}
