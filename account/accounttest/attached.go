package accounttest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/useragent"
)

// maxAttached is the longest list of attached clients.
const maxAttached = 500

// attachedRow is one line of the list of attached clients before it is written.
type attachedRow struct {
	client   *Client
	device   *device
	session  *session
	refresh  *refreshToken
	scopes   []string
	created  time.Time
	accessed time.Time
}

// attached merges devices, OAuth grants and sessions of an account.
func (s *Service) attached(a *account) []attachedRow {
	var rows []attachedRow
	for _, d := range a.devices {
		row := attachedRow{device: d, session: d.session, refresh: d.refresh, created: d.createdAt, accessed: d.lastAccess}
		if d.refresh != nil {
			row.client, row.scopes = s.clients[d.refresh.clientID], d.refresh.scopes
		}
		rows = append(rows, row)
	}
	granted := map[string]bool{}
	for _, t := range s.refresh {
		if t.account != a {
			continue
		}
		if granted[t.clientID] = true; t.device == nil {
			rows = append(rows, attachedRow{client: s.clients[t.clientID], refresh: t, scopes: t.scopes, created: t.createdAt, accessed: t.lastUsed})
		}
	}
	for _, t := range s.access {
		if t.account != a || t.refreshID != "" || granted[t.clientID] || !s.Clock.Now().Before(t.expireAt) {
			continue
		}
		granted[t.clientID] = true
		rows = append(rows, attachedRow{client: s.clients[t.clientID], scopes: t.scopes, created: t.createdAt, accessed: t.createdAt})
	}
	for _, session := range s.sessions {
		if session.account == a && session.device == nil && session.alive(s.Clock.Now()) {
			rows = append(rows, attachedRow{session: session, created: session.createdAt, accessed: session.lastAccess})
		}
	}
	slices.SortStableFunc(rows, func(x, y attachedRow) int {
		return cmp.Or(y.accessed.Compare(x.accessed), strings.Compare(x.key(), y.key()))
	})
	return rows[:min(len(rows), maxAttached)]
}

// key orders rows of the same age.
func (r attachedRow) key() string {
	switch {
	case r.device != nil:
		return "0" + r.device.id
	case r.refresh != nil:
		return "1" + r.refresh.id
	case r.session != nil:
		return "2" + r.session.id
	}
	return "3" + r.client.ID
}

func (r attachedRow) name() string {
	switch {
	case r.device != nil:
		return r.device.shownName()
	case r.client != nil:
		return r.client.Name
	case r.session != nil:
		return r.session.agent.DeviceName()
	}
	return ""
}

func (r attachedRow) agent() useragent.Agent {
	switch {
	case r.session != nil:
		return r.session.agent
	case r.refresh != nil:
		return r.refresh.agent
	}
	return useragent.Agent{}
}

func (s *Service) handleAttachedClients(c *call) (any, error) {
	since, err := c.idleSince()
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, r := range s.attached(c.account()) {
		if r.accessed.Before(since) {
			continue
		}
		agent := r.agent()
		row := map[string]any{
			"clientId": nil, "deviceId": nil, "sessionTokenId": nil, "refreshTokenId": nil, "deviceType": nil, "scope": nil,
			"isCurrentSession": r.session == c.session, "name": r.name(),
			"createdTime": r.created.UnixMilli(), "createdTimeFormatted": ago(c.now, r.created),
			"lastAccessTime": r.accessed.UnixMilli(), "lastAccessTimeFormatted": ago(c.now, r.accessed),
			"location": struct{}{}, "userAgent": agent.Name(), "os": orNull(agent.OS),
		}
		if r.client != nil {
			row["clientId"] = r.client.ID
		}
		if r.device != nil {
			row["deviceId"], row["deviceType"] = r.device.id, r.device.shownType()
		}
		if r.refresh != nil {
			row["refreshTokenId"] = r.refresh.id
		}
		if r.session != nil {
			row["sessionTokenId"] = r.session.id
		} else {
			row["scope"] = r.scopes
		}
		out = append(out, row)
	}
	return out, nil
}

func (s *Service) handleAttachedOAuthClients(c *call) (any, error) {
	newest := map[string]time.Time{}
	for _, r := range s.attached(c.account()) {
		if r.client != nil && !r.accessed.Before(newest[r.client.ID]) {
			newest[r.client.ID] = r.accessed
		}
	}
	out := []map[string]any{}
	for id, accessed := range newest {
		out = append(out, map[string]any{"clientId": id, "lastAccessTime": accessed.UnixMilli()})
	}
	slices.SortFunc(out, func(a, b map[string]any) int {
		return strings.Compare(a["clientId"].(string), b["clientId"].(string))
	})
	return out, nil
}

func (s *Service) handleDestroyClient(c *call) (any, error) {
	p := c.params()
	// Rows are sent back as they came: absent ids are null there.
	id := p.OptNull("clientId", member.ClientID)
	deviceID := p.OptNull("deviceId", member.Hex32)
	sessionID := p.OptNull("sessionTokenId", member.Hex64)
	refreshID := p.OptNull("refreshTokenId", member.Hex64)
	if id+deviceID+sessionID+refreshID == "" {
		p.Missing("clientId")
	}
	if refreshID != "" && id == "" {
		p.Missing("clientId")
	}
	if err := p.Done(); err != nil {
		return nil, err
	}
	a := c.account()
	switch {
	case deviceID != "":
		if err := s.destroyAttachedDevice(c, a.device(deviceID), sessionID, refreshID); err != nil {
			return nil, err
		}
	case refreshID != "":
		if t := s.refresh[refreshID]; t != nil && t.account == a && t.clientID == id {
			s.dropRefresh(t)
		}
	case id != "" && sessionID == "":
		s.dropGrants(a, id)
	default:
		t := s.sessions[sessionID]
		if t == nil || t.account != a {
			return nil, c.invalid("sessionTokenId")
		}
		s.dropSession(t)
	}
	return struct{}{}, nil
}

// destroyAttachedDevice ends a device, whose session and refresh token must be those of the row, if it
// names any.
func (s *Service) destroyAttachedDevice(c *call, d *device, sessionID, refreshID string) error {
	if d == nil {
		return errno.Auth(123)
	}
	if sessionID != "" && (d.session == nil || d.session.id != sessionID) {
		return c.invalid("sessionTokenId")
	}
	if refreshID != "" && (d.refresh == nil || d.refresh.id != refreshID) {
		return c.invalid("refreshTokenId")
	}
	s.destroyDevice(c, d)
	return nil
}

// dropGrants ends all that an account granted a client.
func (s *Service) dropGrants(a *account, clientID string) {
	for _, t := range s.refresh {
		if t.account == a && t.clientID == clientID {
			s.dropRefresh(t)
		}
	}
	for _, t := range s.access {
		if t.account == a && t.clientID == clientID {
			delete(s.access, t.id)
		}
	}
}

// dropSession ends a session with its device record; nobody is told.
func (s *Service) dropSession(t *session) {
	delete(s.sessions, t.id)
	if t.device != nil {
		s.removeDevice(t.device)
	}
}
