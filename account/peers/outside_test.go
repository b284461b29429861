//go:build peers

package peers

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// installTime bounds fetching a package and what it needs from its registry.
const installTime = 3 * time.Minute

// Versions of the outside programs, so that a new release of theirs changes nothing here unasked.
const (
	pyfxa   = "PyFxA==0.9.0"
	webPush = "web-push@3.6.7"
	httpECE = "http_ece@1.2.1"
	jose    = "jose@5.10.0"
)

// python makes a throw-away environment with PyFxA and gives its interpreter.
func python(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tool(t, dir, "python3", "-m", "venv", dir)
	interpreter := filepath.Join(dir, "bin", "python")
	tool(t, dir, interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", pyfxa)
	return interpreter
}

// node makes a throw-away folder with the npm packages and a copy of the scripts in testdata, and
// gives its path.
func node(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tool(t, dir, "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", dir, webPush, httpECE, jose)
	for _, name := range []string{"webpush_send.js", "ece_open.js", "jose_mint.mjs", "jose_verify.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tool runs a program to its end and gives what it printed.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
	return string(out)
}
