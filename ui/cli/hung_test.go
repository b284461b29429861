package cli_test

import (
	"context"
	"image"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// Every command ends within its limit when the agent takes its calls and answers none, and says so.
func TestEveryCommandEndsOnAHungAgent(t *testing.T) {
	commands := []string{
		"status", "status --json", "inbox", "inbox open a", "inbox read a", "inbox delete a", "outbox", "outbox retry a", "outbox delete a",
		"devices", "rename x", "settings", "settings grouped=true", "send https://a.example", "close https://a.example",
		"pair show", "pair join https://pair.test/#x", "signin", "signout", "signout --purge", "unlock", "unlock --memory-only",
		"watch", "diagnostics", "quit", "quit --force", "refresh", "inbox forget-damaged", "inbox forget-earlier", "settings list",
		"settings get grouped", "settings set grouped=true", "extension allow a", "extension revoke a", "events fetch", "extension list", "quiet", "devices disconnect --yes a",
	}
	tried := map[string]bool{}
	for _, command := range commands {
		cmd, _, err := tree().Find(strings.Fields(command))
		if err != nil {
			t.Fatal(err)
		}
		tried[name(cmd)] = true
		t.Run(command, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pipe := localapi.NewPipe()
				go func() { // as the system does for a process that is stopped
					for conn, err := pipe.Accept(); err == nil; conn, err = pipe.Accept() {
						go func() { _, _ = io.Copy(io.Discard, conn) }()
					}
				}()
				client := pipe.Client()
				defer pipe.Close()
				var said strings.Builder
				begun := time.Now()
				code := cli.Run(t.Context(), cli.Params{
					Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"),
					Open:     func(context.Context, string, string) error { return nil },
					DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
					In:       strings.NewReader(""), Out: io.Discard, Err: &said,
				}, strings.Fields(command))
				if code != cli.ExitNotReachable || !strings.Contains(said.String(), "not answer") {
					t.Errorf("exit %d: %s", code, &said)
				}
				if took := time.Since(begun); took > localapi.ServerTime+localapi.AnswerTime {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
	// Those that speak with another part of the program, or with nobody.
	for _, c := range []string{"window", "agent", "version", "events serve", "extension install", "extension remove", "extension manifest"} {
		tried[c] = true
	}
	for _, c := range runnable(tree()) {
		if !tried[name(c)] && !strings.HasPrefix(name(c), "demo ") {
			t.Errorf("%s is not tried", name(c))
		}
	}
}
