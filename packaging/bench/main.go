//go:build linux

// Command bench measures what a person pays for having Tabferry: memory and processor time when
// idle, time from start to tray and to window, from the push to the notification, and size on disk.
// It runs the built programs in a desktop in a box, on the demo service; `make bench` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

func main() {
	bin := flag.String("bin", "build", "folder with the binaries tabferry and tabferry-window")
	idle := flag.Duration("idle", time.Minute, "how long the idle agent is watched")
	runs := flag.Int("runs", 5, "how often the times are taken; the median is told")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *bin, *idle, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, bin string, idle time.Duration, runs int) error {
	fmt.Fprintln(out, "| what | figure |\n|---|---|")
	for _, name := range []string{"tabferry", "tabferry-window"} {
		info, err := os.Stat(filepath.Join(bin, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| size of `%s` | %.1f MB |\n", name, float64(info.Size())/1e6)
	}
	for _, binary := range []string{"tabferry", "tabferry-window"} {
		if err := inBox(ctx, bin, func(app *box.App) error { return measureAgent(ctx, out, app, binary, idle, runs) }); err != nil {
			return fmt.Errorf("%s: %w", binary, err)
		}
	}
	return inBox(ctx, bin, func(app *box.App) error { return measureWindow(ctx, out, app, runs) })
}

// inBox runs a measurement on a fresh desktop.
func inBox(ctx context.Context, bin string, measure func(*box.App) error) error {
	dir, err := os.MkdirTemp("", "tfbench")
	if err != nil {
		return err
	}
	b, err := box.Start(ctx, box.Params{Dir: dir})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	app, err := box.NewApp(b, bin)
	if err == nil {
		err = measure(app)
		// What is still running ends before the box does.
		quit := app.Client().Quit(ctx)
		_, stopped := app.Run(ctx, "demo", "stop")
		err = errors.Join(err, quit, stopped)
	}
	return errors.Join(err, b.Close(), os.RemoveAll(dir))
}

// measureAgent measures one binary in the agent's role.
func measureAgent(ctx context.Context, out io.Writer, app *box.App, binary string, idle time.Duration, runs int) error {
	program := filepath.Join(filepath.Dir(app.Lean), binary)
	var starts []time.Duration
	for i := range runs {
		began := time.Now()
		cmd, err := app.Start(program, "agent")
		if err != nil {
			return err
		}
		tray, err := app.Box.Tray(ctx)
		if err != nil {
			return err
		}
		starts = append(starts, time.Since(began))
		if err := tray.Close(); err != nil {
			return err
		}
		if i == runs-1 {
			break // this one goes on
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			return err
		}
		_ = cmd.Wait() // it was killed
	}
	fmt.Fprintf(out, "| start of `%s agent` to tray icon, median of %d | %d ms |\n", binary, runs, median(starts).Milliseconds())
	if err := app.SignIn(ctx); err != nil {
		return err
	}
	if binary == "tabferry" {
		if err := measureNotification(ctx, out, app, runs); err != nil {
			return err
		}
	}
	s, err := app.Client().Snapshot(ctx)
	if err != nil {
		return err
	}
	return measureIdle(ctx, out, binary, s.PID, idle)
}

// measureNotification measures from the demo phone's request, which encrypts, reaches the service and
// is pushed from there, to the notification's call on the bus.
func measureNotification(ctx context.Context, out io.Writer, app *box.App, runs int) error {
	bus, err := app.Box.Notifications(ctx)
	if err != nil {
		return err
	}
	defer bus.Close()
	var whole, ours []time.Duration
	for i := range runs {
		link := fmt.Sprintf("https://example.org/%d", i)
		began := time.Now()
		if r, err := app.Run(ctx, "demo", "send-me", link); err != nil || r.Code != 0 {
			return fmt.Errorf("demo send-me: %w: %s", err, r.Err)
		}
		n, err := bus.Next(ctx)
		if err != nil {
			return err
		}
		s, err := app.Until(ctx, "the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == i+1 })
		if err != nil {
			return err
		}
		whole = append(whole, n.At.Sub(began))
		ours = append(ours, n.At.Sub(s.Connection.Push.LastMessage))
	}
	fmt.Fprintf(out, "| push frame to notification call (poll, decrypt, save, show), median of %d | %d ms |\n", runs, median(ours).Milliseconds())
	fmt.Fprintf(out, "| `demo send-me` started to notification call (the whole way), median of %d | %d ms |\n", runs, median(whole).Milliseconds())
	return nil
}

// measureWindow measures from the start of the window role to its window on the screen.
func measureWindow(ctx context.Context, out io.Writer, app *box.App, runs int) error {
	if _, err := app.Start(app.Lean, "agent"); err != nil {
		return err
	}
	if _, err := app.Until(ctx, "an agent", func(localapi.Snapshot) bool { return true }); err != nil {
		return err
	}
	var starts []time.Duration
	for range runs {
		began := time.Now()
		cmd, err := app.Start(app.Window, "window")
		if err != nil {
			return err
		}
		find := app.Box.Command("xdotool", "search", "--sync", "--onlyvisible", "--name", "^Tabferry")
		if err := find.Run(); err != nil {
			return fmt.Errorf("no window: %w", err)
		}
		starts = append(starts, time.Since(began))
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		_ = cmd.Wait() // it was told to end
	}
	fmt.Fprintf(out, "| start of `tabferry-window` to mapped window, agent running, median of %d | %d ms |\n", runs, median(starts).Milliseconds())
	return nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
