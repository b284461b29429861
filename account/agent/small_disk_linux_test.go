package agent_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// smallDisk mounts a disk of its own for the test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			t.Skip("only root may mount a small disk; TestNothingChangesOnAFullDisk needs none")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// What does not fit on the disk waits on the server, which is said for as long as it lasts, and comes
// once there is room: all of it, once.
func TestTabsOnASmallDisk(t *testing.T) {
	const tabs = 60
	dir := smallDisk(t, "600k")
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.DataDir = filepath.Join(dir, "data") }).run().signIn()
	phone := w.station("Phone").run().signIn()
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, os.Getpagesize()))
	}
	if err := filler.Close(); err != nil {
		t.Fatal(err)
	}
	to := phone.alertable("Desk")
	for i := range tabs {
		phone.send(to, fmt.Sprintf("https://example.com/%d", i), strings.Repeat("long ", 800))
	}
	snap := desk.await("the full disk", func(s localapi.Snapshot) bool { return s.Storage.Problem != "" })
	if snap.Storage.Problem != "The disk is full." || snap.Storage.Locked || !snap.Storage.Kept {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	if err := desk.face.Quiet(t.Context(), 1); err != nil {
		t.Errorf("with room again: %v", err)
	}
	desk.await("the end of the problem", func(s localapi.Snapshot) bool { return s.Storage.Problem == "" })
	desk.again().await("the tabs", func(s localapi.Snapshot) bool { return s.Inbox.Total >= tabs }) // a start polls at once
	entries, err := desk.face.Inbox(t.Context(), localapi.InboxQuery{Limit: localapi.MaxInboxPage})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, e := range entries {
		seen[e.URL]++
	}
	if len(seen) != tabs || len(entries) != tabs {
		t.Errorf("%d entries, %d different tabs", len(entries), len(seen))
	}
}
