//go:build linux

// Command bench measures what a person pays for having Tabferry, and writes one table of it: memory, processor
// time, bytes and waiting, each beside the least program that does the same, in the same run. It runs the built
// programs on desktops in a box; `make bench` runs it, from the project's root.
//
// Memory is told as RSS and as anonymous memory, of a program that no other process runs at the time: a
// proportional share would make a program small because a second one maps the same pages. The service and
// the other devices live in this process, or are the demo's, which is another program.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
)

// bench is one run.
type bench struct {
	table
	bin   string
	only  []string
	peers peers
}

// group is some rows of the table that are measured together.
type group struct {
	name    string
	measure func(*bench, context.Context) error
}

// groups are all, in the order of the table.
var groups = []group{
	{"programs", (*bench).programs},
	{"agent", (*bench).agent}, // and churn
	{"tabs", (*bench).tabs},
	{"devices", (*bench).devices},
	{"outbox", (*bench).outbox},
	{"crypto", (*bench).crypto},
	{"window", (*bench).windows},
	{"everyday", (*bench).everyday},
}

func main() {
	bin := flag.String("bin", "build", "folder with the programs tabferry and tabferry-window")
	only := flag.String("only", "", "measure these groups alone, with commas between them: "+names())
	write := flag.String("write", "", "document in which the table is replaced")
	name := flag.String("table", "now", "name of the table there")
	soaked := flag.Duration("soak", 0, "let an agent live for this long and say what grew, instead of measuring")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := &bench{table: table{out: os.Stdout}, bin: *bin}
	if *only != "" {
		b.only = strings.Split(*only, ",")
	}
	var err error
	if *soaked > 0 {
		err = b.atHome(ctx, func(h *home) error { return soak(ctx, os.Stdout, h, *soaked) })
	} else {
		err = b.run(ctx, *write, *name)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() string {
	var all []string
	for _, g := range groups {
		all = append(all, g.name)
	}
	return strings.Join(append(all, "churn"), ", ")
}

// chosen reports whether a group is to be measured.
func (b *bench) chosen(name string) bool { return len(b.only) == 0 || slices.Contains(b.only, name) }

func (b *bench) lean() string   { return filepath.Join(b.bin, "tabferry") }
func (b *bench) window() string { return filepath.Join(b.bin, "tabferry-window") }

// run measures the chosen groups and writes the table.
func (b *bench) run(ctx context.Context, document, table string) error {
	for _, name := range b.only {
		if !strings.Contains(", "+names()+",", ", "+name+",") {
			return fmt.Errorf("there is no group %s, but %s", name, names())
		}
	}
	dir, err := os.MkdirTemp("", "tfbench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // nothing of worth is left there
	if b.peers, err = buildPeers(ctx, dir, b.window()); err != nil {
		return err
	}
	if err := b.installAll(dir); err != nil {
		return err
	}
	began, before := time.Now(), calm()
	for _, g := range groups {
		if !b.chosen(g.name) && (g.name != "agent" || !b.chosen("churn")) {
			continue
		}
		if err := g.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	about, err := machine(ctx, b.lean(), began, before, calm())
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", about)
	if document == "" {
		return nil
	}
	return b.write(document, table, about)
}

// atHome measures on a fresh desktop, with an agent that is signed in.
func (b *bench) atHome(ctx context.Context, measure func(*home) error) error {
	return atHome(ctx, b.bin, box.Params{}, measure)
}
