//go:build desktop && linux

package desktop_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// An agent that is stopped holds no command up beyond its limit, says so, and can be ended; nothing that
// it kept is lost, and the next one begins.
func TestStoppedAgent(t *testing.T) {
	t.Parallel()
	app := newApp(t, box.Params{Bare: true, Keyring: box.KeyringUnlocked})
	signedIn(t, app)
	command(t, app, 0, "demo", "send-me", "https://example.com/kept")
	before, err := app.Until(within(t, box.Patience), "the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(before.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	atMost(t, "status took", localapi.AnswerTime+3*time.Second, func() time.Duration {
		begun := time.Now() // the other commands are tried in virtual time by ui/cli
		if r := command(t, app, 5, "status"); !strings.Contains(r.Err, "runs but does not answer") {
			t.Errorf("status says %s", r.Err)
		}
		return time.Since(begun)
	})
	command(t, app, 0, "quit", "--force")
	if r := command(t, app, 0, "inbox", "--json"); !strings.Contains(r.Out, "https://example.com/kept") {
		t.Errorf("after it the inbox is %s", r.Out)
	}
}

// A session bus that takes connections and answers none keeps nobody from quitting.
func TestQuitOnAHungBus(t *testing.T) {
	app := newApp(t, box.Params{Bare: true})
	atMost(t, "from quit to the agent's end it took", 3*time.Second, func() time.Duration {
		agent, err := app.Start(app.Lean, "agent")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Until(within(t, box.Patience), "the agent", func(s localapi.Snapshot) bool { return s.Revision > 0 }); err != nil {
			t.Fatal(err)
		}
		if err := app.Box.StopBus(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := app.Box.ResumeBus(); err != nil {
				t.Error(err)
			}
		}()
		command(t, app, 0, "quit")
		begun, gone := time.Now(), make(chan struct{})
		go func() { _ = agent.Wait(); close(gone) }()
		select {
		case <-gone:
		case <-time.After(box.Patience):
			t.Fatal("the agent does not end")
		}
		return time.Since(begun)
	})
}
