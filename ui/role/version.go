package role

import (
	"runtime/debug"
	"strings"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/ui/cli"
)

// version is the program's version, and the one place that says it: the packaging reads it here, and
// a test compares what has to say the same by itself.
const version = "0.1.0"

// about says who answers for this program. Whoever distributes it under a client id of their own puts
// themselves here: docs/registration.md.
var about = cli.About{
	Contact:  "https://github.com/tabferry/tabferry/issues",
	Security: "https://github.com/tabferry/tabferry/security",
	ClientID: agent.DefaultClientID, ClientName: agent.DefaultClientName,
}

// revision is the commit that the Makefile builds, with "-dirty" behind it where the sources differed.
// It is empty in a build by hand; what the Go tool noted is shown then.
var revision string

// revisionLength is how much of a commit's name is shown: enough for the largest histories.
const revisionLength = 12

// build reads what the Go tool noted when it made this program.
func build() cli.Build {
	b := cli.Build{Kind: "lean"}
	if hasWindow {
		b.Kind = "whole"
	}
	if revision != "" {
		b.Revision, b.Modified = strings.CutSuffix(revision, "-dirty")
		return b
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
