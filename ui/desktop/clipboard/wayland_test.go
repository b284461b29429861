//go:build desktop && linux

package clipboard_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/ui/desktop/clipboard"
)

// sway starts a compositor without a screen and points WAYLAND_DISPLAY at it. sway refuses to run
// as root; then it runs as nobody, and so do its clients.
func sway(t *testing.T) (as *syscall.Credential) {
	t.Helper()
	for _, program := range []string{"sway", "wl-copy", "wl-paste"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v (packaging/system-packages.sh desktop installs it)", err)
		}
	}
	dir, err := os.MkdirTemp("", "tf") // short: it holds a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if os.Getuid() == 0 {
		const nobody = 65534
		as = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte("xwayland disable\n"), 0o644); err != nil { // read by nobody
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("HOME", dir)
	t.Setenv("DISPLAY", "")
	t.Setenv("WLR_BACKENDS", "headless")
	t.Setenv("WLR_LIBINPUT_NO_DEVICES", "1")
	t.Setenv("WLR_RENDERER", "pixman")
	cmd := exec.Command("sway", "-c", config)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // says "killed"
		if t.Failed() {
			t.Log(log.String())
		}
	})
	deadline := time.Now().Add(time.Minute)
	for {
		found, err := filepath.Glob(filepath.Join(dir, "wayland-?"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 {
			t.Setenv("WAYLAND_DISPLAY", filepath.Base(found[0]))
			return as
		}
		if time.Now().After(deadline) {
			t.Fatal("sway did not start")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestWaylandClipboard(t *testing.T) {
	as := sway(t)
	run := func(input, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		if input != "" {
			cmd.Stdin = strings.NewReader(input)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return ""
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return string(out)
	}
	run("https://example.org/before", "wl-copy", "-t", "text/plain;charset=utf-8")
	c, err := clipboard.Open()
	if err != nil {
		t.Fatal(err)
	}
	if kind := fmt.Sprintf("%T", c); !strings.Contains(kind, "wayland") {
		t.Fatalf("the clipboard is a %s", kind)
	}
	until(t, c, "https://example.org/before")
	run("https://example.org/ä?b", "wl-copy", "-t", "text/plain;charset=utf-8")
	until(t, c, "https://example.org/ä?b")
	run(strings.Repeat("x", 1<<20), "wl-copy", "-t", "text/plain;charset=utf-8")
	until(t, c, "")
	run("after", "wl-copy", "-t", "text/plain;charset=utf-8")
	until(t, c, "after")
	if _, err := clipboard.Picture(t.Context()); !errors.Is(err, clipboard.ErrNoPicture) {
		t.Errorf("a text as a picture: %v", err)
	}
	large := "\x89PNG" + strings.Repeat("x", 1<<20)
	run(large, "wl-copy", "-t", "image/png")
	until(t, c, "")
	if picture, err := clipboard.Picture(t.Context()); err != nil || string(picture) != large {
		t.Errorf("%d bytes of a picture, %v", len(picture), err)
	}

	for _, text := range []string{"https://tabferry.test/ü", "again"} {
		if err := c.SetText(text); err != nil {
			t.Fatal(err)
		}
		until(t, c, text)
		if got := run("", "wl-paste", "-n"); got != text {
			t.Errorf("others read %q, want %q", got, text)
		}
	}
	run("theirs", "wl-copy", "-t", "text/plain;charset=utf-8")
	until(t, c, "theirs")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for range c.Changed() { // closed: the loop ends
	}
}
