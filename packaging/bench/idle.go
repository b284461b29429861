//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor times in /proc (sysconf _SC_CLK_TCK, 100 on every Linux).
const clockTick = 10 * time.Millisecond

// settleTime lets what a sign-in started come to rest before idleness is measured.
const settleTime = 5 * time.Second

// measureIdle watches a process that has nothing to do.
func measureIdle(ctx context.Context, out io.Writer, binary string, pid int, idle time.Duration) error {
	if err := sleep(ctx, settleTime); err != nil {
		return err
	}
	before, err := processorTime(pid)
	if err != nil {
		return err
	}
	if err := sleep(ctx, idle); err != nil {
		return err
	}
	after, err := processorTime(pid)
	if err != nil {
		return err
	}
	pss, err := proportionalMemory(pid)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "| idle agent of `%s`, signed in, push connected: memory (PSS) | %.1f MiB |\n", binary, float64(pss)/(1<<20))
	fmt.Fprintf(out, "| the same: processor, over %v | %.3f %% of a core |\n", idle, 100*float64(after-before)/float64(idle))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// processorTime is user and system time of a process so far (proc(5), /proc/PID/stat fields 14, 15).
func processorTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is not as proc(5) says")
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// proportionalMemory is the process's share of memory in bytes (proc(5), smaps_rollup).
func proportionalMemory(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/PID/smaps_rollup names no Pss")
}
