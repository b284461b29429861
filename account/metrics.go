package account

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MetricsFlowLife is how long the values of a flow count.
const MetricsFlowLife = 2 * time.Hour

// ErrMetricsOff says that usage data is switched off, here or by the last account that was
// signed in. Class ErrOther.
var ErrMetricsOff = newSentinel(ErrOther, "usage data is switched off")

// MetricsFlow ties a sign-in to the view it was begun from. It belongs to no
// person; use it for one sign-in, within [MetricsFlowLife], and never store it.
type MetricsFlow struct {
	FlowID    string
	BeginTime int64 // milliseconds, as the server gave it
	DeviceID  string
	// Entrypoint, Source and Campaign are those that the flow was begun with.
	Entrypoint, Source, Campaign string
}

// parameters are what the sign-in address carries of the flow; nothing for none.
func (f MetricsFlow) parameters() []parameter {
	if f.FlowID == "" || f.BeginTime == 0 {
		return nil
	}
	return []parameter{
		{"flow_id", f.FlowID},
		{"flow_begin_time", strconv.FormatInt(f.BeginTime, 10)},
		{"device_id", f.DeviceID},
		{"utm_source", f.Source},
		{"utm_campaign", f.Campaign},
	}
}

// MetricsFlowParams says from which view of the application a sign-in is offered.
type MetricsFlowParams struct {
	// Origin is the web origin that Mozilla registered for the application; the
	// server answers no other.
	Origin string
	// Entrypoint is agreed with Mozilla; at most 128 of A-Za-z0-9_.:-
	Entrypoint string
	// Form is "email" for a view with a field for the e-mail, else "button".
	Form string
	// Source and Campaign are the utm parameters; at most 128 of A-Za-z0-9_/.%-
	Source, Campaign string
}

// maxMetricsValue bounds a value of the metrics, in bytes.
const maxMetricsValue = 128

// Check reports whether the server would take the parameters, ErrInvalidArgument if not. It drops the metrics of a flow
// without a word when one value does not fit.
func (p MetricsFlowParams) Check() error {
	if p.Entrypoint == "" || !metricsValue(p.Entrypoint, ".:-") || p.Form != "email" && p.Form != "button" ||
		!metricsValue(p.Source, "/.%-") || !metricsValue(p.Campaign, "/.%-") {
		return fmt.Errorf("metrics parameters: %w", ErrInvalidArgument)
	}
	return nil
}

// metricsValue reports whether a value is short enough, and of letters, digits, "_" and some signs alone. A pattern with
// that bound would be 40 kB of memory.
func metricsValue(value, signs string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
	return len(value) <= maxMetricsValue && strings.Trim(value, letters+signs) == ""
}

// MetricsFlow tells the server that a sign-in is being offered and returns what ties
// the sign-in to it, see [WithMetricsFlow]. Call it once for each view. It takes
// three seconds at most; when it fails, sign in without.
//
// ErrMetricsOff, and no request, unless [WithMetricsGate] allows it and the last profile
// of this state did not refuse usage data.
//
// GET /metrics-flow; not in fxa-client; docs/protocol/relying-party.md §4.
func (a *Account) MetricsFlow(ctx context.Context, p MetricsFlowParams) (MetricsFlow, error) {
	if err := p.Check(); err != nil {
		return MetricsFlow{}, err
	}
	if a.state().MetricsRefused || !a.gate.Allowed("") {
		return MetricsFlow{}, ErrMetricsOff
	}
	query := url.Values{"entrypoint": {p.Entrypoint}, "form_type": {p.Form}}
	if p.Source != "" {
		query.Set("utm_source", p.Source)
	}
	if p.Campaign != "" {
		query.Set("utm_campaign", p.Campaign)
	}
	var flow MetricsFlow
	err := a.view(ctx, func(ctx context.Context, _ *persisted) error {
		f, err := a.wire.MetricsFlow(ctx, p.Origin, query)
		flow = MetricsFlow{
			FlowID: f.FlowID, BeginTime: f.FlowBeginTime, DeviceID: f.DeviceID,
			Entrypoint: p.Entrypoint, Source: p.Source, Campaign: p.Campaign,
		}
		return err
	})
	return flow, err
}
