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
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
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
		CheckBrowser: func(command string) error {
			switch command {
			case "gone":
				return fmt.Errorf("%w: gone", desktop.ErrNoSuchBrowser)
			case "'":
				return errors.New("browser command: a quote is open")
			}
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
		GrabScreen:  func(context.Context) (image.Image, error) { return oneDarkModule(), nil },
		HostProgram: func(demo bool) (string, error) { return fmt.Sprintf("/opt/host-%v", demo), nil },
		Demo:        recordingDemo{},
		Events:      recordingEvents{},
		About:       cli.About{Contact: "https://makers.test", Security: "https://makers.test/security", ClientID: "0123456789abcdef", ClientName: "A browser"},
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

type recordingEvents struct{}

func (recordingEvents) Serve(_ context.Context, s cli.EventServer) error {
	record("events serve %+v", s)
	return nil
}

func (recordingEvents) Check(_ context.Context, s cli.EventServer) error {
	record("events check %+v", s)
	if s.ClientID == "bad" {
		return errors.New("the receiver takes tokens with a foreign signature")
	}
	return nil
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

var plainWord = regexp.MustCompile(`[A-Za-z]{2,}`)

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
			// translated FILE WORD...: the last command said no plain word but names, and what stands in the
			// files and words.
			"translated": func(ts *testscript.TestScript, _ bool, args []string) {
				known := "Tabferry Firefox Mozilla " + strings.Join(args, " ")
				for _, name := range args {
					if text, err := os.ReadFile(ts.MkAbs(name)); err == nil {
						known += string(text)
					}
				}
				for _, line := range strings.Split(ts.ReadFile("stdout")+ts.ReadFile("stderr"), "\n") {
					for _, word := range plainWord.FindAllString(strings.TrimPrefix(line, "tabferry: "), -1) {
						if !strings.Contains(known, word) {
							ts.Fatalf("%q in %q is no translation", word, line)
						}
					}
				}
			},
			// documented COMMAND...: what the last command printed is as it is documented of this one.
			"documented": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(undocumented(outputs[strings.Join(args, " ")], ts.ReadFile("stdout")))
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
