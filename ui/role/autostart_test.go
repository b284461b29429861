//go:build !windows && !darwin

package role

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/ui/desktop"
)

// The entry follows the setting, and is not looked at with every update: one comes with each received tab.
func TestAutostartIsLookedAtWhenTheSettingChanges(t *testing.T) {
	t.Cleanup(xdg.Reload) // when the environment is as it was
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "autostart", desktop.AppID+".desktop")
	log := slog.New(slog.DiscardHandler)
	agent, _ := localapitest.New(t)
	f := &faces{client: localapi.Local(agent, log), log: log} // as in the agent's process: it gets each update
	done := make(chan error, 1)
	go func() { done <- f.autostart(t.Context()) }()
	revision := uint64(0)
	set := func(on bool) {
		revision++
		agent.Change(func(s *localapi.Snapshot) { s.Revision, s.Settings.StartAtLogin = revision, on })
	}
	until := func(want bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(file); (err == nil) == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the entry is there: %v", !want)
			}
		}
	}
	set(true)
	until(true)
	set(false)
	until(false)
	set(true)
	until(true)
	if err := os.Remove(file); err != nil { // so that a look would be seen
		t.Fatal(err)
	}
	set(true)
	agent.End() // what was said before is read first
	if err := <-done; err != nil {
		t.Error(err)
	}
	until(false)
}

// Who switches the entry off in the desktop's own list has chosen: the settings say so at the next start, and the entry
// goes, so that nothing of it stays behind, until somebody switches it on.
func TestSwitchedOffInTheDesktop(t *testing.T) {
	t.Cleanup(xdg.Reload) // when the environment is as it was
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	xdg.Reload()
	file := filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "autostart", desktop.AppID+".desktop")
	const off = "[Desktop Entry]\nExec=tabferry agent\nHidden=true\n"
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(off), 0o600)); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	agent, _ := localapitest.New(t)
	chosen := make(chan bool, 1)
	agent.Script("SetSettings", func(c localapitest.Call) (any, error) {
		on := c.Args[0].(localapi.Settings).StartAtLogin
		agent.Change(func(s *localapi.Snapshot) { s.Revision, s.Settings.StartAtLogin = s.Revision+1, on })
		chosen <- on
		return nil, nil
	})
	f := &faces{client: localapi.Local(agent, log), log: log}
	done := make(chan error, 1)
	go func() { done <- f.autostart(t.Context()) }()
	agent.Change(func(s *localapi.Snapshot) { s.Revision, s.Settings.StartAtLogin = 1, true })
	if on := <-chosen; on {
		t.Error("the settings were told that it is on")
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil || time.Now().After(end) {
			t.Fatalf("the entry stays: %v", err)
		}
	}
	agent.Change(func(s *localapi.Snapshot) { s.Revision, s.Settings.StartAtLogin = 3, true })
	agent.End() // what was said before is read first
	if err := <-done; err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "Hidden") {
		t.Errorf("it was not switched on: %q, %v", text, err)
	}
}
