//go:build torture && linux

package torture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// Limits of the program that the tests hold it to.
const (
	startTime = box.Patience     // until an agent answers
	quitTime  = 3 * time.Second  // until one that was told to end has ended
	callTime  = box.Patience     // of any one command
	calmTime  = 60 * time.Second // until everything has moved again after the last fault
)

// station is one installation of the program with a service and a phone of its own.
type station struct {
	t       *testing.T
	rnd     *rand.Rand
	dir     string
	program string
	env     []string
	as      []string // the program that runs everything as somebody else
	svc     *accounttest.Service
	door    *door
	person  *accounttest.Account
	phone   *phone
	agent   *process
	book    book
	// page and back are the addresses of the sign-in's page and of its end.
	page, back string
}

const email, password = "ferryman@example.com", "a password of hers"

// newStation makes an installation that does not run yet.
func newStation(t *testing.T, program string) *station {
	t.Helper()
	dir, err := os.MkdirTemp("", "ts")
	if err != nil {
		t.Fatal(err)
	}
	s := &station{t: t, rnd: chances(t), dir: dir, program: program}
	for _, name := range []string{"home", "config", "data", "cache", "run", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.env = []string{
		"HOME=" + s.path("home"), "XDG_CONFIG_HOME=" + s.path("config"), "XDG_DATA_HOME=" + s.path("data"),
		"XDG_CACHE_HOME=" + s.path("cache"), "XDG_RUNTIME_DIR=" + s.path("run"), "TMPDIR=" + s.path("tmp"),
		"TABFERRY_OPENER=/bin/true", "TABFERRY_TORTURE_CLOCK=" + s.path("clock"),
	}
	s.svc = accounttest.New(t, accounttest.SeparateBases())
	s.person = s.svc.NewAccount(email, password)
	s.door = newDoor(t, s.svc)
	s.phone = newPhone(t, s.svc, s.person)
	s.book = newBook()
	t.Cleanup(s.end)
	return s
}

func (s *station) end() {
	s.stop()
	if s.t.Failed() {
		s.t.Logf("to repeat: go test -tags torture -count=1 -run '^%s$' ./packaging/torture -seed %d", s.t.Name(), *seed)
		s.t.Logf("the folder stays: %s; the log ends:\n%s", s.dir, s.logTail(30))
		return
	}
	if *keep {
		return
	}
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Error(err)
	}
}

// stop ends what runs, the hard way if need be.
func (s *station) stop() {
	if s.agent != nil {
		s.agent.kill()
	}
	if snapshot, err := s.snapshot(); err == nil && snapshot.PID > 1 { // one that a command has started
		_ = syscall.Kill(snapshot.PID, syscall.SIGKILL)
	}
}

func (s *station) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}
func (s *station) store() string { return s.path("data", "tabferry", "store.db") }

func (s *station) logTail(lines int) string {
	text, err := os.ReadFile(s.path("data", "tabferry", "logs", "agent.log"))
	if err != nil {
		return err.Error()
	}
	all := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool {
		return strings.Contains(line, "the clipboard cannot be watched") // of each start
	})
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func (s *station) client() *localapi.Client {
	return localapi.Dial(s.path("run", "tabferry", "agent.sock"))
}

func (s *station) snapshot() (localapi.Snapshot, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.client().Snapshot(ctx)
}

// command prepares a program of the station.
func (s *station) command(name string, args ...string) *exec.Cmd {
	cmd := desk.Command(name, args...)
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Dir = s.dir
	return cmd
}

// result is what a finished command left.
type result struct {
	out, err string
	code     int
	took     time.Duration
}

// tabferry runs a command line to its end; one that does not end fails the test.
func (s *station) tabferry(input string, args ...string) result {
	s.t.Helper()
	line := append(append(slices.Clone(s.as), s.program), args...)
	cmd := s.command(line[0], line[1:]...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Stdin, cmd.WaitDelay = &out, &errOut, strings.NewReader(input), time.Second
	began := time.Now()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	late := time.AfterFunc(callTime, func() {
		s.t.Errorf("tabferry %s did not end within %v", strings.Join(args, " "), callTime)
		_ = cmd.Process.Kill()
	})
	defer late.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		s.t.Errorf("tabferry %s: %v", strings.Join(args, " "), err)
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode(), time.Since(began)}
}

// process is a program that was started in a group of its own.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	errs  string // the file that holds what it printed
}

// start starts the agent, below another program if one is given.
func (s *station) start(wrap ...string) {
	s.t.Helper()
	line := append(wrap, s.program, "agent")
	cmd := s.command(line[0], line[1:]...)
	printed, err := os.OpenFile(s.path("printed"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer printed.Close()
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.agent = &process{cmd: cmd, ended: make(chan struct{}), errs: printed.Name()}
	go func(p *process) {
		_ = p.cmd.Wait() // how it ends is the test's affair
		close(p.ended)
	}(s.agent)
}

// kill ends a process and all it has started, and returns when none of it holds a lock any more: below
// strace, the agent may end after its parent.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have gone
	<-p.ended
	for end := time.Now().Add(startTime); p.alive() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// alive reports whether a process of the group has not ended with all its threads: the first one may be gone while
// another still writes, and holds the files.
func (p *process) alive() bool {
	if errors.Is(syscall.Kill(-p.cmd.Process.Pid, 0), syscall.ESRCH) {
		return false // as it mostly is, and a look at every thread of the machine is dear
	}
	group := strconv.Itoa(p.cmd.Process.Pid)
	stats, _ := filepath.Glob("/proc/[0-9]*/task/[0-9]*/stat") // the pattern is good
	for _, name := range stats {
		text, _ := os.ReadFile(name) // it may have gone meanwhile
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 2 && f[2] == group && f[0] != "Z" && f[0] != "X" {
			return true
		}
	}
	return false
}

func (p *process) gone(within time.Duration) bool {
	late := time.NewTimer(max(within, time.Millisecond)) // one that has ended is seen first
	defer late.Stop()
	select {
	case <-p.ended:
		return true
	case <-late.C:
		return false
	}
}

// killed reports whether a process that has ended did so by SIGKILL.
func (p *process) killed() bool {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// up starts the agent and waits until it answers with its store open.
func (s *station) up() localapi.Snapshot {
	s.t.Helper()
	s.start()
	return s.until(startTime, "an agent with an open store", func(x localapi.Snapshot) bool {
		return !x.Storage.Locked && !x.Storage.WaitingForKeyring
	})
}

// down tells the agent to quit, which it has to do in time.
func (s *station) down() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), quitTime)
	defer cancel()
	began := time.Now()
	if err := s.client().Quit(ctx); err != nil {
		s.t.Errorf("quit: %v", err)
	}
	if !s.agent.gone(quitTime - time.Since(began)) {
		s.t.Errorf("the agent was told to quit and is there after %v", quitTime)
		s.agent.kill()
	}
}

// until waits until the agent's state fits.
func (s *station) until(within time.Duration, what string, fits func(localapi.Snapshot) bool) localapi.Snapshot {
	s.t.Helper()
	var last localapi.Snapshot
	var err error
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if last, err = s.snapshot(); err == nil && fits(last) {
			return last
		}
	}
	printed, _ := os.ReadFile(s.path("printed")) // there may be none
	s.t.Fatalf("no %s within %v: account %s %q, storage %+v, connection %q, inbox %d, waiting %d, error %v\nprinted: %.2000s", what, within,
		last.Account.State, last.Account.Cause, last.Storage, last.Connection.Problem, last.Inbox.Total, last.Outbox.Waiting, err, printed)
	return last
}

// signIn signs the running agent in at the door, and waits until it can send and be alerted.
func (s *station) signIn(edit ...func(*localapi.Settings)) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	c := s.client()
	settings := s.until(startTime, "agent", func(localapi.Snapshot) bool { return true }).Settings
	settings.Server, settings.PushServer, settings.PairingServer = s.door.url, s.svc.PushURL(), s.svc.PairingURL()
	settings.Notifications = false
	for _, e := range edit {
		e(&settings)
	}
	if err := c.SetSettings(ctx, settings); err != nil {
		s.t.Fatalf("settings: %v", err)
	}
	page, err := c.BeginSignIn(ctx, "")
	if err != nil {
		s.t.Fatalf("sign in: %v", err)
	}
	back, err := s.svc.Approve(strings.Replace(page.URL, s.door.url, s.svc.URL(), 1), s.person)
	if err != nil {
		s.t.Fatalf("the page: %v", err)
	}
	s.page, s.back = page.URL, back
	if page.Loopback {
		s.browse(back)
	} else if err := c.CompleteSignIn(ctx, back); err != nil {
		s.t.Fatalf("sign in: %v", err)
	}
	own := s.until(startTime, "signed-in agent with its devices", func(x localapi.Snapshot) bool {
		return x.Account.State == localapi.SignedIn && x.Account.DeviceID != "" && len(x.Devices.Items) >= 2 && x.Connection.Push.Connected
	}).Account.DeviceID
	s.phone.peer = own
	// A keyring that takes its time: until it has answered, memory holds everything.
	s.until(startTime, "sign-in that is kept", func(x localapi.Snapshot) bool {
		return x.Storage.Kept || x.Storage.Protection == localapi.MemoryOnly
	})
}

// settled is a station whose agent runs and is signed in.
func settled(t *testing.T, program string) *station {
	t.Helper()
	s := newStation(t, program)
	s.up()
	s.signIn()
	return s
}

func (s *station) link(kind string, n int) string {
	return fmt.Sprintf("https://%s.example/%d?q=%x", kind, n, s.rnd.Uint32())
}
