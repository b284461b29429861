package role

import (
	"runtime/debug"

	"github.com/tabferry/tabferry/ui/cli"
)

// version is the program's version. FyneApp.toml, which the packaging reads, says the same.
const version = "0.1.0"

// revisionLength is how much of a commit's name is shown: enough for the largest histories.
const revisionLength = 12

// build reads what the Go tool noted when it made this program.
func build() cli.Build {
	b := cli.Build{Kind: "lean"}
	if hasWindow {
		b.Kind = "whole"
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value[:min(len(s.Value), revisionLength)]
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
