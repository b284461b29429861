//go:build desktop && linux

package desktop_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/ui/desktop"
)

// xvfb starts an X server of its own and points DISPLAY at it.
func xvfb(t *testing.T) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "320x200x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{write}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // says "killed"
	})
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Fscan(read, &number); err != nil {
		t.Fatal(err)
	}
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DISPLAY", fmt.Sprintf(":%d", number))
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("XAUTHORITY", "/dev/null")
}

// xclip runs xclip on the clipboard; with input it stays in the background and owns it.
func xclip(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "xclip", append([]string{"-selection", "clipboard"}, args...)...)
	var out bytes.Buffer
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	} else {
		cmd.Stdout = &out
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("xclip: %v", err)
	}
	return out.String()
}

func until(t *testing.T, c desktop.Clipboard, want string) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for c.Text() != want {
		select {
		case <-c.Changed():
		case <-deadline:
			t.Fatalf("the clipboard says %.60q, want %.60q", c.Text(), want)
		}
	}
}

func TestX11Clipboard(t *testing.T) {
	xvfb(t)
	xclip(t, "https://example.org/before")
	c, err := desktop.OpenClipboard()
	if err != nil {
		t.Fatal(err)
	}
	until(t, c, "https://example.org/before")
	xclip(t, "https://example.org/ä?b=c")
	until(t, c, "https://example.org/ä?b=c")

	// What is too large is taken off the owner's hands and forgotten; the next text counts again.
	xclip(t, strings.Repeat("x", 3<<20))
	until(t, c, "")
	xclip(t, strings.Repeat("y", 65<<10))
	until(t, c, "")
	xclip(t, "after")
	until(t, c, "after")
	// Something that is no text.
	xclip(t, "\x89PNG", "-t", "image/png")
	until(t, c, "")

	if err := c.SetText("https://tabferry.test/ü"); err != nil {
		t.Fatal(err)
	}
	until(t, c, "https://tabferry.test/ü")
	if got := xclip(t, "", "-o", "-t", "UTF8_STRING"); got != "https://tabferry.test/ü" {
		t.Errorf("others read %q", got)
	}
	if got := xclip(t, "", "-o", "-t", "TARGETS"); !strings.Contains(got, "UTF8_STRING") || !strings.Contains(got, "TARGETS") {
		t.Errorf("targets %q", got)
	}
	xclip(t, "theirs")
	until(t, c, "theirs")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for range c.Changed() { // closed: the loop ends
	}
}

func TestNoDisplayNoClipboard(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if _, err := desktop.OpenClipboard(); err == nil {
		t.Fatal("a clipboard without a display")
	}
	t.Setenv("DISPLAY", ":987")
	if _, err := desktop.OpenClipboard(); err == nil {
		t.Fatal("a clipboard of a display that does not exist")
	}
}
