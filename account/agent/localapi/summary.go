package localapi

import (
	"context"
	"time"
)

// Summary is what a few lines can say of a [Snapshot]: no entry of a list is in it. The answer on the socket is
// the same; but encoding/json prepares itself for every type that it may meet, which for a whole snapshot takes
// a command longer than all else that it does.
type Summary struct {
	Demo       bool       `json:"demo"`
	Account    Account    `json:"account"`
	Connection Connection `json:"connection"`
	Storage    Storage    `json:"storage"`
	Devices    struct {
		ListState
		Items []struct{} `json:"items"` // as many as there are
	} `json:"devices"`
	Inbox struct {
		Unread int `json:"unread"`
	} `json:"inbox"`
	Outbox struct {
		Waiting int `json:"waiting"`
	} `json:"outbox"`
	Settings struct {
		Language string `json:"language"`
	} `json:"settings"`
	QuietUntil time.Time `json:"quietUntil,omitzero"`
}

// summary is what a dialled client reads of s.
func (s Snapshot) summary() (b Summary) {
	b.Demo, b.Account, b.Connection, b.Storage, b.QuietUntil = s.Demo, s.Account, s.Connection, s.Storage, s.QuietUntil
	b.Devices.ListState, b.Devices.Items = s.Devices.ListState, make([]struct{}, len(s.Devices.Items))
	b.Inbox.Unread, b.Outbox.Waiting, b.Settings.Language = s.Inbox.Unread, s.Outbox.Waiting, s.Settings.Language
	return b
}

// callSummary is callSnapshot for who wants less of its answer.
var callSummary = get(callSnapshot.route, func(a Agent, ctx context.Context) (Summary, error) {
	s, err := a.Snapshot(ctx)
	return s.summary(), err
})

// Summary returns what a few lines can say of the present state.
func (c *Client) Summary(ctx context.Context) (Summary, error) {
	return ask(ctx, c, callSummary, nothing{})
}
