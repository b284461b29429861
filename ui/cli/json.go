package cli

import (
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/extension/manifest"
)

// JSONVersion is the version of what commands print with --json. Fields and values may be added to a
// version; none is renamed, removed, or given another meaning. `tabferry version --json` tells it.
const JSONVersion = 1

// What commands print with --json beside the types of the local API.
type (
	// VersionInfo says what a program is.
	VersionInfo struct {
		Version string `json:"version"`
		// JSON is the version of what commands print with --json.
		JSON int `json:"json"`
		// Go and System say what it was built with, and for.
		Go     string `json:"go"`
		System string `json:"system"`
		Build
		About
	}
	// DiagnosticsText is the report for bug reports.
	DiagnosticsText struct {
		Diagnostics string `json:"diagnostics"`
	}
	// ExtensionList is the browsers that can start Tabferry, and who sends through it.
	ExtensionList struct {
		Browsers []manifest.Status `json:"browsers"`
		Callers  []localapi.Caller `json:"callers"`
	}
	// CodeText is what a pairing code reads as.
	CodeText struct {
		URL string `json:"url"`
	}
	// Failure is an error, on standard error. Code is for programs; message and hint are for people.
	Failure struct {
		Code    localapi.Code `json:"code"`
		Message string        `json:"message"`
		Hint    string        `json:"hint,omitempty"`
	}
)
