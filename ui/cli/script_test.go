package cli_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tabferry": func() { os.Exit(run()) }})
}

// run is the program under test: the real commands, with recorders in place of the other roles.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return cli.Run(ctx, cli.Params{
		Version: "1.2.3",
		Build:   cli.Build{Kind: "lean", Revision: "0123456789ab", Modified: true},
		Client:  func(bool) *localapi.Client { return localapi.Dial(os.Getenv("AGENT_SOCKET")) },
		EnsureAgent: func(_ context.Context, demo bool) error {
			record("ensure demo=%v", demo)
			if os.Getenv("NO_AGENT") != "" {
				return errors.New("no agent here")
			}
			return nil
		},
		RunAgent:  func(_ context.Context, demo bool) error { record("agent demo=%v", demo); return nil },
		RunWindow: func(_ context.Context, w cli.WindowStart) error { record("window %+v", w); return nil },
		Open: func(_ context.Context, browser, address string) error {
			record("open %q %s", browser, address)
			return nil
		},
		DrawCode: func(string) (image.Image, error) { return oneDarkModule(), nil },
		ReadCode: func(image.Image) (string, error) { return "https://pair.test/#fromscreen", nil },
		ReadPicture: func(file io.Reader) (string, error) {
			text, err := io.ReadAll(file)
			if err != nil || !strings.HasPrefix(string(text), "picture of ") {
				return "", errors.Join(err, errors.New("not a picture"))
			}
			return strings.TrimSpace(strings.TrimPrefix(string(text), "picture of ")), nil
		},
		ClipboardPicture: func(context.Context) ([]byte, error) {
			if os.Getenv("NO_PICTURE") != "" {
				return nil, errors.New("no picture")
			}
			return []byte("picture of https://pair.test/#fromclipboard"), nil
		},
		GrabScreen: func(context.Context) (image.Image, error) { return oneDarkModule(), nil },
		Demo:       recordingDemo{},
	}, os.Args[1:])
}

func oneDarkModule() image.Image {
	m := image.NewGray(image.Rect(0, 0, 1, 1))
	m.SetGray(0, 0, color.Gray{})
	return m
}

func record(format string, args ...any) {
	file, err := os.OpenFile(os.Getenv("RECORD"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if _, err := fmt.Fprintf(file, format+"\n", args...); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
}

type recordingDemo struct{}

func (recordingDemo) Serve(context.Context) error { record("demo serve"); return nil }
func (recordingDemo) Stop(context.Context) error  { record("demo stop"); return nil }
func (recordingDemo) SendMe(_ context.Context, link string) error {
	record("demo send-me %s", link)
	return nil
}

func (recordingDemo) Scan(_ context.Context, address string) error {
	record("demo scan %s", address)
	return nil
}

func (recordingDemo) ShowCode(context.Context) (string, error) {
	return "https://pair.test/#shown", nil
}

func (recordingDemo) Report(context.Context) (any, error) {
	return map[string]int{"liveTokens": 2}, nil
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			dir, err := os.MkdirTemp("", "tf") // short: a socket's path is at most 103 bytes long
			if err != nil {
				return err
			}
			socket := filepath.Join(dir, "s")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				return err
			}
			agent := newScripted(listener)
			e.Defer(func() {
				if err := errors.Join(agent.stop(), os.RemoveAll(dir)); err != nil {
					t.Error(err)
				}
			})
			e.Values["agent"] = agent
			e.Setenv("AGENT_SOCKET", socket)
			e.Setenv("RECORD", filepath.Join(e.WorkDir, "record"))
			e.Setenv("LC_ALL", "C")
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// agent FILE: the agent takes its state from a file.
			"agent": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(scriptedBy(ts).load(ts.MkAbs(args[0])))
			},
			// calls FILE: writes the calls that the agent got so far.
			"calls": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(scriptedBy(ts).log()), 0o600))
			},
			// code N: the last command, run by `! exec` or `exec` in a shell, exited with N.
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				err := ts.Exec("tabferry", args[1:]...)
				got := "0"
				if err != nil {
					got = strings.TrimPrefix(err.Error(), "exit status ")
				}
				if got != args[0] {
					ts.Fatalf("tabferry %s: exit %s, want %s", strings.Join(args[1:], " "), got, args[0])
				}
			},
		},
	})
}

func scriptedBy(ts *testscript.TestScript) *scripted {
	a, ok := ts.Value("agent").(*scripted)
	if !ok {
		ts.Fatalf("no agent")
	}
	return a
}

func TestRunWantsItsParts(t *testing.T) {
	var said strings.Builder
	if code := cli.Run(t.Context(), cli.Params{Err: &said}, []string{"status"}); code != cli.ExitFailed || said.Len() == 0 {
		t.Errorf("without a client: exit %d, %q", code, &said)
	}
}
