//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// commandRuns is how often a command is timed.
const commandRuns = 40

// programs measures what lies on the disk, and commands from their start to their end.
func (b *bench) programs(ctx context.Context) error {
	lean, hello, err := sizes(b.lean(), b.peers.Hello)
	if err != nil {
		return err
	}
	b.add(row{"lean program, size", "≤ 16 MB", fmt.Sprintf("%.1f MB", mb(lean)), fmt.Sprintf("hello world %.1f MB", mb(hello))})
	window, bare, err := sizes(b.window(), b.peers.Window)
	if err != nil {
		return err
	}
	b.add(row{"window program, size", "", fmt.Sprintf("%.1f MB", mb(window)), fmt.Sprintf("bare Fyne window %.1f MB", mb(bare))})
	return b.atHome(ctx, func(h *home) error { return b.commands(ctx, h) })
}

func sizes(one, other string) (int64, int64, error) {
	a, err := os.Stat(one)
	if err != nil {
		return 0, 0, err
	}
	b, err := os.Stat(other)
	if err != nil {
		return 0, 0, err
	}
	return a.Size(), b.Size(), nil
}

// commands times commands of the command line, the bare program between them.
func (b *bench) commands(ctx context.Context, h *home) error {
	lines := []struct {
		goal string
		args []string
	}{
		{"", []string{"version"}},
		{"≤ 4 ms", []string{"status"}},
		{"≤ 7 ms", []string{"send", "https://example.org/"}},
	}
	if _, err := h.do(ctx, "send", "--to", "Phone", "https://example.org/"); err != nil { // so that `send` knows where to
		return err
	}
	times, used := make([][]time.Duration, len(lines)), make([]time.Duration, len(lines))
	var bare []time.Duration
	var bareUsed time.Duration
	for range commandRuns {
		began := time.Now()
		hello := h.Box.Command(b.peers.Hello)
		if err := hello.Run(); err != nil {
			return err
		}
		bare, bareUsed = append(bare, time.Since(began)), bareUsed+hello.ProcessState.UserTime()+hello.ProcessState.SystemTime()
		for i, line := range lines {
			began = time.Now()
			one, err := h.do(ctx, line.args...)
			if err != nil {
				return err
			}
			times[i], used[i] = append(times[i], time.Since(began)), used[i]+one
		}
	}
	for i, line := range lines {
		b.add(row{"`tabferry " + line.args[0] + "`, from start to end", line.goal, spreadUsed(times[i], used[i]), "hello world " + spreadUsed(bare, bareUsed)})
	}
	return nil
}

// spreadUsed adds what each used of the processor, on average.
func spreadUsed(times []time.Duration, used time.Duration) string {
	return fmt.Sprintf("%s, %.1f ms of the processor", spread(times), ms(used)/float64(len(times)))
}

// ready tells how long an agent takes from its start until it answers, and what that costs, over some starts.
func (h *home) ready(ctx context.Context, runs int) (took, cost []time.Duration, err error) {
	for range runs {
		if err := h.down(ctx); err != nil {
			return nil, nil, err
		}
		began := time.Now()
		if err := h.up(ctx); err != nil {
			return nil, nil, err
		}
		took = append(took, time.Since(began))
		used, err := processorTime(h.pid)
		if err != nil {
			return nil, nil, err
		}
		cost = append(cost, used)
		if _, err := h.until(ctx, "the push connection", connected); err != nil {
			return nil, nil, err
		}
	}
	return took, cost, nil
}

func connected(s localapi.Snapshot) bool { return s.Connection.Push.Connected && s.Connection.Online }
