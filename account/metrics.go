package account

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
)

// MetricsFlow ties a sign-in to the view it was begun from. It belongs to no
// person; use it for one sign-in, within two hours, and never store it.
type MetricsFlow struct {
	FlowID    string
	BeginTime int64 // milliseconds, as the server gave it
	DeviceID  string
}

// parameters are what the sign-in address carries of the flow; nothing for none.
func (f MetricsFlow) parameters() []parameter {
	if f.FlowID == "" || f.BeginTime == 0 {
		return nil
	}
	return []parameter{
		{"flow_id", f.FlowID}, {"flow_begin_time", strconv.FormatInt(f.BeginTime, 10)}, {"device_id", f.DeviceID},
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

// The server drops the metrics of a flow without a word when one value does not fit
// its pattern.
var (
	entrypointPattern = regexp.MustCompile(`^[\w.:-]{1,128}$`)
	campaignPattern   = regexp.MustCompile(`^[\w/.%-]{0,128}$`)
)

// MetricsFlow tells the server that a sign-in is being offered and returns what ties
// the sign-in to it, see [WithMetricsFlow]. Call it once for each view. It takes
// three seconds at most; when it fails, sign in without. Do not call it for people
// who switched usage data off.
//
// GET /metrics-flow; not in fxa-client; docs/protocol/relying-party.md §4.
func (a *Account) MetricsFlow(ctx context.Context, p MetricsFlowParams) (MetricsFlow, error) {
	if !entrypointPattern.MatchString(p.Entrypoint) || p.Form != "email" && p.Form != "button" ||
		!campaignPattern.MatchString(p.Source) || !campaignPattern.MatchString(p.Campaign) {
		return MetricsFlow{}, fmt.Errorf("metrics parameters: %w", ErrInvalidArgument)
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
		flow = MetricsFlow{FlowID: f.FlowID, BeginTime: f.FlowBeginTime, DeviceID: f.DeviceID}
		return err
	})
	return flow, err
}
