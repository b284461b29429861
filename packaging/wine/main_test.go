//go:build wine && linux

package wine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tabferry/tabferry/packaging/box"
)

// patience is box.Patience twice: everything starts twice, Wine and the program.
const patience = 2 * box.Patience

// What is built once: the programs and the installer, signed with a certificate of this run.
var (
	programs    string // the folder
	certificate string
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tabferry-wine-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs, certificate = filepath.Join(dir, "programs"), filepath.Join(dir, "certificate.pem")
	if err := buildAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func buildAll(dir string) error {
	key := filepath.Join(dir, "key.pem")
	if err := throwaway(certificate, key); err != nil {
		return err
	}
	build := exec.Command("../windows/build.sh", programs)
	build.Env = append(os.Environ(), "SIGN_CERT="+certificate, "SIGN_KEY="+key, "COMPRESSOR=zlib")
	world := exec.Command("../lean.sh", filepath.Join(programs, "tabferry-demo.exe"), "demo")
	world.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64")
	aid := exec.Command("x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", filepath.Join(dir, "bcryptprimitives.dll"), "testdata/processprng.c", "-ladvapi32")
	for _, cmd := range []*exec.Cmd{build, world, aid} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
	}
	return nil
}

// windowsGo prepares the Go tool for Windows.
func windowsGo(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	return cmd
}

// machine is a Windows of its own: a prefix of Wine.
type machine struct {
	t   *testing.T
	dir string
	env []string
}

// newMachine makes a Windows that has just been installed, without a display, or on one of its own.
func newMachine(t *testing.T, display string) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "tw")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, dir: dir}
	for _, line := range os.Environ() {
		switch name, _, _ := strings.Cut(line, "="); name {
		case "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "WINEPREFIX":
		default:
			m.env = append(m.env, line)
		}
	}
	m.env = append(m.env, "HOME="+dir, "WINEPREFIX="+filepath.Join(dir, "prefix"), "WINEARCH=win64", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=", "LC_ALL=C.UTF-8", "LANG=C.UTF-8")
	if display != "" {
		m.env = append(m.env, "DISPLAY="+display, "LIBGL_ALWAYS_SOFTWARE=1")
	}
	t.Cleanup(func() {
		if out, err := m.command("wineserver", "-k", "-w").CombinedOutput(); err != nil {
			t.Logf("wineserver: %v %s", err, out) // it has ended by itself
		}
		if err := m.removeSockets(); err != nil {
			t.Error(err)
		}
		if !t.Failed() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}
	})
	m.must("wineboot", "-i")
	dll, err := os.ReadFile(filepath.Join(filepath.Dir(programs), "bcryptprimitives.dll"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.path("windows/system32/bcryptprimitives.dll"), dll, 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// removeSockets removes what Wine leaves in /tmp for each prefix, under the number of its folder.
func (m *machine) removeSockets() error {
	var prefix unix.Stat_t
	if err := unix.Stat(filepath.Join(m.dir, "prefix"), &prefix); err != nil {
		return err
	}
	places, err := filepath.Glob(fmt.Sprintf("/tmp/wine-*/server-%x-%x", prefix.Dev, prefix.Ino))
	for _, place := range places {
		err = errors.Join(err, os.RemoveAll(filepath.Dir(place)))
	}
	return err
}

// path is a file on drive C.
func (m *machine) path(name string) string {
	return filepath.Join(m.dir, "prefix", "drive_c", filepath.FromSlash(name))
}

// local is a file below %LOCALAPPDATA%.
func (m *machine) local(name string) string {
	m.t.Helper()
	all, err := filepath.Glob(m.path("users/*/AppData/Local"))
	for _, dir := range all {
		if filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(dir)))) != "users" && err == nil || strings.Contains(dir, "Public") {
			continue
		}
		return filepath.Join(dir, name)
	}
	m.t.Fatalf("there is no %%LOCALAPPDATA%% (%v, %v)", all, err)
	return ""
}

func (m *machine) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = m.env, m.dir, time.Second
	return cmd
}

// result is what a finished command left.
type result struct {
	out, err string
	code     int
}

// wine runs a program of Windows to its end.
func (m *machine) wine(program string, args ...string) result {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "wine", append([]string{program}, args...)...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = m.env, m.dir, time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run() // the exit code says how it went
	if ctx.Err() != nil || cmd.ProcessState == nil {
		m.t.Fatalf("%s %s: %v\n%s%s", filepath.Base(program), strings.Join(args, " "), err, &out, &errs)
	}
	clean := func(b *bytes.Buffer) string { return strings.ReplaceAll(b.String(), "\r\n", "\n") }
	return result{clean(&out), clean(&errs), cmd.ProcessState.ExitCode()}
}

// must runs a program of Wine's that has to succeed, and returns what it says.
func (m *machine) must(program string, args ...string) string {
	m.t.Helper()
	cmd := m.command(program, args...)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(err.Error(), "WaitDelay") {
		m.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// until waits until something is so.
func (m *machine) until(what string, ok func() bool) {
	m.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			m.t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// running lists the processes of the machine whose program has this name.
func (m *machine) running(name string) (found []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is good
	for _, file := range all {
		env, _ := os.ReadFile(file) // it may have gone, or be somebody else's
		if !bytes.Contains(env, []byte("WINEPREFIX="+filepath.Join(m.dir, "prefix")+"\x00")) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		words := strings.ReplaceAll(string(line), "\x00", " ")
		if strings.Contains(words, name) && !strings.HasPrefix(words, "/usr/bin/") && !strings.Contains(words, "wineserver") {
			found = append(found, filepath.Base(filepath.Dir(file))+": "+words)
		}
	}
	return found
}
