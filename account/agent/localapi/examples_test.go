//go:build peers

package localapi_test

import (
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// example is the block of docs/api.md in a language.
func example(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "\n```"+language+"\n")
	block, _, end := strings.Cut(block, "\n```\n")
	if !ok || !end {
		t.Fatalf("there is no example in %s", language)
	}
	return block
}

// The examples of the page do what it says.
func TestExamples(t *testing.T) {
	state := localapi.Snapshot{Devices: localapi.DeviceList{Items: []localapi.Device{
		{ID: "phone", Name: "Phone", CanReceiveTabs: true}, {ID: "me", Name: "Here", This: true, CanReceiveTabs: true}, {ID: "tv", Name: "Television"},
	}}}
	for _, c := range []struct {
		language, file string
		run            []string
		says           string
		calls          string
	}{
		{"sh", "example.sh", []string{"sh"}, `"id":"o1"`, `Send {"links":[{"url":"https://example.org/","title":"Example"}],"devices":["phone"]}`},
		{"python", "example.py", []string{"python3"}, "Phone https://a.example/", "MarkRead i1"},
		{"go", "example.go", []string{"go", "run"}, "Television", ""},
	} {
		t.Run(c.language, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "tf") // short, for the socket
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := os.RemoveAll(dir); err != nil {
					t.Error(err)
				}
			})
			path := filepath.Join(dir, "s")
			listener, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			agent := localapitest.Serve(t, listener, slog.New(slog.DiscardHandler))
			agent.Set(state)
			file := filepath.Join(dir, c.file)
			if err := os.WriteFile(file, []byte(example(t, c.language)), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.language == "python" { // it watches until the agent quits
				go func() {
					for agent.Watching(localapi.FaceCommand) == 0 && t.Context().Err() == nil {
						time.Sleep(10 * time.Millisecond)
					}
					agent.Set(state, localapi.Event{Kind: localapi.TabsReceived, Entries: []localapi.InboxEntry{{ID: "i1", From: "Phone", URL: "https://a.example/"}}}, localapi.Event{Kind: localapi.Quitting})
				}()
			}
			cmd := exec.CommandContext(t.Context(), c.run[0], append(c.run[1:], file)...)
			cmd.Env = append(os.Environ(), "TABFERRY_SOCKET="+path)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.says) {
				t.Errorf("%v: %s", err, out)
			}
			if got := strings.Join(agent.Log("Send", "MarkRead"), "; "); got != c.calls {
				t.Errorf("asked %q", got)
			}
		})
	}
}
