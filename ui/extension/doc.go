// Package extension is the native-messaging host: the program that a browser starts for our extension, and
// the manifests by which browsers find it. docs/native-messaging.md describes the protocol.
//
// The host ([Run]) is a face of the agent: it reads a frame, checks it, calls the local API, answers, and ends
// when the browser closes its input. It holds no state of the account, and no file is its own. What it may do
// for a caller the agent decides (account/agent/callers).
//
// Everything that comes in is hostile: a frame is bounded before it is read, a field that the protocol does not
// name is refused, and no message names a program, a path or a level of logging.
package extension

import (
	"path/filepath"
	"slices"
	"strings"
)

// Who we are to browsers. These names are in people's browsers: they do not change.
const (
	// HostName names the host, and its manifest.
	HostName = "io.github.tabferry.tabferry"
	// GeckoID is the extension's id in Firefox and its kin, ChromiumID in Chromium and its kin. The latter
	// is the beginning of the SHA-256 of the key in the extension's manifest.
	GeckoID    = "send@tabferry.github.io"
	ChromiumID = "lihlhaglcjoolgimeolffedpipifahlm"
)

// The names of the host's program: links to the lean one.
const (
	ProgramName     = "tabferry-extension-host"
	DemoProgramName = "tabferry-demo-extension-host"
)

// The families of browsers, as they stand before a caller's id.
const (
	familyFirefox  = "firefox"
	familyChromium = "chromium"
)

// Own returns the callers' ids of our own extension.
func Own() []string {
	return []string{familyFirefox + ":" + GeckoID, familyChromium + ":" + ChromiumID}
}

// Start is how a host was started.
type Start struct {
	// Caller is the caller's id, empty where no browser named one.
	Caller string
	// Demo says that it is the host of the demo.
	Demo bool
}

// Invoked reports whether a command line, the program's name first, is a browser's way to start the host:
// by the host's name, by the command, or by the arguments that browsers give to whatever a manifest names.
func Invoked(args []string) (start Start, ok bool) {
	if len(args) == 0 {
		return start, false
	}
	name, args := strings.TrimSuffix(filepath.Base(args[0]), ".exe"), args[1:]
	switch {
	case name == ProgramName, name == DemoProgramName:
		start.Demo, ok = name == DemoProgramName, true
	case len(args) > 0 && args[0] == "extension-host":
		args, ok = args[1:], true
	case len(args) > 1 && args[0] == "--demo" && args[1] == "extension-host":
		args, start.Demo, ok = args[2:], true, true
	}
	start.Caller = callerOf(args)
	return start, ok || start.Caller != ""
}

// callerOf reads the arguments of a browser: Chromium's is the extension's origin, Firefox's are the
// manifest's path and the extension's id.
func callerOf(args []string) string {
	for i, a := range args {
		if id, ok := strings.CutPrefix(a, "chrome-extension://"); ok {
			if id = strings.TrimSuffix(id, "/"); chromiumID(id) {
				return familyChromium + ":" + id
			}
		}
		if baseName(a) == HostName+".json" && i+1 < len(args) && extensionID(args[i+1]) {
			return familyFirefox + ":" + args[i+1]
		}
	}
	return ""
}

// baseName is the last part of a path of this or of another system.
func baseName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// chromiumID reports whether a text is an id as Chromium makes them.
func chromiumID(id string) bool {
	return len(id) == 32 && !strings.ContainsFunc(id, func(r rune) bool { return r < 'a' || r > 'p' })
}

// maxExtensionID is the longest id of an extension, in bytes.
const maxExtensionID = 128

// extensionID reports whether a text can be the id of an extension in any browser.
func extensionID(id string) bool {
	return id != "" && len(id) <= maxExtensionID && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_@{}", r)
	})
}

// ours reports whether a caller is our own extension.
func ours(caller string) bool { return slices.Contains(Own(), caller) }

// family is the family of a caller's browser, with the colon.
func family(caller string) string {
	name, _, _ := strings.Cut(caller, ":")
	return name + ":"
}
