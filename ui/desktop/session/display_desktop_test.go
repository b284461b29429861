//go:build desktop && linux

package session_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// An X server that nobody else uses begins anew when its last connection ends: while it is held it does not, and
// connections that come meanwhile are all let in.
func TestAHeldDisplayStays(t *testing.T) {
	read, ready, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command("Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "320x200x24")
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
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DISPLAY", fmt.Sprintf(":%d", number))
	release, err := session.HoldDisplay()
	defer release()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		again, err := session.HoldDisplay()
		again()
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
}
