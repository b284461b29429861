//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// parts is of what the resident memory of a process consists, in bytes.
type parts struct {
	// Code and Constants are pages of the program's own file, Libraries of all others that it maps. They are
	// clean: the system takes them back when it needs room, and reads them again.
	Code, Constants, Libraries int64
	// Own is what nobody else has: the heap, stacks, and what was written to of mapped files.
	Own int64
}

func (p parts) String() string {
	return fmt.Sprintf("code %.1f, constants %.1f, other files %.1f, its own %.1f MB", mb(p.Code), mb(p.Constants), mb(p.Libraries), mb(p.Own))
}

// partsOf adds up /proc/PID/smaps.
func partsOf(pid int) (p parts, err error) {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return p, err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid)) // #nosec G304 -- of /proc
	if err != nil {
		return p, err
	}
	clean := &p.Libraries
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) >= 5 && !strings.HasSuffix(words[0], ":"): // the head of a mapping: addresses, rights, offset, device, inode, file
			clean = &p.Libraries
			if strings.HasSuffix(strings.TrimSpace(line), program) {
				clean = &p.Constants
				if strings.Contains(words[1], "x") {
					clean = &p.Code
				}
			}
		case words[0] == "Rss:" || words[0] == "Anonymous:":
			kib, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				return p, err
			}
			if words[0] == "Rss:" {
				*clean += kib << 10
			} else {
				*clean -= kib << 10
				p.Own += kib << 10
			}
		}
	}
	return p, nil
}
