//go:build desktop && linux

package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"
)

// What CI holds the program to, in multiples of the least program that does the same, in the same run. Sizes and
// memory lie between what they were before docs/performance.md and what they are, times far above what a quiet
// machine measures: a guard tells of a mistake, not of a bad day.
const (
	guardSize   = 12.0 // lean program on the disk, of a hello world
	guardMemory = 3.7  // anonymous memory of the lean agent alone, of a bare tray icon
	guardPages  = 3.9  // all its resident pages, likewise
	guardMapped = 1.8  // window on the screen, of a bare one
	guardIdle   = 3.0  // processor of the idle window, of a bare one
	guardWindow = 1.35 // anonymous memory of the window, of a bare one
	guardSpent  = 8.0  // processor time of a command that asks the agent, of a hello world
	guardRuns   = 5
	guardRest   = 5 * time.Second
)

// TestNotFarFromTheLeast builds the bare programs and holds ours against them.
func TestNotFarFromTheLeast(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	t.Chdir(filepath.Join("..", ".."))
	b := &bench{table: table{out: io.Discard}, bin: "build"}
	var err error
	if b.peers, err = buildPeers(ctx, t.TempDir(), b.window()); err != nil {
		t.Fatal(err)
	}
	lean, hello, err := sizes(b.lean(), b.peers.Hello)
	if err != nil {
		t.Fatal(err)
	}
	atMost(t, "size of the lean program", float64(lean), float64(hello), guardSize)
	err = b.atHome(ctx, func(h *home) error {
		s, err := newStage(h)
		if err != nil {
			return err
		}
		defer s.conn.Close()
		return errors.Join(guardAgent(ctx, t, b, h), guardCommands(ctx, t, b, h), guardWindows(ctx, t, b, s))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// atMost compares a figure with that of a bare program.
func atMost(t *testing.T, what string, ours, bare, times float64) {
	t.Helper()
	t.Logf("%s: %.2f × the least", what, ours/bare)
	if ours > times*bare {
		t.Errorf("%s is %.2f times that of the least program (%.0f to %.0f), more than %.1f", what, ours/bare, ours, bare, times)
	}
}

func guardAgent(ctx context.Context, t *testing.T, b *bench, h *home) error {
	bare := h.Box.Command(b.peers.Tray)
	if err := bare.Start(); err != nil {
		return err
	}
	err := sleep(ctx, guardRest)
	ours, failed := memoryOf(h.pid)
	least, failedToo := memoryOf(bare.Process.Pid)
	if err := errors.Join(err, failed, failedToo, stop(bare)); err != nil {
		return err
	}
	atMost(t, "resident memory of the agent", float64(ours.RSS), float64(least.RSS), guardPages)
	atMost(t, "anonymous memory of the agent", float64(ours.Anonymous), float64(least.Anonymous), guardMemory)
	return nil
}

// guardCommands holds what `status` and `send` cost the processor against a program that says hello.
func guardCommands(ctx context.Context, t *testing.T, b *bench, h *home) error {
	if _, err := h.do(ctx, "send", "--to", "Phone", "https://example.org/"); err != nil { // so that `send` knows where to
		return err
	}
	lines := [][]string{{"status"}, {"send", "https://example.org/"}}
	ours := make([]time.Duration, len(lines))
	var bare time.Duration
	for range 4 * guardRuns {
		hello := h.Box.Command(b.peers.Hello)
		if err := hello.Run(); err != nil {
			return err
		}
		bare += hello.ProcessState.UserTime() + hello.ProcessState.SystemTime()
		for i, line := range lines {
			used, err := h.do(ctx, line...)
			if err != nil {
				return err
			}
			ours[i] += used
		}
	}
	for i, line := range lines {
		atMost(t, "processor time of tabferry "+line[0], ms(ours[i]), ms(bare), guardSpent)
	}
	return nil
}

func guardWindows(ctx context.Context, t *testing.T, b *bench, s *stage) error {
	ours, bare, err := s.inTurns(ctx, b.peers.Window, guardRuns)
	if err != nil {
		return err
	}
	// The fastest of each: what else the machine does only adds.
	atMost(t, "time until the window is on the screen", ms(at(ours, 0)), ms(at(bare, 0)), guardMapped)
	cmd, least := s.ours("send"), s.Box.Command(b.peers.Window)
	if _, err := s.show(cmd); err != nil {
		return err
	}
	if _, err := s.show(least); err != nil {
		return errors.Join(err, stop(cmd))
	}
	err = sleep(ctx, guardRest)
	used, failed := usedBy(ctx, guardRest, cmd.Process.Pid, least.Process.Pid)
	m, failedM := memoryOf(cmd.Process.Pid)
	l, failedL := memoryOf(least.Process.Pid)
	if err := errors.Join(err, failed, failedM, failedL, stop(cmd), stop(least)); err != nil {
		return err
	}
	atMost(t, "processor of the idle window", ms(used[0]), ms(used[1]), guardIdle)
	atMost(t, "anonymous memory of the window", float64(m.Anonymous), float64(l.Anonymous), guardWindow)
	return nil
}
