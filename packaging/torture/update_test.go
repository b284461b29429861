//go:build torture && linux

package torture_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// versioned builds the lean program as another version of itself: the one line that says which is
// exchanged while it is compiled.
func versioned(t *testing.T, dir, version string) string {
	t.Helper()
	source, err := filepath.Abs("../../ui/role/version.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := bytes.Cut(text, []byte("const version = \""))
	if !found {
		t.Fatal("version.go does not say the version as it did")
	}
	was, _, _ := strings.Cut(string(rest), `"`)
	other := filepath.Join(dir, version+".go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: other}})
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`const version = "`+was+`"`), []byte(`const version = "`+version+`"`), 1)
	for name, content := range map[string][]byte{other: text, other + ".json": overlay} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "tabferry-"+version)
	if err := build(program, "", "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+other+".json"); err != nil {
		t.Fatal(err)
	}
	return program
}

// install puts a program in the place of the station's, as a package does.
func (s *station) install(program string) {
	s.t.Helper()
	text, err := os.ReadFile(program)
	if err == nil {
		err = os.WriteFile(s.program+".new", text, 0o700) // #nosec G306 -- a program
	}
	if err == nil {
		err = os.Rename(s.program+".new", s.program)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// inVersion waits until an agent of this version works for the person who was signed in.
func (s *station) inVersion(version string) localapi.Snapshot {
	s.t.Helper()
	return s.until(startTime, "signed-in agent of version "+version, func(x localapi.Snapshot) bool {
		return x.Version == version && x.Account.State == localapi.SignedIn
	})
}

// An update is installed over a running agent: the next command has it make room, once it is idle, and the
// new one goes on with the same data. Whoever asks is told.
func TestUpdate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newer := versioned(t, dir, "99.1.0")
	newest := versioned(t, dir, "99.2.0")
	s := newStation(t, filepath.Join(dir, "tabferry"))
	s.install(lean)
	was := s.up()
	s.signIn()
	s.receive(s.link("in", 1))
	s.calm()

	s.install(newer)
	r := s.tabferry("", "inbox")
	if r.code != 0 || !strings.Contains(r.err, "made room for 99.1.0") || !strings.Contains(r.out, "https://in.example/1") {
		t.Errorf("the first command of the new version: exit %d, %q\n%s", r.code, r.err, r.out)
	}
	is := s.inVersion("99.1.0")
	if is.PID == was.PID || is.Account.DeviceID == "" {
		t.Errorf("process %d, before %d; device %q", is.PID, was.PID, is.Account.DeviceID)
	}
	if !s.agent.gone(quitTime) {
		t.Error("the old agent is still there")
	}
	if r = s.tabferry("", "inbox"); r.code != 0 || r.err != "" {
		t.Errorf("the second command: exit %d, %q", r.code, r.err)
	}
	if pids := s.agents(); len(pids) != 1 {
		t.Errorf("the agents are %v", pids)
	}

	current := s.program
	s.program = lean // the old program, somewhere else, after the update
	if r = s.tabferry("", "inbox"); r.code != 0 || !strings.Contains(r.err, "newer than this program") || !strings.Contains(r.out, "https://in.example/1") {
		t.Errorf("a command of the old version: exit %d, %q\n%s", r.code, r.err, r.out)
	}
	s.program = newest // nothing was installed where the agent runs from
	if r = s.tabferry("", "inbox"); r.code != 0 || !strings.Contains(r.err, "runs from another place") {
		t.Errorf("a newer program from another place: exit %d, %q", r.code, r.err)
	}
	s.program = current

	if _, err := s.client().BeginSignIn(t.Context(), ""); err == nil {
		t.Fatal("a second sign-in begins")
	}
	if err := s.client().ShowPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.install(newest)
	if r = s.tabferry("", "inbox"); r.code != 0 || !strings.Contains(r.err, "still has something to do") {
		t.Errorf("while it pairs: exit %d, %q", r.code, r.err)
	}
	if x, err := s.snapshot(); err != nil || x.PID != is.PID {
		t.Errorf("the pairing was broken off: %v", err)
	}
	if err := s.client().CancelPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.inVersion("99.2.0")
	s.receive(s.link("in", 2))
	s.calm()
	s.verdict()
	if r = s.tabferry("", "quit", "--force"); r.code != 0 {
		t.Errorf("quit: exit %d, %q", r.code, r.err)
	}
}

// Without Unix sockets the whole program works over a port.
func TestNoUnixSockets(t *testing.T) {
	t.Parallel()
	s := newStation(t, bent)
	s.env = append(s.env, "TABFERRY_TORTURE_NO_UNIX=1")
	s.start()
	end := time.Now().Add(startTime)
	for s.tabferry("", "status").code != 0 {
		if time.Now().After(end) {
			t.Fatal("the agent does not answer")
		}
	}
	if _, err := os.Lstat(s.path("run", "tabferry", "agent.sock")); err == nil {
		t.Error("there is a socket all the same")
	}
	if info, err := os.Stat(s.path("run", "tabferry", "agent.sock.tcp")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the secrets: %v, %v", info, err)
	}
	s.stranger()
	s.signIn()
	s.receive(s.link("in", 1))
	s.calm()
	s.verdict()
	if second := s.tabferry("", "agent"); second.code == 0 {
		t.Error("a second agent begins")
	}
	if r := s.tabferry("", "quit", "--force"); r.code != 0 || !s.agent.gone(quitTime) {
		t.Errorf("quit: exit %d, %q", r.code, r.err)
	}
	if _, err := os.Lstat(s.path("run", "tabferry", "agent.sock.tcp")); err == nil {
		t.Error("the file with the secrets stays")
	}
}

// stranger plays a program of another user, or a page in a browser, that finds the agent's port: it hears
// nothing, and the log tells of it.
func (s *station) stranger() {
	s.t.Helper()
	text, err := os.ReadFile(s.path("run", "tabferry", "agent.sock.tcp"))
	if err != nil {
		s.t.Fatal(err)
	}
	var pass struct{ Address string }
	if err := json.Unmarshal(text, &pass); err != nil {
		s.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", pass.Address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(callTime)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST /v1/quit HTTP/1.1\r\nHost: agent.tabferry.invalid\r\n\r\n")); err != nil {
		s.t.Fatal(err)
	}
	if heard, _ := io.ReadAll(conn); len(heard) != 0 { // the connection is reset
		s.t.Errorf("a stranger hears %q", heard)
	}
	for end := time.Now().Add(startTime); !strings.Contains(s.logTail(30), "a stranger's connection to the local API was refused"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("the log does not tell of a stranger")
		}
	}
}

// An older program on the data of a newer one says so, and leaves every byte as it is.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	s := filled(t, lean, 2)
	was, err := os.ReadFile(s.store())
	if err != nil {
		t.Fatal(err)
	}
	header := regexp.MustCompile(`\{"version":\d,"protection"`)
	if !header.Match(was) {
		t.Fatal("the store's header does not look as it did")
	}
	newer := header.ReplaceAll(was, []byte(`{"version":9,"protection"`))
	if err := os.WriteFile(s.store(), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.until(startTime, "word about the newer version", func(x localapi.Snapshot) bool {
		return x.Storage.Locked && strings.Contains(x.Storage.Problem, "newer version")
	})
	if r := s.tabferry("", "inbox"); r.code == 0 || !strings.Contains(r.err, "newer version") || !strings.Contains(r.err, "update") {
		t.Errorf("inbox: exit %d, %q", r.code, r.err)
	}
	s.down()
	if is, err := os.ReadFile(s.store()); err != nil || !bytes.Equal(is, newer) {
		t.Errorf("the data was changed: %d bytes, %d before, %v", len(is), len(newer), err)
	}
	if err := os.WriteFile(s.store(), was, 0o600); err != nil {
		t.Fatal(err)
	}
	s.up()
	s.calm()
	s.verdict()
	s.down()
}
