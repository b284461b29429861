package accounttest

import (
	"slices"
	"time"
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
	placeholder    bool
	agent          userAgent
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

// removeDevice takes a record off the list, with its queue.
func (s *Service) removeDevice(d *device) {
	d.account.devices = slices.DeleteFunc(d.account.devices, func(o *device) bool { return o == d })
	if d.session != nil {
		d.session.device = nil
	}
	if d.refresh != nil {
		d.refresh.device = nil
	}
}
