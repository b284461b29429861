//go:build linux

package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peers are the least programs that do what Tabferry does, built with its flags: below packaging/bench/bare.
type peers struct{ Hello, Tray, Window string }

// bareRoom is where they are.
const bareRoom = "github.com/tabferry/tabferry/packaging/bench/bare/"

// peersIn are the ones in a folder.
func peersIn(dir string) peers {
	return peers{Hello: filepath.Join(dir, "hello"), Tray: filepath.Join(dir, "tray"), Window: filepath.Join(dir, "window")}
}

// buildPeers builds them into a folder. Like the rest of this program it runs in the project's root. The window
// gets the tags of the one that it is compared with, and the linker's flags of packaging/window.sh.
func buildPeers(ctx context.Context, dir, window string) (peers, error) {
	built, err := buildinfo.ReadFile(window)
	if err != nil {
		return peers{}, err
	}
	tags := ""
	for _, s := range built.Settings {
		if s.Key == "-tags" {
			tags = s.Value
		}
	}
	p := peersIn(dir)
	for _, one := range []struct {
		binary, tags, link, cgo string
	}{
		{p.Hello, "headless", "-s -w", "0"},
		{p.Tray, "headless", "-s -w", "0"},
		{p.Window, tags, "-s -w -funcalign=16", "1"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-tags", one.tags, "-trimpath", "-ldflags", one.link, "-o", one.binary,
			bareRoom+filepath.Base(one.binary)) // #nosec G204 -- programs of this folder
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+one.cgo)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			return p, fmt.Errorf("building %s: %w: %s", one.binary, err, &said)
		}
	}
	return p, nil
}
