package localapi

import (
	"context"
	"errors"
	"time"
)

// Summary is what a few lines can say of a [Snapshot]: how things are, and how many entries lists have.
type Summary struct {
	Demo       bool       `json:"demo"`
	Account    Account    `json:"account"`
	Connection Connection `json:"connection"`
	Storage    Storage    `json:"storage"`
	// Devices is how fresh the list of devices is.
	Devices     ListState `json:"devices"`
	DeviceCount int       `json:"deviceCount"`
	Unread      int       `json:"unread"`  // received entries
	Waiting     int       `json:"waiting"` // sends
	// Language is that of the settings, empty for the system's.
	Language string `json:"language,omitempty"`
	// QuietUntil is when notifications are shown again; zero when they are now.
	QuietUntil time.Time `json:"quietUntil,omitzero"`
}

func (s Snapshot) summary() Summary {
	return Summary{
		Demo: s.Demo, Account: s.Account, Connection: s.Connection, Storage: s.Storage,
		Devices: s.Devices.ListState, DeviceCount: len(s.Devices.Items),
		Unread: s.Inbox.Unread, Waiting: s.Outbox.Waiting, Language: s.Settings.Language, QuietUntil: s.QuietUntil,
	}
}

// Summary returns what a few lines can say of the present state. It is for a command that says them: a whole snapshot
// takes it longer to read than all else that it does.
func (c *Client) Summary(ctx context.Context) (Summary, error) {
	s, err := ask(ctx, c, callSummary, nothing{})
	var e *Error
	if errors.As(err, &e) && e.Code == CodeUnsupported { // by an agent that was started before the call was made
		whole, err := c.Snapshot(ctx)
		return whole.summary(), err
	}
	return s, err
}
