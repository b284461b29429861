//go:build linux

package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// fill takes all the room that a disk has but for some bytes, and returns what gives it back.
func fill(t *testing.T, dir string, but int64) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	var written int64
	for err == nil {
		var n int
		n, err = f.Write(make([]byte, os.Getpagesize()))
		written += int64(n)
	}
	if err := f.Truncate(max(0, written-but)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

// A small change that still fits does not make a disk well that is full for the tabs that wait.
func TestSmallChangeOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "800k")
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.DataDir = filepath.Join(dir, "data") }).run().signIn()
	phone := w.station("Phone").run().signIn()
	to := desk.alertable("Phone")
	free := fill(t, dir, 40<<10)
	_, err := desk.face.Send(t.Context(), localapi.SendRequest{Devices: []string{to.ID}, Links: manyLinks(100)})
	if code(err) != localapi.CodeInternal {
		t.Fatalf("a large send on a full disk: %v", err)
	}
	desk.await("the full disk", func(s localapi.Snapshot) bool { return s.Storage.Problem == "The disk is full." })
	for range 3 {
		if err := desk.face.Quiet(t.Context(), 1); err != nil {
			t.Logf("a small change: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
		if s := desk.snapshot().Storage; s.Problem != "The disk is full." {
			t.Errorf("a small change made the disk well: %+v", s)
		}
	}
	free()
	if err := desk.face.Quiet(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	desk.await("the end of the problem", func(s localapi.Snapshot) bool { return s.Storage.Problem == "" })
	if beside, err := filepath.Glob(desk.storeFile() + ".*"); err != nil || len(beside) != 0 {
		t.Errorf("left: %v, %v", beside, err)
	}
	phone.end()
}

func manyLinks(n int) (links []localapi.Link) {
	for i := range n {
		links = append(links, localapi.Link{URL: fmt.Sprintf("https://example.com/%d/%s", i, strings.Repeat("long", 200))})
	}
	return links
}

// A store of an older version waits for room to be copied in, says so, and loses nothing.
func TestStoreOfVersion1OnAFullDisk(t *testing.T) {
	dir := smallDisk(t, "400k")
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) {
		p.DataDir = filepath.Join(dir, "data")
		p.Transport, p.PushTransport = unreachable{}, unreachable{}
	}).ofVersion1("signed_in")
	free := fill(t, dir, 8<<10)
	snap := desk.run().await("the full disk", func(s localapi.Snapshot) bool {
		return s.Storage.Problem != "" && s.Storage.Problem != "The keyring has not answered yet."
	})
	if snap.Storage.Problem != "The disk is full." || !snap.Storage.Locked {
		t.Errorf("the storage is %+v", snap.Storage)
	}
	free()
	if err := desk.face.Unlock(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	desk.await("all of it", func(s localapi.Snapshot) bool { return s.Inbox.Total == 3 && len(s.Outbox.Recent) == 2 })
	if beside, err := filepath.Glob(desk.storeFile() + ".*"); err != nil || len(beside) != 0 {
		t.Errorf("left: %v, %v", beside, err)
	}
}
