// Package cli is the command line face of Tabferry.
//
// Every command talks to the agent over its local API and nothing else, so it can be run from
// scripts, cron or an editor while the window and the tray are open. [Run] takes the arguments
// and returns the exit code:
//
//	os.Exit(cli.Run(ctx, cli.Params{…}, os.Args[1:]))
//
// What belongs to other parts of the program (running the agent, opening the window, the demo
// world) comes in as functions through [Params]; the package starts nothing by itself.
//
// Output is text for people in their language, or with --json the local API's own types, whose
// fields are stable. An error is one line on standard error, followed by one line with a hint,
// or with --json one JSON object with code, message and hint. The exit codes are the Exit… constants.
package cli

// The exit codes.
const (
	ExitOK           = 0
	ExitFailed       = 1 // it did not work; the error line says why
	ExitUsage        = 2 // the command was called wrongly
	ExitNotSignedIn  = 3 // sign in, or unlock, first
	ExitNoDevice     = 4 // no such device, or several that fit
	ExitNotReachable = 5 // no agent answers
	ExitWaiting      = 6 // queued, but not yet accepted by the server
)
