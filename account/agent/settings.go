package agent

import (
	"context"
	"fmt"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Bounds of settings and of silence.
const (
	maxSetting  = 2048
	maxOpenFrom = 1000
	maxQuiet    = 7 * 24 * 60 // minutes
)

// SetSettings replaces the settings. Another service begins a new engine, which is only possible
// while nobody is signed in.
func (a *Agent) SetSettings(ctx context.Context, s localapi.Settings) error {
	e, err := a.initialised(ctx)
	if err != nil {
		return err
	}
	if err := checkSettings(s); err != nil {
		return err
	}
	was, will := e.service, a.params.service(s)
	sameClient := was.Server == will.Server && was.ClientID == will.ClientID && was.RedirectURI == will.RedirectURI
	if !sameClient && e.acct.AuthState() != account.AuthStateDisconnected {
		return &localapi.Error{Code: localapi.CodeConflict, Message: "The server cannot be changed while somebody is signed in.", Hint: "sign out first"}
	}
	if !sameClient {
		if _, err := account.New(will.config()); err != nil {
			return &localapi.Error{Code: localapi.CodeUsage, Message: "This server, client id or redirect address cannot be used.", Hint: "the server's address begins with https://"}
		}
		e.giveUpSignIn(ctx, "")
	}
	e.worthKeeping(ctx)
	err = e.write(ctx, func(tx *store.Tx) error { return settingsTable.Put(tx, onlyKey, s) }, func(m *model) { m.settings = s })
	if err != nil {
		return explain(err)
	}
	if was != will {
		return a.steer(ctx, func(ctx context.Context, k *keeper) error {
			k.restart(ctx)
			return nil
		})
	}
	return nil
}

// checkSettings refuses what cannot be meant.
func checkSettings(s localapi.Settings) error {
	bad := func(what string) error {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "The setting for " + what + " cannot be used."}
	}
	if s.Open != localapi.OpenNever && s.Open != localapi.OpenFrom {
		return bad("received tabs")
	}
	if !slices.Contains([]string{"", "light", "dark"}, s.Appearance) {
		return bad("the appearance")
	}
	if len(s.OpenFrom) > maxOpenFrom {
		return bad("the devices whose tabs open by themselves")
	}
	for _, text := range append([]string{s.Browser, s.Language, s.Server, s.ClientID, s.RedirectURI, s.PushServer, s.PairingServer}, s.OpenFrom...) {
		if len(text) > maxSetting || strings.ContainsAny(text, "\x00\r\n") {
			return bad("one of the texts")
		}
	}
	if u, err := url.Parse(s.Server); s.Server != "" && (err != nil || !securePage(u)) {
		return bad("the server")
	}
	for what, address := range map[string]string{"the push server": s.PushServer, "the pairing server": s.PairingServer} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Host == "" || u.Scheme != "wss" && !(u.Scheme == "ws" && loopbackHost(u.Hostname()))) {
			return bad(what)
		}
	}
	return nil
}

// Quiet silences notifications for some minutes; zero ends the silence.
func (a *Agent) Quiet(ctx context.Context, minutes int) error {
	e, err := a.current(ctx)
	if err != nil {
		return err
	}
	if minutes < 0 || minutes > maxQuiet {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "Silence lasts from 0 minutes to a week."}
	}
	var end time.Time
	if minutes > 0 {
		end = e.now().Add(time.Duration(minutes) * time.Minute)
	}
	if err := e.writeNotes(ctx, func(n *notes) { n.QuietUntil = end }); err != nil {
		return explain(err)
	}
	e.silence.errand.poke()
	return nil
}

// silence tells the faces when it ends, so that a tray need not watch the clock.
type silence struct {
	e      *engine
	errand *errand
}

func newSilence(e *engine) *silence {
	s := &silence{e: e}
	s.errand = newErrand(s.work)
	return s
}

func (s *silence) work(ctx context.Context) time.Duration {
	var end time.Time
	s.e.read(func(m *model) { end = m.notes.QuietUntil })
	if end.IsZero() {
		return 0
	}
	if wait := end.Sub(s.e.now()); wait > 0 {
		return wait
	}
	err := s.e.writeNotes(ctx, func(n *notes) { n.QuietUntil = time.Time{} })
	if err != nil && ctx.Err() == nil {
		s.e.a.params.Logger.Warn("the end of a silence could not be saved", "error", err)
		return time.Minute
	}
	return 0
}

// Diagnostics gives a text about the agent's state with every secret removed.
func (a *Agent) Diagnostics(ctx context.Context) (string, error) {
	s, err := a.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-22s %v\n", name+":", value) }
	line("Tabferry", s.Version)
	line("Go", runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" || setting.Key == "-tags" {
				line("build "+setting.Key, setting.Value[:min(len(setting.Value), 12)])
			}
		}
	}
	line("time", a.params.Clock.Now().UTC().Format(time.RFC3339))
	line("demo", s.Demo)
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
	line("devices", fmt.Sprint(len(s.Devices.Items), ", fetched ", stamp(s.Devices.At), " ", s.Devices.Problem))
	line("other clients", fmt.Sprint(len(s.Clients.Items), ", fetched ", stamp(s.Clients.At), " ", s.Clients.Problem))
	line("inbox", fmt.Sprint(s.Inbox.Total, ", unread ", s.Inbox.Unread))
	line("outbox waiting", s.Outbox.Waiting)
	for _, e := range s.Outbox.Recent {
		if e.State == localapi.SendWaiting || e.State == localapi.SendFailed {
			line("  not sent", fmt.Sprint(e.State, ", since ", stamp(e.At), ", next try ", stamp(e.NextTry), ": ", e.Reason))
		}
	}
	a.pushDiagnostics(line)
	if a.params.LogTail != nil {
		b.WriteString("\nlast log lines:\n")
		for _, text := range a.params.LogTail() {
			b.WriteString(text + "\n")
		}
	}
	return redactLines(b.String()), nil
}

func (a *Agent) pushDiagnostics(line func(string, any)) {
	a.mu.Lock()
	e := a.engine
	a.mu.Unlock()
	if e == nil {
		return
	}
	h := e.push.Health()
	line("push", fmt.Sprint(h.State, " since ", stamp(h.Since)))
	line("push last message", stamp(h.LastMessage))
	line("push last pong", stamp(h.LastPong))
	line("push next attempt", stamp(h.NextAttempt))
	line("push trouble", fmt.Sprint(h.Failures, " failures, close code ", h.CloseCode, ", conflict ", h.Conflict, ", ", h.LastError))
	line("push subscriptions", fmt.Sprint(h.Subscriptions, ", missing ", h.Missing, ", endpoint dead or unpublished ", e.pushing.expired()))
	line("push totals", fmt.Sprintf("%d dials, %d connections, %d delivered, %d repeated, %d unreadable, %d unknown, %d broken",
		h.Dials, h.Connections, h.Delivered, h.Repeated, h.Unreadable, h.Unknown, h.Broken))
}

// redactLines redacts each line by itself, so that no pattern reaches over a line's end.
func redactLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = Redact(lines[i])
	}
	return strings.Join(lines, "\n")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// loopbackHost tells whether a host is this machine.
func loopbackHost(host string) bool {
	return loopbackRedirect("http://" + host + ":1/")
}

// trimQuery cuts the query off an address.
func trimQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// below gives the address of a page below another, with the same query.
func below(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.JoinPath(name).String()
}
