//go:build peers && linux

package browsers_test

import (
	"archive/zip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	// webExt is Mozilla's own lint, the one that the signing service runs.
	webExt = "web-ext@10.7.0"
	// node20 runs it: Debian 12 has an older one, which lacks what it wants.
	node20 = "node@20.19.5"
	// toolTime bounds a tool that may have to be fetched.
	toolTime = 5 * time.Minute
)

// tool runs a program to its end.
func tool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func TestModules(t *testing.T) {
	t.Parallel()
	tool(t, "../../ui/extension/testdata", "node", "--test", ".")
}

// TestLint: Mozilla's lint has nothing to say about the package for Firefox, not even a notice.
func TestLint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tool(t, "../..", "go", "run", "./packaging/extension", "-out", dir)
	archive, err := zip.OpenReader(filepath.Join(dir, "tabferry-extension-firefox.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	source := filepath.Join(dir, "source")
	if err := os.CopyFS(source, archive); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", dir, webExt, node20)
	tool(t, dir, filepath.Join(dir, "node_modules", ".bin", "node"), filepath.Join(dir, "node_modules", "web-ext", "bin", "web-ext.js"), "lint",
		"--source-dir", source, "--no-config-discovery", "--warnings-as-errors")
}
