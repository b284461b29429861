//go:build torture && linux

package torture_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// agents lists the live agents of the station, however they were started.
func (s *station) agents() (pids []string) {
	names, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is good
	for _, name := range names {
		env, _ := os.ReadFile(name) // it may have gone meanwhile
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if strings.Contains(string(env), "XDG_DATA_HOME="+s.path("data")+"\x00") && strings.HasSuffix(string(line), "\x00agent\x00") {
			pids = append(pids, filepath.Base(filepath.Dir(name)))
		}
	}
	return pids
}

// However many are started, one agent works; the others say so and end.
func TestOneAgent(t *testing.T) {
	t.Parallel()
	s := filled(t, lean, 3)
	s.start()
	first := s.agent
	s.until(startTime, "agent", func(localapi.Snapshot) bool { return true })
	second := s.tabferry("", "agent")
	if second.code == 0 || !strings.Contains(second.err, "running") && !strings.Contains(second.err, "runs") {
		t.Errorf("a second agent: exit %d: %s", second.code, second.err)
	}
	s.agent = first
	s.down()

	var race []*process
	for range 10 {
		s.start()
		race = append(race, s.agent)
	}
	s.until(startTime, "agent", func(localapi.Snapshot) bool { return true })
	time.Sleep(3 * time.Second)
	left := 0
	for _, p := range race {
		if !p.gone(0) {
			left++
			s.agent = p
		}
	}
	if left != 1 {
		t.Errorf("of ten agents started at once, %d are left", left)
	}
	s.calm()
	s.verdict()
	s.down()

	var commands sync.WaitGroup
	for range 10 {
		commands.Go(func() {
			r := s.tabferry("", "inbox")
			for end := time.Now().Add(startTime); strings.Contains(r.err, "waits for the keyring") && time.Now().Before(end); {
				r = s.tabferry("", "inbox") // all stations share one keyring, which may take its time
			}
			if r.code != 0 {
				t.Errorf("inbox: exit %d: %s", r.code, r.err)
			}
		})
	}
	commands.Wait()
	if pids := s.agents(); len(pids) != 1 {
		t.Errorf("ten commands at once have started the agents %v", pids)
	}
	s.verdict()
	if r := s.tabferry("", "quit"); r.code != 0 {
		t.Errorf("quit: exit %d: %s", r.code, r.err)
	}
	for end := time.Now().Add(quitTime); len(s.agents()) > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
	}
	if pids := s.agents(); len(pids) > 0 {
		t.Errorf("the agents %v were told to quit and are there after %v", pids, quitTime)
	}
}

// hungBus is a session bus that accepts everybody and answers nobody.
func hungBus(t *testing.T, path string) string {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		for {
			if _, err := l.Accept(); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return "unix:path=" + path
}

// answersSoon holds the agent to answer soon.
func (s *station) answersSoon() {
	s.t.Helper()
	const limit = 5 * time.Second
	best, err := box.Best(limit, func() (time.Duration, error) { return s.tabferry("", "status").took, nil })
	if err != nil || best > limit {
		s.t.Errorf("status took %v, %v", best, err)
	}
}

// A session bus that hangs keeps nobody waiting: commands answer, and the agent ends when it is told to.
func TestHungBus(t *testing.T) {
	t.Parallel()
	t.Run("from the start", func(t *testing.T) {
		t.Parallel()
		s := newStation(t, lean)
		s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+hungBus(t, s.path("bus")))
		s.start()
		s.until(startTime, "agent", func(localapi.Snapshot) bool { return true })
		if err := s.client().Protect(t.Context(), localapi.MemoryOnly, ""); err != nil {
			t.Fatal(err)
		}
		s.signIn(func(x *localapi.Settings) { x.Notifications = true })
		for n := range 5 {
			s.receive(s.link("in", n))
			s.send(t.Context(), s.link("out", n))
		}
		s.calm()
		s.verdict()
		s.answersSoon()
		s.down()
	})
	t.Run("with a store under the keyring", func(t *testing.T) {
		t.Parallel()
		s := filled(t, lean, 3)
		right := s.env
		s.env = append(s.env[:len(s.env):len(s.env)], "DBUS_SESSION_BUS_ADDRESS="+hungBus(t, s.path("bus")))
		for _, end := range map[string]func(){
			"quit": s.down,
			"SIGTERM": func() {
				_ = syscall.Kill(s.agent.cmd.Process.Pid, syscall.SIGTERM)
				if !s.agent.gone(quitTime) {
					t.Errorf("after SIGTERM the agent is there for more than %v", quitTime)
					s.agent.kill()
				}
			},
		} {
			s.start()
			s.until(startTime, "agent that waits", func(x localapi.Snapshot) bool { return x.Storage.WaitingForKeyring || x.Storage.Problem != "" })
			s.answersSoon()
			end()
		}
		s.env = right
		s.up()
		s.calm()
		s.verdict()
		s.down()
	})
}

// An agent that does not answer at all keeps no command waiting for ever.
func TestStoppedAgent(t *testing.T) {
	t.Parallel()
	s := settled(t, lean)
	_ = syscall.Kill(s.agent.cmd.Process.Pid, syscall.SIGSTOP)
	var commands sync.WaitGroup
	for _, line := range [][]string{{"status"}, {"inbox"}, {"outbox"}, {"devices"}, {"send", "https://out.example/1", "--to", "Phone"}, {"quit"}} {
		commands.Go(func() {
			r := s.tabferry("", line...)
			if r.code == 0 || r.err == "" {
				t.Errorf("tabferry %s: exit %d, and it says %q", line[0], r.code, r.err)
			}
			t.Logf("tabferry %s: exit %d after %v", line[0], r.code, r.took.Round(100*time.Millisecond))
		})
	}
	commands.Wait()
	_ = syscall.Kill(s.agent.cmd.Process.Pid, syscall.SIGCONT)
	if !s.agent.gone(quitTime) { // it may have heard of the quit, or have found nobody waiting any more
		s.until(startTime, "agent", func(localapi.Snapshot) bool { return true })
	}
}
