//go:build peers

package peers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/browsers"
)

// quitTime bounds the end of a Firefox; 0.6 s were seen on an idle machine.
const quitTime = 15 * time.Second

// slots bounds how many browsers run at once: two fill the two cores and the memory of a CI machine.
var slots = make(chan struct{}, 2)

// firefox is a running headless Firefox and the connection to its Marionette port, nil before there is one.
type firefox struct {
	*browsers.Marionette
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
	d := driver{firefox: &firefox{}, t: t}
	end := func() {} // of the last that was started
	t.Cleanup(func() {
		if d.Marionette != nil {
			if err := d.Quit(); err != nil && !t.Failed() {
				t.Errorf("ending Firefox: %v", err)
			}
		}
		end()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	d.Marionette, err = browsers.StartMarionette(t.Context(), dir, func() (func(), error) {
		cmd := exec.Command("firefox-esr", "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
			"--profile", dir, "about:blank")
		cmd.Env = append(withoutDesktop(os.Environ()), "HOME="+dir, "MOZ_HEADLESS=1", "MOZ_CRASHREPORTER_DISABLE=1")
		cmd.Stdout, cmd.Stderr = log, log
		// A group of its own, so that its children can be ended with it; and it ends with the test program,
		// however that ends.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		ended, err := start(cmd)
		if err == nil {
			end = sync.OnceFunc(func() { d.wait(cmd, ended) })
		}
		return end, err
	})
	if err != nil {
		text, readErr := os.ReadFile(log.Name())
		t.Fatalf("Firefox did not start: %v\n%s", errors.Join(err, readErr), text)
	}
	d.context("chrome")
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

func (d driver) command(name string, params any) json.RawMessage {
	d.t.Helper()
	var answer json.RawMessage
	if err := d.Call(name, params, &answer); err != nil {
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
