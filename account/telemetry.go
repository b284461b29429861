package account

import (
	"context"
	"fmt"

	"github.com/tabferry/tabferry/account/internal/gate"
)

// Reason says how a received command became known.
type Reason string

// The reasons, in Mozilla's words.
const (
	// ReasonPush: a push message announced it.
	ReasonPush Reason = "push"
	// ReasonPushMissed: it was older than what a push message announced, so its
	// own announcement was lost.
	ReasonPushMissed Reason = "push-missed"
	// ReasonPoll: found without any announcement.
	ReasonPoll Reason = "poll"
)

// The commands in telemetry.
const (
	telemetrySendTab   = "send_tab"
	telemetryCloseTabs = "close_tabs"
)

// WithMetricsGate has allows say whether the person allows usage data in this
// application; uid is empty for a sign-in that is only offered. Usage data is made,
// kept and handed out only while allows says so and a profile fetched within the last
// 26 hours of this process says metricsEnabled: see [Account.MetricsOpen]. Without this
// option nothing is.
//
// allows must not block, and must not call the account. When a person takes the yes
// back, call [Account.ForgetTelemetry] after allows says no.
//
// docs/protocol/relying-party.md §7.
func WithMetricsGate(allows func(uid string) bool) Option {
	return func(o *options) { o.allows = allows }
}

// MetricsOpen reports whether usage data may be made now: the ids in what is sent to
// other devices, the records of [Account.GatherTelemetry], and whatever the application
// itself counts about the person.
//
// No request; not in fxa-client; docs/protocol/relying-party.md §7.
func (a *Account) MetricsOpen() bool { return a.gate.Open(a.state().countedUID()) }

// MetricsOptedOut takes the word of a metrics-opt-out event: nothing is collected
// until a profile is fetched that says otherwise, and what was collected is gone.
//
// No request; not in fxa-client; docs/protocol/relying-party.md §2.1.
func (a *Account) MetricsOptedOut(ctx context.Context) error {
	a.gate.Shut()
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.state.MetricsRefused = true
		if t.state.Profile != nil {
			no, kept := false, *t.state.Profile
			kept.Profile.MetricsEnabled, kept.Stale = &no, true
			kept.ETag = "" // the next answer has to have its own word
			t.state.Profile = &kept
		}
		return nil
	})
}

// GatherTelemetry returns the commands sent and received since the last call, as
// JSON in the shape Mozilla's component uses, and forgets them. Nothing is ever
// reported by this package itself. While [Account.MetricsOpen] says no, and for what
// happened then, the lists are empty. They are lost on restart.
//
// No request; fxa-client gather_telemetry; docs/protocol/accounts-client.md §12.
func (a *Account) GatherTelemetry() ([]byte, error) { return a.gate.Gather(a.state().countedUID()) }

// ForgetTelemetry deletes what [Account.GatherTelemetry] would return.
//
// No request; not in fxa-client; docs/protocol/relying-party.md §7.
func (a *Account) ForgetTelemetry() { a.gate.Erase() }

// tag makes the ids of a command to send; see [gate.Gate.Tag].
func (a *Account) tag(uid, begun string) (flow, stream string, err error) {
	if flow, stream, err = a.gate.Tag(uid, begun); err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return flow, stream, nil
}

// countReceived records a command for telemetry.
func (a *Account) countReceived(c IncomingCommand) {
	uid := a.state().countedUID()
	switch c := c.(type) {
	case *TabReceived:
		a.gate.Received(uid, gate.Record{Command: telemetrySendTab, FlowID: c.Payload.FlowID, StreamID: c.Payload.StreamID, Reason: string(c.Reason)})
	case *TabsClosed:
		a.gate.Received(uid, gate.Record{Command: telemetryCloseTabs, FlowID: c.Payload.FlowID, StreamID: c.Payload.StreamID, Reason: string(c.Reason)})
	}
}
