package accounttest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// device is a record of the account's device list.
type device struct {
	id, name, kind string
	account        *account
	session        *session
	refresh        *refreshToken
	callback, key  string
	auth           string
	expired        bool // pushEndpointExpired
	commands       map[string]string
	createdAt      time.Time
	lastAccess     time.Time
	announced      bool // device_connected went out
	queue          []queued
	highest        int64 // the highest index ever queued
}

// queued is a command waiting for its device.
type queued struct {
	index   int64
	command string
	payload []byte
	sender  string
	expires time.Time
}

// agent is the newest User-Agent of the device's credential.
func (d *device) agent() useragent.Agent {
	switch {
	case d.session != nil && d.session.agent.Text != "":
		return d.session.agent
	case d.refresh != nil:
		return d.refresh.agent
	}
	return useragent.Agent{}
}

func (d *device) ios() bool { return d.agent().IOS }

// shownType is the type lists show.
func (d *device) shownType() string {
	if d.kind != "" {
		return d.kind
	}
	if agent := d.agent(); agent.Browser != "" || agent.Mobile || agent.Tablet {
		return agent.DeviceType()
	}
	if d.refresh != nil {
		return "mobile"
	}
	return "desktop"
}

func (d *device) shownName() string {
	if d.name != "" {
		return d.name
	}
	return d.agent().DeviceName()
}

func (a *account) device(id string) *device {
	for _, d := range a.devices {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (a *account) devicesExcept(except *device) []*device {
	return slices.DeleteFunc(slices.Clone(a.devices), func(d *device) bool { return d == except })
}

// newDevice adds a record that belongs to the credentials.
func (s *Service) newDevice(a *account, session *session, refresh *refreshToken, now time.Time) *device {
	d := &device{id: s.hex(16), account: a, createdAt: now, lastAccess: now, commands: map[string]string{}}
	a.devices = append(a.devices, d)
	d.join(session, refresh)
	return d
}

// join gives the device its credentials; each credential has one device only.
func (d *device) join(session *session, refresh *refreshToken) {
	if session != nil {
		if d.session != nil && d.session != session {
			d.session.device = nil
		}
		d.session, session.device = session, d
	}
	if refresh != nil {
		if d.refresh != nil && d.refresh != refresh {
			d.refresh.device = nil
		}
		d.refresh, refresh.device = refresh, d
	}
}

// announce tells the other devices, once.
func (s *Service) announce(c *call, d *device) {
	if d.announced {
		return
	}
	d.announced = true
	data := map[string]any{"deviceName": d.shownName()}
	c.pushes = append(c.pushes, s.pushTo(d.account.devicesExcept(d), "fxaccounts:device_connected", data, ttlNow)...)
}

// placeholderDevice makes the record that exists from the moment a refresh
// token with the Sync scope is granted, or joins the session's own.
func (s *Service) placeholderDevice(c *call, client *Client, token *refreshToken, session *session) {
	if session != nil && session.device != nil {
		session.device.join(nil, token)
		return
	}
	d := s.newDevice(token.account, session, token, c.now)
	d.name = client.Name
	s.announce(c, d)
}

// removeDevice takes a record off the list, with its queue. Its credentials
// stay.
func (s *Service) removeDevice(d *device) {
	d.account.devices = slices.DeleteFunc(d.account.devices, func(o *device) bool { return o == d })
	if d.session != nil {
		d.session.device = nil
	}
	if d.refresh != nil {
		d.refresh.device = nil
	}
	d.queue = nil
}

// destroyDevice removes a record with its session and refresh token, and tells
// all devices, the removed one too.
func (s *Service) destroyDevice(c *call, d *device) {
	data := map[string]any{"id": d.id}
	c.pushes = append(c.pushes, s.pushTo(d.account.devices, "fxaccounts:device_disconnected", data, ttlGone)...)
	session, refresh := d.session, d.refresh
	s.removeDevice(d)
	if session != nil {
		delete(s.sessions, session.id)
	}
	if refresh != nil {
		delete(s.refresh, refresh.id)
	}
}

// Limits of the command queue.
const (
	commandOpenURI    = "https://identity.mozilla.com/cmd/open-uri"
	openURITTL        = 2592000 // seconds; what open-uri gets when nothing is said
	maxCommandTTL     = 10000000
	maxQueueTime      = 28 * 24 * time.Hour
	maxCommandPage    = 100
	maxCommandNameLen = 255
)

func (s *Service) handleInvoke(c *call) (any, error) {
	p := c.params()
	target := p.Need("target", member.Hex32)
	command := p.Need("command", member.Rule{Max: maxCommandNameLen})
	var payload json.RawMessage
	if p.Decode("payload", &payload); payload == nil {
		p.Missing("payload")
	}
	if !strings.HasPrefix(string(payload), "{") {
		p.Invalid("payload")
	}
	ttl, given := p.Integer("ttl", 0, maxCommandTTL)
	if err := p.Done(); err != nil {
		return nil, err
	}
	d := c.account().device(target)
	if d == nil {
		return nil, errno.Auth(123)
	}
	if _, ok := d.commands[command]; !ok {
		return nil, errno.Auth(157)
	}
	if !given && command == commandOpenURI {
		ttl, given = openURITTL, true
	}
	stay, pushTTL := maxQueueTime, int64(ttlUndefined)
	if given {
		stay, pushTTL = min(stay, time.Duration(ttl)*time.Second), ttl
	}
	s.lastIndex++
	entry := queued{index: s.lastIndex, command: command, payload: payload, expires: c.now.Add(stay)}
	data := map[string]any{
		"command": command, "index": entry.index,
		"url": s.authBase() + "/v1/account/device/commands?index=" + strconv.FormatInt(entry.index, 10) + "&limit=1",
	}
	if c.caller != nil {
		entry.sender = c.caller.id
		data["sender"] = c.caller.id
	}
	d.queue = append(slices.DeleteFunc(d.queue, func(q queued) bool { return !c.now.Before(q.expires) }), entry)
	d.highest = entry.index
	c.pushes = s.pushTo([]*device{d}, "fxaccounts:command_received", data, pushTTL)
	c.finish = func(results []pushResult) any {
		reply := map[string]any{"enqueued": true, "notified": results[0].notified}
		if reason := results[0].reason; reason != "" {
			reply["notifyError"] = reason
		}
		return reply
	}
	return nil, nil // finish makes the reply
}

// queryInt reads a whole number of the query.
func (c *call) queryInt(name string, low, high, without int64) (int64, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, c.invalid(name)
	}
	return n, nil
}

func (s *Service) handleCommands(c *call) (any, error) {
	index, err := c.queryInt("index", 0, 1<<53, 0)
	if err != nil {
		return nil, err
	}
	limit, err := c.queryInt("limit", 0, maxCommandPage, maxCommandPage)
	if err != nil {
		return nil, err
	}
	if c.caller == nil {
		return nil, errno.Auth(123)
	}
	messages := []map[string]any{}
	last := int64(0)
	for _, entry := range c.caller.queue {
		if entry.index < index || !c.now.Before(entry.expires) || int64(len(messages)) >= limit {
			continue
		}
		data := map[string]any{"command": entry.command, "payload": json.RawMessage(entry.payload)}
		if entry.sender != "" {
			data["sender"] = entry.sender
		}
		messages = append(messages, map[string]any{"index": entry.index, "data": data})
		last = entry.index
	}
	return map[string]any{
		"index": last, "messages": messages, "last": len(messages) == 0 || last >= c.caller.highest,
	}, nil
}
