package cli_test

import (
	"bytes"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// A shell is offered the values of every option that has a choice, and no files where none are taken.
func TestCompletionIsComplete(t *testing.T) {
	free := []string{ // what a person writes, and what is a file
		"send --wait", "close --wait", "devices --wait", "refresh --wait", "watch --wait", "signin --wait", "pair show --wait", "pair join --wait",
		"inbox --limit", "inbox --search", "signin --email", "extension manifest --path",
		"events serve --listen", "events serve --issuer", "events serve --client-id", "events serve --path", "events serve --file", "events serve --url",
	}
	for _, c := range runnable(tree()) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			flag := name(c) + " --" + f.Name
			_, known := c.GetFlagCompletionFunc(f.Name)
			if f.Value.Type() != "bool" && known == slices.Contains(free, flag) {
				t.Errorf("%s: completed %v", flag, known)
			}
		})
		if files := strings.Contains(c.Use, "FILE") || strings.Contains(c.Use, "IMAGE"); files == (c.ValidArgsFunction != nil) {
			t.Errorf("%s: files are offered: %v", name(c), c.ValidArgsFunction == nil)
		}
	}
}

// A name with a blank goes on the command line as one word, also where bash can only write what several names
// begin with: "Firefox on Linux" and "Firefox on Windows".
func TestBashIsGivenWholeWords(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	var script bytes.Buffer
	if code := cli.Run(t.Context(), cli.Params{Client: func(bool) *localapi.Client { return nil }, Out: &script}, []string{"completion", "bash"}); code != cli.ExitOK {
		t.Fatalf("exit %d", code)
	}
	for typed, want := range map[string]string{
		"": `<Firefox\ on\ Linux><Firefox\ on\ Windows><Tab>`, "Fire": `<Firefox\ on\ Linux><Firefox\ on\ Windows>`,
		`Firefox\ on\ L`: `<Firefox\ on\ Linux>`, "T": "<Tab>", "none": "",
	} {
		cmd := exec.CommandContext(t.Context(), bash, "--norc", "-c", script.String()+`
completions=("Firefox on Linux" "Firefox on Windows" "Tab"); cur=$1; COMP_TYPE=9; COMPREPLY=()
__tabferry_handle_completion_types
((${#COMPREPLY[@]} == 0)) || printf '<%s>' "${COMPREPLY[@]}"`, "bash", typed)
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%q: %s, %v; want %s", typed, out, err, want)
		}
	}
}

func TestCompletion(t *testing.T) {
	agent, client := localapitest.New(t)
	agent.Set(localapi.Snapshot{
		Account: localapi.Account{State: localapi.SignedIn},
		Inbox:   localapi.Inbox{Recent: []localapi.InboxEntry{{ID: "i1", Host: "a.example", Title: "A page"}}},
		Outbox:  localapi.Outbox{Recent: []localapi.OutboxEntry{{ID: "o1", To: "Phone", Host: "b.example"}}},
		Callers: []localapi.Caller{{ID: "firefox:a@b", Name: "Sender"}},
	})
	for line, want := range map[string]string{
		"inbox open |":                  "i1\ta.example A page",
		"inbox delete |":                "i1\ta.example A page",
		"outbox retry |":                "o1\tPhone b.example",
		"extension revoke |":            "firefox:a@b\tSender",
		"quiet |":                       ":4", // no files
		"signin --keep |":               "new-keyring",
		"unlock --keep |":               "passphrase",
		"window --pane |":               "inbox",
		"settings set |":                "browser=",
		"settings |":                    "get\tPrint one setting",
		"pair show --a|":                "--address\tprint the address that the code reads as, instead of drawing it",
		"extension install --browser |": "firefox",
	} {
		var out bytes.Buffer
		args := append([]string{"__complete"}, strings.Fields(strings.ReplaceAll(line, "|", ""))...)
		if strings.HasSuffix(line, " |") {
			args = append(args, "")
		}
		code := cli.Run(t.Context(), cli.Params{
			Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"), Out: &out, Err: io.Discard,
		}, args)
		if offered := strings.Split(out.String(), "\n"); code != cli.ExitOK || !slices.Contains(offered, want) {
			t.Errorf("%s: exit %d, offered %q", line, code, offered)
		}
	}
}
