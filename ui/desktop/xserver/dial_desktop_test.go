//go:build desktop && linux

package xserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"
)

// TestAServerThatAsks lets in who shows its cookie, and nobody else; and one that is stopped is given up.
func TestAServerThatAsks(t *testing.T) {
	folder := t.TempDir()
	write := func(name, secret string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, record(familyWild, "", "", cookie, secret), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	right, wrong := write("right", "0123456789abcdef"), write("wrong", "fedcba9876543210")
	read, ready, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-auth", right, "-noreset", "-nolisten", "tcp", "-screen", "0", "320x200x24")
	server.ExtraFiles = []*os.File{ready}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = server.Wait() // says "killed"
	})
	if err := ready.Close(); err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Fscan(read, &number); err != nil {
		t.Fatal(err)
	}
	display := fmt.Sprintf(":%d.0", number)
	for _, file := range []string{wrong, "/dev/null"} {
		t.Setenv("XAUTHORITY", file)
		if _, err := Dial(t.Context(), display); err == nil {
			t.Errorf("let in with %s", file)
		}
	}
	t.Setenv("XAUTHORITY", right)
	conn, err := Dial(t.Context(), display)
	if err != nil {
		t.Fatal(err)
	}
	if root := xproto.Setup(conn).DefaultScreen(conn); root.WidthInPixels != 320 {
		t.Errorf("%d pixels wide", root.WidthInPixels)
	}
	if err := server.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, display); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stopped server: %v", err)
	}
}
