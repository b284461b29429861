package wire

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	devicePath        = "v1/account/device"
	devicesPath       = "v1/account/devices"
	destroyDevicePath = "v1/account/device/destroy"
	commandsPath      = "v1/account/device/commands"
	invokePath        = "v1/account/devices/invoke_command"
)

// Device is a device record as the server gives it. Members that are absent or of
// an unexpected type read as their zero value, except that ID is always there.
type Device struct {
	ID                  string    `json:"id"`
	Name                string    `json:"name"`
	Type                looseText `json:"type"`
	PushCallback        looseText `json:"pushCallback"`
	PushPublicKey       looseText `json:"pushPublicKey"`
	PushAuthKey         looseText `json:"pushAuthKey"`
	PushEndpointExpired looseBool `json:"pushEndpointExpired"`
	AvailableCommands   textMap   `json:"availableCommands"`
	IsCurrentDevice     looseBool `json:"isCurrentDevice"`
	LastAccessTime      looseInt  `json:"lastAccessTime"` // milliseconds, 0 when unknown
	Location            *Location `json:"location"`
}

// Location is where the server believes a device to be. Any member may be empty.
type Location struct {
	City    looseText `json:"city"`
	Country looseText `json:"country"`
	State   looseText `json:"state"`
}

// UnmarshalJSON reads anything but an object as an empty location.
func (l *Location) UnmarshalJSON(text []byte) error {
	type plain Location
	var p plain
	if json.Unmarshal(text, &p) == nil {
		*l = Location(p)
	}
	return nil
}

type (
	looseText string
	looseBool bool
	looseInt  int64
	textMap   map[string]string
)

// UnmarshalJSON reads anything but a string as an empty one.
func (t *looseText) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) == nil {
		*t = looseText(s)
	}
	return nil
}

// UnmarshalJSON reads anything but true as false.
func (b *looseBool) UnmarshalJSON(text []byte) error {
	*b = string(text) == "true"
	return nil
}

// latest is the last millisecond of the year 9999: later times cannot be written in
// RFC 3339, and no server means them.
const latest = 253402300799999

// UnmarshalJSON reads anything but a time in milliseconds as 0.
func (i *looseInt) UnmarshalJSON(text []byte) error {
	var f float64
	if json.Unmarshal(text, &f) == nil && f > 0 && f <= latest {
		*i = looseInt(f)
	}
	return nil
}

// UnmarshalJSON keeps the members that are strings.
func (m *textMap) UnmarshalJSON(text []byte) error {
	var raw map[string]json.RawMessage
	if json.Unmarshal(text, &raw) != nil || raw == nil {
		return nil
	}
	*m = make(textMap, len(raw))
	for name, value := range raw {
		var s string
		if json.Unmarshal(value, &s) == nil {
			(*m)[name] = s
		}
	}
	return nil
}

// Devices lists the devices that were active after notIdleSince (everything, when
// that is zero). Elements that cannot be read, or have no id, are left out.
func (c *Client) Devices(ctx context.Context, cred Credential, notIdleSince time.Time) ([]Device, error) {
	var query url.Values
	if !notIdleSince.IsZero() {
		query = url.Values{"filterIdleDevicesTimestamp": {strconv.FormatInt(notIdleSince.UnixMilli(), 10)}}
	}
	var raw []json.RawMessage
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: devicesPath, query: query, cred: cred,
	}, &raw)
	if err == nil && raw == nil {
		err = a.missing("list")
	}
	if err != nil {
		return nil, c.out(err)
	}
	all := elements[Device](raw)
	list := all[:0]
	for _, d := range all {
		if d.ID != "" {
			list = append(list, d)
		}
	}
	return list, c.out(nil)
}

// DeviceUpdate is a partial device record: nil and empty members are not sent.
type DeviceUpdate struct {
	Name *string `json:"name,omitempty"`
	Type string  `json:"type,omitempty"`
	// The three push members go together.
	PushCallback  string `json:"pushCallback,omitempty"`
	PushPublicKey string `json:"pushPublicKey,omitempty"`
	PushAuthKey   string `json:"pushAuthKey,omitempty"`
	// AvailableCommands replaces the whole map on the server; nil leaves it, an
	// empty map clears it.
	AvailableCommands *map[string]string `json:"availableCommands,omitempty"`
	// ClearName sends a null name in place of Name.
	ClearName bool `json:"-"`
	// ID names a record of the account that the credential should take over; empty
	// means the credential's own.
	ID string `json:"id,omitempty"`
}

// MarshalJSON writes the null name that ClearName asks for.
func (u DeviceUpdate) MarshalJSON() ([]byte, error) {
	type plain DeviceUpdate
	if !u.ClearName {
		return json.Marshal(plain(u))
	}
	return json.Marshal(struct {
		plain
		Name *string `json:"name"`
	}{plain: plain(u)})
}

// UpdateDevice changes, or creates, the credential's own device record.
func (c *Client) UpdateDevice(ctx context.Context, cred Credential, u DeviceUpdate) (Device, error) {
	var d Device
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: devicePath, cred: cred, body: u,
	}, &d)
	if err == nil && d.ID == "" {
		err = a.missing("id")
	}
	return d, c.out(err)
}

// DestroyDevice removes a device record, its tokens and its waiting commands.
func (c *Client) DestroyDevice(ctx context.Context, cred Credential, id string) error {
	_, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: destroyDevicePath, cred: cred,
		body: map[string]string{"id": id},
	}, nil)
	return c.out(err)
}

// Commands is a page of commands waiting for this device.
type Commands struct {
	// Index is that of the last message, 0 when there is none.
	Index int64
	// Last says that nothing waits beyond this page.
	Last     bool
	Messages []Command
}

// Command is one message. Payload is the JSON value as sent.
type Command struct {
	Index   int64
	Command string
	Payload json.RawMessage
	Sender  string
}

// message is a command as the server gives it.
type message struct {
	Index int64 `json:"index"`
	Data  struct {
		Command looseText       `json:"command"`
		Payload json.RawMessage `json:"payload"`
		Sender  looseText       `json:"sender"`
	} `json:"data"`
}

// commandPage is an answer with messages of some form.
type commandPage[M any] struct {
	Index    *int64 `json:"index"`
	Last     bool   `json:"last"`
	Messages *[]M   `json:"messages"`
}

// Commands fetches the commands with an index of at least index, lowest first. limit 0 leaves
// the choice to the server, which gives at most 100. A message of another shape is one without a
// command: it keeps no other from being received. One without an index is left out.
func (c *Client) Commands(ctx context.Context, cred Credential, index int64, limit int) (Commands, error) {
	query := url.Values{"index": {strconv.FormatInt(index, 10)}}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var page commandPage[message]
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodGet, path: commandsPath, query: query, cred: cred,
	}, &page)
	if err != nil && a != nil {
		page, err = eachByItself(a)
	}
	switch {
	case err != nil:
		return Commands{}, c.out(err)
	case page.Index == nil:
		return Commands{}, c.out(a.missing("index"))
	case page.Messages == nil:
		return Commands{}, c.out(a.missing("messages"))
	}
	out := Commands{Index: *page.Index, Last: page.Last}
	for _, m := range *page.Messages {
		out.Messages = append(out.Messages, Command{
			Index: m.Index, Command: string(m.Data.Command),
			Payload: m.Data.Payload, Sender: string(m.Data.Sender),
		})
	}
	slices.SortStableFunc(out.Messages, func(a, b Command) int { return cmp.Compare(a.Index, b.Index) })
	return out, c.out(nil)
}

// eachByItself reads a page of which a message has another shape than it should.
func eachByItself(a *answer) (page commandPage[message], err error) {
	var raw commandPage[json.RawMessage]
	if err := a.decode(&raw); err != nil || raw.Messages == nil {
		return page, err
	}
	messages := []message{}
	for _, text := range *raw.Messages {
		var m message
		if json.Unmarshal(text, &m) != nil {
			var index struct{ Index int64 }
			if json.Unmarshal(text, &index) != nil {
				continue
			}
			m = message{Index: index.Index}
		}
		messages = append(messages, m)
	}
	return commandPage[message]{raw.Index, raw.Last, &messages}, nil
}

// Invocation sends a command to a device.
type Invocation struct {
	Target  string          `json:"target"`
	Command string          `json:"command"`
	Payload json.RawMessage `json:"payload"`
	// TTL is how long the command may wait, in seconds; 0 leaves it to the server.
	TTL int64 `json:"ttl,omitempty"`
}

// Size is how many octets the request body will have; [MaxBody] is the limit.
func (i Invocation) Size() (int, error) {
	body, err := encode(i)
	return len(body), err
}

// Invoked is what the server made of a command. Older servers say nothing:
// Known is false then.
type Invoked struct {
	Known    bool
	Enqueued bool
	// Notified says that the target's push service took the alert.
	Notified bool
	// NotifyError is one of noCallback, noKeys, expiredCallback, resetCallback,
	// unknown.
	NotifyError string
}

// Invoke sends a command. An answer says that it is accepted with "enqueued": true, or, from older
// servers, with an empty object. Any other answer with a status of success is an [AnswerError]: whether
// the command was accepted is not known then.
func (c *Client) Invoke(ctx context.Context, cred Credential, i Invocation) (Invoked, error) {
	var told struct {
		Enqueued    *bool     `json:"enqueued"`
		Notified    looseBool `json:"notified"`
		NotifyError looseText `json:"notifyError"`
	}
	var members map[string]json.RawMessage
	a, err := c.call(ctx, request{
		base: BaseAuth, space: SpaceAuth, method: http.MethodPost, path: invokePath, cred: cred, body: i,
	}, &members)
	if err != nil {
		return Invoked{}, c.out(err)
	}
	if err := a.decode(&told); err != nil {
		return Invoked{}, c.out(err)
	}
	if told.Enqueued == nil {
		if members == nil || len(members) > 0 {
			return Invoked{}, c.out(a.missing("enqueued"))
		}
		return Invoked{}, c.out(nil)
	}
	return Invoked{
		Known: true, Enqueued: *told.Enqueued, Notified: bool(told.Notified), NotifyError: string(told.NotifyError),
	}, c.out(nil)
}
