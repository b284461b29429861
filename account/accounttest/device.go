package accounttest

import (
	"slices"
	"time"

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
