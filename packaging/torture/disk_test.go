//go:build torture && linux

package torture_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// A disk that refuses writes or syncs, once, now and then, or for a while: what the agent could not keep
// is neither lost nor sent over and over.
func TestFailingDisk(t *testing.T) {
	needs(t, "strace")
	t.Parallel()
	for _, call := range []string{"fdatasync", "pwrite64"} {
		for _, fault := range []string{"EIO", "ENOSPC"} {
			for _, when := range []string{"6", "4+2", "5..20", "3+7"} {
				t.Run(fmt.Sprintf("%s %s %s", call, fault, when), func(t *testing.T) {
					t.Parallel()
					s := settled(t, lean)
					s.down()
					s.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call,
						"-e", fmt.Sprintf("inject=%s:error=%s:when=%s", call, fault, when))
					l := s.load()
					time.Sleep(4 * time.Second)
					l.end()
					s.agent.kill()
					s.up()
					s.calm()
					s.verdict()
					s.down()
				})
			}
		}
	}
}

// filled is a station with some tabs of both directions in its store. It does not run.
func filled(t *testing.T, program string, tabs int) *station {
	t.Helper()
	s := settled(t, program)
	for n := range tabs {
		s.receive(s.link("in", n))
		if !s.send(t.Context(), s.link("out", n)) {
			t.Errorf("the agent does not take link %d", n)
		}
	}
	s.calm()
	s.down()
	return s
}

// One bit of the store is not what it was. The agent starts all the same; what it cannot read it says,
// and what comes next arrives; or it refuses the whole file, says so, and leaves it alone.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	fates := map[fate]int{}
	for round := range 4 {
		t.Run(fmt.Sprint(round+1), func(t *testing.T) {
			t.Parallel()
			s := filled(t, lean, 40)
			whole, err := os.ReadFile(s.store())
			if err != nil {
				t.Fatal(err)
			}
			for range *flips / 4 {
				bit := s.rnd.IntN(len(whole) * 8)
				damaged := bytes.Clone(whole)
				damaged[bit/8] ^= 1 << (bit % 8)
				if err := os.WriteFile(s.store(), damaged, 0o600); err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("bit %d of byte %d", bit%8, bit/8)
				fate := s.damaged(what)
				if now, err := os.ReadFile(s.store()); fate == refused && (err != nil || !bytes.Equal(now, damaged)) {
					t.Errorf("%s: the refused file was changed: %v", what, err)
				}
				mu.Lock()
				fates[fate]++
				mu.Unlock()
			}
		})
	}
	t.Cleanup(func() {
		t.Logf("of %d files with a flipped bit: %v", *flips, fates)
		// About one in a hundred is (4 of 400); that it is two of 24 happens by chance in one run of forty.
		if quiet := fates[silent] + fates[deaf]; quiet > 2+*flips/50 {
			t.Errorf("%d of %d flipped bits have lost something, and nothing said so", quiet, *flips)
		}
	})
}

// fate is what an agent makes of a flipped bit. The pages of the file have no checksums, the values have:
// a bit of the few bytes that lead to a value may hide it (silent), or bring arrivals to a stop (deaf).
// These two are bounded, the others are as they should be.
type fate string

const (
	opened  fate = "opened"
	refused fate = "refused"
	silent  fate = "silent"
	deaf    fate = "deaf"
)

// damaged starts the agent on a file that is not what it was.
func (s *station) damaged(what string) fate {
	s.t.Helper()
	s.start()
	defer s.crashes()
	defer s.down()
	x := s.until(startTime, "agent after "+what, func(x localapi.Snapshot) bool {
		return x.Storage.Problem != "" || !x.Storage.Locked && !x.Storage.WaitingForKeyring && x.Storage.Protection != ""
	})
	if x.Storage.Locked || x.Account.State != localapi.SignedIn {
		if x.Storage.Problem == "" && x.Account.Cause == "" {
			s.t.Errorf("%s: signed out, and nothing says why", what)
		}
		if x.Storage.Locked {
			return refused
		}
		return opened
	}
	inbox, outbox := s.tabferry("", "inbox", "--json", "--limit", "500"), s.tabferry("", "outbox", "--json")
	status := s.tabferry("", "status")
	if inbox.code+outbox.code > 0 { // it was found on the way
		if !strings.Contains(status.out, "damaged") {
			s.t.Errorf("%s: inbox: %s; outbox: %s; but status: %s", what, inbox.err, outbox.err, status.out)
		}
		return opened
	}
	var lost []string
	for _, link := range append(s.book.in[:40:40], s.book.out[:40]...) {
		if !strings.Contains(inbox.out+outbox.out, strings.Split(link, "?")[0]+"?") {
			lost = append(lost, link)
		}
	}
	if len(lost) > 0 && !strings.Contains(status.out, "could not be read") {
		s.t.Logf("%s: gone, and nothing says so: %q", what, lost)
		return silent
	}
	later := s.link("later", s.rnd.Int())
	s.receive(later)
	asked := false
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		if !asked && time.Since(begun) > 15*time.Second {
			// An agent that is started again and again waits before it connects to the push service again; who asks
			// has it look at once. One that is deaf hears nothing then either.
			asked = true
			if r := s.tabferry("", "refresh"); r.code != 0 {
				s.t.Logf("%s: refresh: %s", what, r.err)
			}
		}
		x, err := s.snapshot()
		arrived := func(e localapi.InboxEntry) bool { return e.URL == later }
		if err == nil && (slices.ContainsFunc(x.Inbox.Recent, arrived) || x.Storage.Problem != "") {
			return opened
		}
	}
	s.t.Logf("%s: nothing arrives any more, and nothing says so", what)
	return deaf
}

// The file ends where it should not. The agent refuses it with words, leaves it alone, ends when it is
// told to, and finds everything when the file is whole again.
func TestTruncated(t *testing.T) {
	t.Parallel()
	s := filled(t, lean, 20)
	whole, err := os.ReadFile(s.store())
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 100, 4095, 4096, 8192, 12288, 20000, len(whole) / 2, len(whole) - 4096, len(whole) - 1} {
		cut := whole[:min(size, len(whole))]
		if err := os.WriteFile(s.store(), cut, 0o600); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("a cut at %d of %d", size, len(whole))
		s.start()
		x := s.until(startTime, "agent after "+what, func(x localapi.Snapshot) bool {
			return x.Storage.Problem != "" || x.Account.State == localapi.SignedIn
		})
		for _, command := range []string{"inbox", "unlock"} {
			if r := s.tabferry("", command); x.Storage.Problem != "" && strings.Contains(r.err, "Another program") {
				t.Errorf("%s: tabferry %s blames another program: %s", what, command, r.err)
			}
		}
		s.down()
		if now, err := os.ReadFile(s.store()); err != nil || x.Storage.Problem != "" && !bytes.Equal(now, cut) {
			t.Errorf("%s: the refused file was changed: %v", what, err)
		}
		s.crashes()
	}
	if err := os.WriteFile(s.store(), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s.up()
	s.calm()
	s.verdict()
	s.down()
}

// The file changes under the running agent. Whatever it makes of that, it answers, and ends when told.
func TestDamagedWhileRunning(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(s *station, path string) error{
		"cut to two pages": func(_ *station, path string) error { return os.Truncate(path, 8192) },
		"cut to nothing":   func(_ *station, path string) error { return os.Truncate(path, 0) },
		"removed":          func(_ *station, path string) error { return os.Remove(path) },
		"flipped bits": func(s *station, path string) error {
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer file.Close()
			info, err := file.Stat()
			if err != nil {
				return err
			}
			for range 50 {
				at, b := s.rnd.Int64N(info.Size()), make([]byte, 1)
				if _, err := file.ReadAt(b, at); err != nil {
					return err
				}
				b[0] ^= 1 << s.rnd.IntN(8)
				if _, err := file.WriteAt(b, at); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := filled(t, lean, 20)
			s.up()
			if err := damage(s, s.store()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_ = s.phone.send(ctx, "later", s.link("later", 1)) // whether it can be kept is not the question
			for _, line := range [][]string{{"send", "https://later.example/2", "--to", "Phone"}, {"rename", "Another name"}, {"inbox"}, {"status"}, {"outbox"}} {
				if r := s.tabferry("", line...); r.took > 20*time.Second {
					t.Errorf("tabferry %s took %v", line[0], r.took)
				}
			}
			s.down()
			s.crashes()
		})
	}
}

// The disk is full: that is said, and when there is room again everything arrives.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount a disk to fill")
	}
	t.Parallel()
	s := newStation(t, lean)
	folder := filepath.Dir(s.store())
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=600k"); err != nil {
		t.Skipf("no disk to fill can be mounted: %v", err)
	}
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the log ends:\n%s", s.logTail(20))
		}
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	s.up()
	s.signIn()
	long := strings.Repeat("full", 800)
	for n := range 200 {
		s.receive(s.link("in", n) + long)
	}
	said := s.until(box.Patience, "word of the full disk", func(x localapi.Snapshot) bool {
		return x.Storage.Problem != "" || strings.Contains(x.Connection.Problem, "saved")
	})
	t.Logf("full: %q %q, %d received", said.Storage.Problem, said.Connection.Problem, said.Inbox.Total)
	if r := s.tabferry("", "send", "https://out.example/full?"+long, "--to", "Phone"); r.code != 0 && !strings.Contains(r.err, "disk") {
		t.Errorf("send on a full disk: exit %d: %s", r.code, r.err)
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.until(calmTime, "all tabs after there was room again", func(x localapi.Snapshot) bool { return x.Inbox.Total >= 200 })
	t.Logf("all there %v after there was room", time.Since(began).Round(time.Second))
	s.until(calmTime, "end of the complaint", func(x localapi.Snapshot) bool { return x.Storage.Problem == "" })
	s.calm()
	s.verdict()
	s.down()
}

// Somebody without rights on the folder is told so, in words.
func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	t.Parallel()
	needs(t, "setpriv")
	const nobody = 65534
	for name, mode := range map[string]struct{ folder, file os.FileMode }{
		"folder": {0o500, 0o600}, "file": {0o700, 0o400}, "unreadable file": {0o700, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := filled(t, lean, 3)
			whole, err := os.ReadFile(s.store())
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range []error{
				os.Chmod(s.store(), mode.file),
				os.Chmod(filepath.Dir(s.store()), mode.folder),
				filepath.Walk(s.dir, func(path string, _ os.FileInfo, err error) error {
					if err != nil {
						return err
					}
					return os.Chown(path, nobody, nobody)
				}),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			s.as = []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
			s.start(s.as...)
			said := ""
			for end := time.Now().Add(startTime); said == "" && time.Now().Before(end); {
				if printed, err := os.ReadFile(s.agent.errs); err == nil && s.agent.gone(500*time.Millisecond) {
					said = string(printed)
				} else if r := s.tabferry("", "status"); strings.Contains(r.out+r.err, "tore") || strings.Contains(r.out+r.err, "folder") || strings.Contains(r.out+r.err, "kept") {
					said = r.out + r.err
				}
			}
			t.Logf("it says: %s", strings.TrimSpace(said))
			if said == "" || strings.Contains(said, "omething went wrong") || strings.Contains(said, "Another program") {
				t.Errorf("the folder cannot be used, and it is said like this: %q", said)
			}
			if s.tabferry("", "quit"); !s.agent.gone(quitTime) {
				t.Errorf("the agent does not quit")
			}
			if now, err := os.ReadFile(s.store()); err != nil || !bytes.Equal(now, whole) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}
