//go:build desktop && linux

package desktop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// binaries is the folder with the builds that every test uses.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "tabferry-bin-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binaries = dir
		if err := box.Programs(dir, true); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// newApp returns the program in a fresh box, by a name of its own: tests run beside each other, and some look
// whether theirs still runs. What the programs print is shown if the test fails.
func newApp(t *testing.T, p box.Params) *box.App {
	t.Helper()
	dir, err := os.MkdirTemp("", "tf") // short: it holds Unix sockets
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(binaries, filepath.Base(dir))
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tabferry", "tabferry-demo", "tabferry-window"} {
		if err := os.Link(filepath.Join(binaries, name), filepath.Join(own, name)); err != nil {
			t.Fatal(err)
		}
	}
	p.Dir, p.Log = dir, log
	b, err := box.Start(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endDemo(t, b, own)
		if err := b.Close(); err != nil {
			t.Errorf("closing the box: %v", err)
		}
		if t.Failed() {
			if text, err := os.ReadFile(log.Name()); err == nil {
				t.Logf("what the programs printed:\n%s", text)
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	app, err := box.NewApp(b, own)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// endDemo ends what the program started by itself: the agent and the demo service outlive the
// command that started them.
func endDemo(t *testing.T, b *box.Box, programs string) {
	app, err := box.NewApp(b, programs)
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), box.Patience)
	defer cancel()
	if err := app.Client().Quit(ctx); err == nil {
		for { // until its socket is gone
			if _, err := app.Client().Snapshot(ctx); err != nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if err := box.Until(ctx, func() bool { return !runs(app.Window) }); err != nil { // they keep their size at the end
			t.Error("a window stays after the agent has quit")
		}
	}
	if r, err := app.Run(ctx, "demo", "stop"); err != nil {
		t.Errorf("demo stop: %v %s", err, r.Err)
	}
}

// within returns a context for one step of a test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// command runs a command line and demands its exit code.
func command(t *testing.T, app *box.App, code int, args ...string) box.Result {
	t.Helper()
	r, err := app.Run(within(t, box.Patience), args...)
	if err != nil {
		t.Fatalf("tabferry %s: %v\n%s", strings.Join(args, " "), err, r.Err)
	}
	if r.Code != code {
		t.Fatalf("tabferry %s: exit %d, want %d\nout: %s\nerr: %s", strings.Join(args, " "), r.Code, code, r.Out, r.Err)
	}
	return r
}

// signedIn starts the agent and signs in.
func signedIn(t *testing.T, app *box.App) {
	t.Helper()
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Until(within(t, box.Patience), "an agent", func(snapshot) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := app.SignIn(within(t, box.Patience)); err != nil {
		t.Fatal(err)
	}
}

// report asks the demo world what its devices received and what its service holds.
func report(t *testing.T, app *box.App) demoReport {
	t.Helper()
	var r demoReport
	if err := json.Unmarshal([]byte(command(t, app, 0, "demo", "report", "--json").Out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}
