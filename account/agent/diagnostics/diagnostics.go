// Package diagnostics tells how the agent is, with every secret removed: [Log] keeps them out of the
// log, [Redact] out of any text, and [Text] is what a person may send to somebody who helps.
package diagnostics

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/push"
)

// revisionShown is how much of a long build setting is shown, in characters.
const revisionShown = 12

// State is what the text tells.
type State struct {
	Now      time.Time
	Snapshot localapi.Snapshot
	// Push is the push connection, nil while no store is open. PushExpired says that our endpoint is
	// dead or not yet published.
	Push        *push.Health
	PushExpired bool
	// LogTail is the last log lines; a [Log] has taken the secrets out of them.
	LogTail []string
	// LastCrash is the trace of the last crash of an agent, empty when there was none.
	LastCrash string
}

// Text tells how the agent is, a line for each thing.
func Text(s State) string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-22s %v\n", name+":", value) }
	build(line, s)
	account(line, s.Snapshot)
	tabs(line, s.Snapshot)
	if s.Push != nil {
		connection(line, *s.Push, s.PushExpired)
	}
	text := redactLines(b.String())
	if s.LastCrash != "" {
		reason, trace, _ := strings.Cut(strings.TrimSpace(s.LastCrash), "\ngoroutine ")
		text += "\nlast crash:\n" + redactLines(reason) + "\n"
		if trace != "" {
			text += "goroutine " + Trace(trace) + "\n"
		}
	}
	if len(s.LogTail) > 0 {
		text += "\nlast log lines:\n" + strings.Join(s.LogTail, "\n") + "\n"
	}
	return text
}

// redactLines redacts each line by itself, so that no pattern reaches over a line's end.
func redactLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Redact(lines[i])
	}
	return strings.Join(lines, "\n")
}

func build(line func(string, any), s State) {
	line("Tabferry", s.Snapshot.Version)
	line("Go", runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" || setting.Key == "-tags" {
				line("build "+setting.Key, setting.Value[:min(len(setting.Value), revisionShown)])
			}
		}
	}
	line("time", s.Now.UTC().Format(time.RFC3339))
	line("demo", s.Snapshot.Demo)
}

func account(line func(string, any), s localapi.Snapshot) {
	line("server", s.Account.Server)
	line("sign-in", s.Account.State)
	line("session held", s.Account.HasSession)
	line("devices available", !s.Account.DevicesUnavailable)
	line("cause", s.Account.Cause)
	line("online", fmt.Sprint(s.Connection.Online, " since ", stamp(s.Connection.Since)))
	line("last contact", stamp(s.Connection.LastContact))
	line("server wants silence", stamp(s.Connection.BackoffUntil))
	line("problem", s.Connection.Problem)
	line("storage", fmt.Sprint(s.Storage.Protection, ", locked ", s.Storage.Locked, ", waiting ", s.Storage.WaitingForKeyring))
	line("storage problem", s.Storage.Problem)
	line("storage in a file", fmt.Sprint(s.Storage.Kept, ", damaged values ", s.Storage.Damaged))
}

func tabs(line func(string, any), s localapi.Snapshot) {
	line("devices", fmt.Sprint(len(s.Devices.Items), ", fetched ", stamp(s.Devices.At), " ", s.Devices.Problem))
	line("other clients", fmt.Sprint(len(s.Clients.Items), ", fetched ", stamp(s.Clients.At), " ", s.Clients.Problem))
	line("inbox", fmt.Sprint(s.Inbox.Total, ", unread ", s.Inbox.Unread))
	line("outbox waiting", s.Outbox.Waiting)
	for _, e := range s.Outbox.Recent {
		if e.State == localapi.SendWaiting || e.State == localapi.SendFailed {
			line("  not sent", fmt.Sprint(e.State, ", since ", stamp(e.At), ", next try ", stamp(e.NextTry), ": ", e.Reason))
		}
	}
}

func connection(line func(string, any), h push.Health, expired bool) {
	line("push", fmt.Sprint(h.State, " since ", stamp(h.Since)))
	line("push last message", stamp(h.LastMessage))
	line("push last pong", stamp(h.LastPong))
	line("push next attempt", stamp(h.NextAttempt))
	line("push trouble", fmt.Sprint(h.Failures, " failures, close code ", h.CloseCode, ", conflict ", h.Conflict, ", ", h.LastError))
	line("push subscriptions", fmt.Sprint(h.Subscriptions, ", missing ", h.Missing, ", endpoint dead or unpublished ", expired))
	line("push totals", fmt.Sprintf("%d dials, %d connections, %d delivered, %d repeated, %d unreadable, %d unknown, %d broken",
		h.Dials, h.Connections, h.Delivered, h.Repeated, h.Unreadable, h.Unknown, h.Broken))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
