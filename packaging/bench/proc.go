//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processorTime is what all threads of a process have run so far (/proc/PID/task/*/schedstat, in
// nanoseconds). A thread that has ended is not counted; Go's threads hardly ever end.
func processorTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	if len(threads) == 0 {
		return 0, fmt.Errorf("process %d has gone", pid)
	}
	var sum time.Duration
	for _, name := range threads {
		text, err := os.ReadFile(name) // #nosec G304 -- of /proc
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just ended
		}
		if err != nil {
			return 0, err
		}
		ran, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// memory is what a process occupies, in bytes. RSS counts the pages of its binary too, which it shares with
// the page cache and with each other process of the same program; Anonymous is its own alone.
type memory struct{ RSS, Anonymous, PSS int64 }

// memoryOf reads /proc/PID/smaps_rollup.
func memoryOf(pid int) (memory, error) {
	fields, err := fieldsOf(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	return memory{RSS: fields["Rss"] << 10, Anonymous: fields["Anonymous"] << 10, PSS: fields["Pss"] << 10}, err
}

// volume is what a process has written so far, in bytes: by its own calls, to sockets too, and what the system
// counts for the disk, which is the whole folio of a page that is touched (/proc/PID/io: wchar, write_bytes).
type volume struct{ calls, disk int64 }

func written(pid int) (volume, error) {
	fields, err := fieldsOf(fmt.Sprintf("/proc/%d/io", pid))
	return volume{fields["wchar"], fields["write_bytes"]}, err
}

func (v volume) String() string { return kB(v.calls) + ", counted for the disk " + kB(v.disk) }

// fieldsOf reads lines `name: number`.
func fieldsOf(file string) (map[string]int64, error) {
	text, err := os.ReadFile(file) // #nosec G304 -- of /proc
	if err != nil {
		return nil, err
	}
	fields := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if words := strings.Fields(rest); len(words) > 0 {
			if n, err := strconv.ParseInt(words[0], 10, 64); err == nil {
				fields[name] = n
			}
		}
	}
	return fields, nil
}

// entriesOf counts what lies in a folder of /proc: open files in fd, threads in task.
func entriesOf(pid int, folder string) (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", pid, folder))
	return len(entries), err
}
