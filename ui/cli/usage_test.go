package cli_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

// What could not be written is no success, whatever was to be written.
func TestNothingIsWrittenToAFullDisk(t *testing.T) {
	for _, line := range []string{
		"help", "help send", "send --help", "--help", "pair", "version", "--version", "completion bash", "completion", "demo show-code", "demo report",
		"inbox", "inbox --search x", "outbox", "status", "status --json", "settings", "settings get open", "diagnostics", "quiet", "events fetch",
	} {
		_, client := localapitest.New(t)
		var said strings.Builder
		code := cli.Run(t.Context(), cli.Params{
			Client: func(bool) *localapi.Client { return client }, Words: i18n.New("en"), Demo: recordingDemo{},
			In: strings.NewReader(""), Out: full{}, Err: &said,
		}, strings.Fields(line))
		if code != cli.ExitFailed || !strings.Contains(said.String(), "no room") {
			t.Errorf("%s: exit %d, %q", line, code, &said)
		}
	}
}

// What is no text or too long is refused with the limit, in the person's language.
func TestInputThatCannotBeTaken(t *testing.T) {
	for _, c := range []struct {
		args     []string
		in, says string
	}{
		{[]string{"send", "-"}, strings.Repeat(" ", 16<<20+1), "die Standardeingabe ist länger als 16 MB"},
		{[]string{"pair", "join", "-"}, strings.Repeat("x", 64<<10+1), "eine Zeile der Standardeingabe ist länger als 64 kB"},
		{[]string{"rename", "\xff\xfe"}, "", "der Name ist kein Text in UTF-8"},
	} {
		_, client := localapitest.New(t)
		var said strings.Builder
		code := cli.Run(t.Context(), cli.Params{
			Client: func(bool) *localapi.Client { return client }, Words: i18n.New("de"),
			In: strings.NewReader(c.in), Out: io.Discard, Err: &said,
		}, c.args)
		if code != cli.ExitUsage || !strings.Contains(said.String(), c.says) {
			t.Errorf("%q: exit %d, %q", c.args, code, &said)
		}
	}
}
