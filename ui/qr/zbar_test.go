//go:build desktop

package qr_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/qr"
)

var keep = flag.String("pictures", "", "keep the pictures in this folder")

// TestBesideZbar reads the set with both readers: ours may not be the worse one.
func TestBesideZbar(t *testing.T) {
	folder := *keep
	if folder == "" {
		folder = t.TempDir()
	}
	ours, theirs := 0, 0
	set := pictures(t)
	for _, p := range set {
		path := filepath.Join(folder, p.name)
		if err := os.WriteFile(path, p.file, 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := qr.Decode(p.file)
		read := err == nil && text == pairing
		said, err := exec.Command("zbarimg", "--quiet", "--raw", path).Output()
		zbar := err == nil && strings.TrimSpace(string(said)) == pairing
		if read {
			ours++
		}
		if zbar {
			theirs++
		}
		if !read || !zbar {
			t.Logf("%s: we %v, zbarimg %v", p.name, read, zbar)
		}
	}
	t.Logf("%d pictures: we read %d, zbarimg %d", len(set), ours, theirs)
	if ours < theirs {
		t.Errorf("zbarimg reads more")
	}
}
