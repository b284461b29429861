//go:build linux

// Command shots takes pictures of the real window in a desktop in a box, on the demo service: every
// pane, light and dark, the tray menu and a notification. `make shots` runs it; `make demo` runs it
// with -tour where there is no display.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

func main() {
	bin := flag.String("bin", "build", "folder with the binaries tabferry and tabferry-window")
	out := flag.String("out", "shots", "folder for the pictures")
	tour := flag.Bool("tour", false, "one look at every pane in the dark appearance only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *bin, *out, *tour); err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, out string, tour bool) error {
	if err := os.MkdirAll(out, 0o755); err != nil { // #nosec G301 -- pictures for everybody
		return err
	}
	appearances := []string{"dark", "light"}
	if tour {
		appearances = appearances[:1]
	}
	for _, appearance := range appearances {
		if err := photograph(ctx, bin, out, appearance); err != nil {
			return fmt.Errorf("%s: %w", appearance, err)
		}
	}
	where, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	fmt.Println("The screenshots are in", where)
	return nil
}

// settle is how long a pane gets to draw itself between two looks at it.
const settle = 700 * time.Millisecond

func photograph(ctx context.Context, bin, out, appearance string) (err error) {
	dir, err := os.MkdirTemp("", "tabferry-shots-")
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := os.RemoveAll(dir); err == nil {
			err = removeErr
		}
	}()
	b, err := box.Start(ctx, box.Params{Dir: dir})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := b.Close(); err == nil {
			err = closeErr
		}
	}()
	app, err := box.NewApp(b, bin)
	if err != nil {
		return err
	}
	app.Setenv("FYNE_THEME", appearance)
	s := &session{app: app, ctx: ctx, name: func(pane string) string {
		return filepath.Join(out, pane+"-"+appearance+".png")
	}}
	return s.all()
}
