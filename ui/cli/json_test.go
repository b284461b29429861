package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// goldens has what each command line prints with --json; the first file is the state of the agent.
const goldens = "testdata/json.txtar"

// elsewhere are the commands that are not run here: roles that go on, and what touches the files of
// browsers, which testdata/script/extension.txtar holds to the same.
var elsewhere = map[string]bool{
	"agent": true, "window": true, "events serve": true, "demo serve": true, "demo stop": true, "demo send-me": true, "demo scan": true,
	"extension install": true, "extension remove": true, "extension list": true, "extension manifest": true,
}

// TestJSON: what every command prints with --json is as it was, and as it is documented: no field is there that
// its type has not.
func TestJSON(t *testing.T) {
	text, err := os.ReadFile(goldens)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(text)
	var state localapi.Snapshot
	if err := json.Unmarshal(archive.Files[0].Data, &state); err != nil {
		t.Fatal(err)
	}
	run := map[string]bool{}
	for i := 1; i < len(archive.Files); i++ {
		golden := &archive.Files[i]
		t.Run(golden.Name, func(t *testing.T) {
			cmd, _, err := tree().Find(strings.Fields(golden.Name))
			if err != nil {
				t.Fatal(err)
			}
			run[name(cmd)] = true
			out := stable(printedBy(t, state, golden.Name))
			if err := undocumented(outputs[name(cmd)], out); err != nil {
				t.Error(err)
			}
			if *update {
				golden.Data = []byte(out)
			} else if diff := cmp.Diff(string(golden.Data), out); diff != "" {
				t.Errorf("with -update it is written anew:\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(goldens, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range runnable(tree()) {
		if !run[name(c)] && !elsewhere[name(c)] {
			t.Errorf("what %s prints with --json is not held to anything", name(c))
		}
	}
}

// printedBy runs a command line with --json in virtual time, at an agent in a state, and answers every question
// with yes.
func printedBy(t *testing.T, state localapi.Snapshot, line string) (printed string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipe := localapi.NewPipe()
		agent := newScripted(pipe)
		if strings.HasPrefix(line, "signin") {
			state.Account = localapi.Account{State: localapi.SignedOut}
		}
		agent.Set(state)
		if line == "watch" {
			time.AfterFunc(time.Second, func() {
				agent.Change(func(*localapi.Snapshot) {}, localapi.Event{Kind: localapi.Quitting, At: time.Now()})
				agent.End()
			})
		}
		client := pipe.Client()
		var out bytes.Buffer
		code := cli.Run(t.Context(), cli.Params{
			Client: func(bool) *localapi.Client { return client }, Words: i18n.New("de"), Version: "1.2.3",
			Open:     func(_ context.Context, _, _ string) error { return nil },
			DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
			Demo:     recordingDemo{}, In: strings.NewReader("y\n"), Out: &out, Err: io.Discard,
		}, append(strings.Fields(line), "--json"))
		if code != cli.ExitOK {
			t.Errorf("exit %d: %s", code, &out)
		}
		if err := agent.stop(); err != nil {
			t.Error(err)
		}
		printed = out.String()
	})
	return printed
}

// stable takes out what differs from machine to machine.
func stable(text string) string {
	text = strings.ReplaceAll(text, runtime.Version(), "GO")
	text = strings.ReplaceAll(text, runtime.GOOS+"/"+runtime.GOARCH, "SYSTEM")
	return regexp.MustCompile(`"(at|started)": ?"[^"]*"`).ReplaceAllString(text, `"$1": "TIME"`)
}

// undocumented decodes what was printed into the type that is documented for it.
func undocumented(out any, text string) error {
	text = strings.ReplaceAll(text, `"TIME"`, `"2026-05-04T12:00:00Z"`)
	switch o := out.(type) {
	case nil:
		if text != "" {
			return fmt.Errorf("it prints something: %s", text)
		}
		return nil
	case string: // any value
		if !json.Valid([]byte(text)) {
			return fmt.Errorf("it is no JSON: %s", text)
		}
		return nil
	case lines:
		for line := range strings.Lines(text) {
			if err := undocumented(o.of, line); err != nil {
				return err
			}
		}
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(reflect.New(reflect.TypeOf(out)).Interface()); err != nil {
		return fmt.Errorf("it is not as documented: %w", err)
	}
	return nil
}
