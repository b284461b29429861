//go:build desktop && linux

package clipboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/ui/desktop/clipboard"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

// xvfb starts an X server of its own and points DISPLAY at it.
func xvfb(t *testing.T) (kill func()) {
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
	kill = sync.OnceFunc(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // says "killed"
	})
	t.Cleanup(kill)
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
	return kill
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

func until(t *testing.T, c clipboard.Clipboard, want string) {
	t.Helper()
	deadline := time.After(time.Minute)
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
	c, err := clipboard.Open()
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
	// Owners that have no UTF8_STRING.
	xclip(t, "https://example.org/ä", "-t", "text/plain;charset=utf-8")
	until(t, c, "https://example.org/ä")
	xclip(t, "# made by\r\nhttps://example.org/list\r\n", "-t", "text/uri-list")
	until(t, c, "https://example.org/list")
	xclip(t, "https://example.org/moz\nA title", "-t", "text/x-moz-url")
	until(t, c, "https://example.org/moz")
	xclip(t, "https://example.org/\xe4", "-t", "STRING")
	until(t, c, "https://example.org/ä")
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
	if _, err := clipboard.Open(); err == nil {
		t.Fatal("a clipboard without a display")
	}
	t.Setenv("DISPLAY", ":987")
	if _, err := clipboard.Open(); err == nil {
		t.Fatal("a clipboard of a display that does not exist")
	}
}

func TestX11ClipboardPicture(t *testing.T) {
	xvfb(t)
	if picture, err := clipboard.Picture(t.Context()); !errors.Is(err, clipboard.ErrNoPicture) {
		t.Errorf("an empty clipboard gives %d bytes, %v", len(picture), err)
	}
	for name, c := range map[string]struct {
		content string
		args    []string
		want    error
	}{
		"whole":     {"\x89PNG and so on", []string{"-t", "image/png"}, nil},
		"in pieces": {strings.Repeat("\x89PNG and so on", 500_000), []string{"-t", "image/png"}, nil},
		"jpeg":      {"\xff\xd8\xff and so on", []string{"-t", "image/jpeg"}, nil},
		"text":      {"https://example.org/", nil, clipboard.ErrNoPicture},
	} {
		t.Run(name, func(t *testing.T) {
			xclip(t, c.content, c.args...)
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
				picture, err := clipboard.Picture(t.Context())
				if errors.Is(err, c.want) && (c.want != nil || string(picture) == c.content) {
					return
				}
				if time.Now().After(deadline) { // xclip becomes the owner a moment after it seems to be done
					t.Fatalf("%d bytes of %d, %v", len(picture), len(c.content), err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clipboard.Picture(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	t.Setenv("DISPLAY", "")
	if _, err := clipboard.Picture(t.Context()); !errors.Is(err, clipboard.ErrPicturesUnsupported) {
		t.Errorf("without a display: %v", err)
	}
}

// TestFollowingOutlivesItsServer is a logout and the next login, with an agent that stays.
func TestFollowingOutlivesItsServer(t *testing.T) {
	kill := xvfb(t)
	var seat session.Seat
	f := clipboard.Follow(clipboard.Open, seat.Moved, slog.New(slog.DiscardHandler))
	defer f.Close()
	xclip(t, "https://a.example/")
	until(t, f, "https://a.example/")
	old := os.Getenv("DISPLAY")
	kill()
	until(t, f, "")
	xvfb(t)
	now := session.Here()
	t.Setenv("DISPLAY", old) // as the agent still has it
	seat.Offer(now)
	if got := os.Getenv("DISPLAY"); got != now.Display {
		t.Fatalf("at %s, not at %s", got, now.Display)
	}
	xclip(t, "https://b.example/")
	until(t, f, "https://b.example/")
}

// TestX11OwnersInHaste: while one owner is asked the next takes over, and answers of both are under way.
func TestX11OwnersInHaste(t *testing.T) {
	xvfb(t)
	for round := range 20 {
		xclip(t, fmt.Sprintf("https://early.example/%d", round)) // before, while and after the clipboard is opened
		c, err := clipboard.Open()
		if err != nil {
			t.Fatal(err)
		}
		for hurry := range 5 {
			xclip(t, fmt.Sprintf("https://haste.example/%d/%d", round, hurry))
		}
		// Each xclip becomes the owner a moment after it seems to be done, so any of them may be the last, and
		// whoever asks in that moment gets no answer.
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			others, err := exec.CommandContext(t.Context(), "xclip", "-selection", "clipboard", "-o").Output()
			if err == nil && c.Text() == string(others) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("round %d: the clipboard says %q, others read %q, %v", round, c.Text(), others, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
