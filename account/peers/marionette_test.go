//go:build peers

package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// startTime bounds a cold start of Firefox on a busy machine; 4 s were seen on an idle one.
	startTime = 90 * time.Second
	// scriptTime bounds one script in Firefox.
	scriptTime = 60 * time.Second
	// quitTime bounds the end of a Firefox; 0.6 s were seen on an idle machine.
	quitTime = 15 * time.Second
)

// slots bounds how many browsers run at once: two fill the two cores and the memory of a CI machine.
var slots = make(chan struct{}, 2)

// firefox is a running headless Firefox and the connection to its Marionette port.
type firefox struct {
	profile string
	conn    net.Conn
	read    *bufio.Reader
	last    int
}

// driver drives a Firefox on behalf of one test. One script runs at a time.
type driver struct {
	*firefox
	t *testing.T
}

// startFirefox starts a browser with a fresh profile and these preferences, and ends it with the test.
func startFirefox(t *testing.T, prefs map[string]any) driver {
	t.Helper()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
	dir := t.TempDir()
	writePrefs(t, dir, prefs)
	log, err := os.Create(filepath.Join(dir, "firefox.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("firefox-esr", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
		"--profile", dir, "about:blank")
	cmd.Env = append(withoutDesktop(os.Environ()), "HOME="+dir, "MOZ_HEADLESS=1", "MOZ_CRASHREPORTER_DISABLE=1")
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own, so that its children can be ended with it; and it ends with the test program,
	// however that ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	ended, err := start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	d := driver{firefox: &firefox{profile: dir}, t: t}
	t.Cleanup(func() {
		if err := d.quit(); err != nil && !t.Failed() {
			t.Errorf("ending Firefox: %v", err)
		}
		d.wait(cmd, ended)
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.connect(t.Context()); err != nil {
		text, readErr := os.ReadFile(log.Name())
		t.Fatalf("Firefox did not start: %v\n%s", errors.Join(err, readErr), text)
	}
	d.command("WebDriver:NewSession", map[string]any{})
	d.context("chrome")
	d.command("WebDriver:SetTimeouts", map[string]any{"script": scriptTime.Milliseconds()})
	// Remote control turns push off, and the same value in user.js does not turn it on again.
	d.script(`Services.prefs.setBoolPref("dom.push.connection.enabled", true);
		Services.obs.notifyObservers(null, "network:offline-status-changed", "online"); done(true)`)
	return d
}

// start starts a program; the channel is closed when it has ended. The thread that started it stays
// until then, because the kernel sends the signal of Pdeathsig when that thread ends.
func start(cmd *exec.Cmd) (<-chan struct{}, error) {
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its exit status after a forced quit says nothing
			close(ended)
		}
	}()
	return ended, <-started
}

// wait lets the browser end by itself, so that its children end with it and its profile is left alone,
// and ends the whole process group when it does not.
func (d driver) wait(cmd *exec.Cmd, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-time.After(quitTime):
		d.t.Logf("Firefox has not ended within %v of being asked to", quitTime)
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // usually nobody is left
	<-ended
}

func writePrefs(t *testing.T, dir string, prefs map[string]any) {
	t.Helper()
	var text strings.Builder
	for name, value := range prefs {
		v, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "user_pref(%q, %s);\n", name, v)
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withoutDesktop leaves out what would let the browser reach the desktop it was started from.
func withoutDesktop(env []string) []string {
	var kept []string
	for _, line := range env {
		name, _, _ := strings.Cut(line, "=")
		if name == "HOME" || name == "DISPLAY" || name == "WAYLAND_DISPLAY" || strings.HasPrefix(name, "DBUS_") || strings.HasPrefix(name, "XDG_") {
			continue
		}
		kept = append(kept, line)
	}
	return kept
}

// connect waits for the port file and dials.
func (f *firefox) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	var last error
	for {
		text, err := os.ReadFile(filepath.Join(f.profile, "MarionetteActivePort"))
		if err == nil {
			var dialer net.Dialer
			var conn net.Conn
			if conn, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(text)))); err == nil {
				f.conn, f.read = conn, bufio.NewReader(conn)
				_, err = f.receive() // the greeting
				return err
			}
		}
		last = err
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), last)
		}
	}
}

// receive reads one LENGTH:JSON message.
func (f *firefox) receive() ([]byte, error) {
	if err := f.conn.SetReadDeadline(time.Now().Add(scriptTime + 10*time.Second)); err != nil {
		return nil, err
	}
	head, err := f.read.ReadString(':')
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil {
		return nil, err
	}
	body := make([]byte, size)
	_, err = io.ReadFull(f.read, body)
	return body, err
}

// call sends one command and waits for its answer.
func (f *firefox) call(name string, params any) (json.RawMessage, error) {
	f.last++
	request, err := json.Marshal([]any{0, f.last, name, params})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f.conn, "%d:%s", len(request), request); err != nil {
		return nil, err
	}
	body, err := f.receive()
	if err != nil {
		return nil, err
	}
	var answer [4]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	if failure := string(answer[2]); failure != "null" {
		return nil, fmt.Errorf("%s: %s", name, failure)
	}
	return answer[3], nil
}

func (d driver) command(name string, params any) json.RawMessage {
	d.t.Helper()
	answer, err := d.call(name, params)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

// context switches between the browser itself ("chrome") and the page in a tab ("content").
func (d driver) context(name string) {
	d.t.Helper()
	d.command("Marionette:SetContext", map[string]any{"value": name})
}

// prelude is what every script finds: the accounts singleton, the arguments and done(result).
const prelude = `
	const args = [...arguments].slice(0, -1);
	const finish = arguments[arguments.length - 1];
	const done = value => finish({value});
	const fail = error => finish({error: String(error && error.message || error) + " " + String(error && error.stack || "")});
	const { getFxAccountsSingleton, FxAccounts } = ChromeUtils.importESModule("resource://gre/modules/FxAccounts.sys.mjs");
	const fxAccounts = getFxAccountsSingleton();
`

// script runs JavaScript with the browser's own rights; it ends by calling done(result), may await, and
// finds its arguments in args.
func (d driver) script(body string, args ...any) json.RawMessage {
	d.t.Helper()
	if args == nil {
		args = []any{}
	}
	answer := d.command("WebDriver:ExecuteAsyncScript", map[string]any{
		"script":  prelude + "(async () => {" + body + "})().catch(fail);",
		"args":    args,
		"sandbox": "system", "newSandbox": false,
	})
	var result struct {
		Value struct {
			Value json.RawMessage `json:"value"`
			Error string          `json:"error"`
		} `json:"value"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		d.t.Fatalf("an answer of Firefox: %v: %s", err, answer)
	}
	if result.Value.Error != "" {
		d.t.Fatalf("a script in Firefox failed: %s", result.Value.Error)
	}
	return result.Value.Value
}

// into runs a script and reads its result.
func (d driver) into(out any, body string, args ...any) {
	d.t.Helper()
	answer := d.script(body, args...)
	if err := json.Unmarshal(answer, out); err != nil {
		d.t.Fatalf("an answer of Firefox: %v: %s", err, answer)
	}
}

// quit asks the browser to end.
func (f *firefox) quit() error {
	if f.conn == nil {
		return nil
	}
	_, err := f.call("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
	return errors.Join(err, f.conn.Close())
}
