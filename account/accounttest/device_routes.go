package accounttest

import (
	"crypto/ecdh"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

func deviceRoutes() []route {
	return []route{
		{method: "POST", path: "/v1/account/device", auth: deviceAuth, handle: (*Service).handleDevice},
		{method: "GET", path: "/v1/account/devices", auth: deviceAuth, handle: (*Service).handleDevices},
		{method: "POST", path: "/v1/account/device/destroy", auth: deviceAuth, handle: (*Service).handleDestroyDevice},
		{method: "POST", path: "/v1/account/devices/invoke_command", auth: deviceAuth, handle: (*Service).handleInvoke},
		{method: "GET", path: "/v1/account/device/commands", auth: deviceAuth, handle: (*Service).handleCommands},
		{method: "POST", path: "/v1/account/devices/notify", auth: deviceAuth, handle: (*Service).handleNotify},
		{method: "GET", path: "/v1/account/attached_clients", auth: needSession, handle: (*Service).handleAttachedClients},
		{method: "POST", path: "/v1/account/attached_client/destroy", auth: verifiedSession, handle: (*Service).handleDestroyClient},
		{method: "GET", path: "/v1/account/attached_oauth_clients", auth: needSession, handle: (*Service).handleAttachedOAuthClients},
	}
}

// The shapes of a device record.
var (
	deviceNameRule = member.Rule{Max: 255, Re: regexp.MustCompile(
		`^[^\x{0}-\x{1f}\x{7f}-\x{9f}\x{2028}\x{2029}\x{e000}-\x{f8ff}\x{fff9}-\x{fffc}\x{fffe}\x{ffff}]+$`)}
	deviceTypeRule  = member.Rule{Max: 16}
	pushURLRule     = member.Rule{Max: 255, Empty: true, Re: regexp.MustCompile(`^https?://[^\s]+$`)}
	pushKeyRule     = member.Rule{Max: 88, Empty: true, Re: regexp.MustCompile(`^[A-Za-z0-9_-]+={0,2}$`)}
	pushAuthRule    = member.Rule{Max: 24, Empty: true, Re: regexp.MustCompile(`^[A-Za-z0-9_-]+={0,2}$`)}
	commandNameRule = member.Rule{Max: 100, Re: regexp.MustCompile(`^[a-zA-Z0-9._/:-]+$`)}
	pushHosts       = regexp.MustCompile(`^https://([a-zA-Z0-9._-]+\.services\.mozilla\.com|[a-zA-Z0-9._-]*autopush\.(dev|stage)\.mozaws\.net)(:\d+)?(/|$)`)
)

// maxCommandValue is the longest value of availableCommands.
const maxCommandValue = 2048

// deviceParams is what a registration asks; nil means unchanged.
type deviceParams struct {
	id         string
	name, kind *string
	push       *[3]string // callback, public key, auth secret
	commands   map[string]string
}

func (c *call) deviceParams() (deviceParams, error) {
	p := c.params()
	d := deviceParams{id: p.Opt("id", member.Hex32)}
	text := func(name string, r member.Rule) *string {
		if !p.Has(name) {
			return nil
		}
		value := p.Opt(name, r)
		return &value
	}
	d.name = text("name", deviceNameRule)
	d.kind = text("type", deviceTypeRule)
	callback := text("pushCallback", pushURLRule)
	key := text("pushPublicKey", pushKeyRule)
	auth := text("pushAuthKey", pushAuthRule)
	var capabilities []string
	p.Decode("capabilities", &capabilities)
	if p.Has("availableCommands") {
		d.commands = map[string]string{}
		var given map[string]string
		p.Decode("availableCommands", &given)
		for name, value := range given {
			if len(value) > maxCommandValue {
				p.Invalid("availableCommands")
			}
			if commandNameRule.Fits(name) { // others are dropped without a word
				d.commands[name] = value
			}
		}
	}
	if err := p.Done(); err != nil {
		return d, err
	}
	switch given := (callback != nil) || (key != nil) || (auth != nil); {
	case !given:
	case callback == nil || key == nil || auth == nil:
		return d, c.invalid("")
	default:
		d.push = &[3]string{*callback, *key, *auth}
		return d, c.checkPush(*d.push)
	}
	return d, nil
}

// checkPush refuses endpoints outside the allowed hosts and keys off the curve.
func (c *call) checkPush(push [3]string) error {
	if push[0] != "" {
		if u, err := url.Parse(push[0]); err != nil || u.Host == "" || c.s.cfg.productionPush && !pushHosts.MatchString(push[0]) {
			return c.invalid("pushCallback")
		}
	}
	if push[1] != "" {
		raw, err := crypt.DecodeB64(push[1])
		if err == nil {
			_, err = ecdh.P256().NewPublicKey(raw)
		}
		if err != nil {
			return errno.Auth(107).With("validation", "invalid pushPublicKey")
		}
	}
	return nil
}

func (s *Service) handleDevice(c *call) (any, error) {
	want, err := c.deviceParams()
	if err != nil {
		return nil, err
	}
	d := c.caller
	if want.id != "" {
		named := c.account().device(want.id)
		switch {
		case named == nil:
			return nil, errno.Auth(123)
		case d != nil && d != named:
			return nil, errno.Auth(124).With("deviceId", d.id)
		case d == nil:
			named.join(c.session, c.refresh)
			d = named
		}
	}
	fresh := d == nil
	if fresh {
		d = s.newDevice(c.account(), c.session, c.refresh, c.now)
	}
	d.update(want)
	if fresh && (c.session == nil || c.session.verified) {
		s.announce(c, d)
	}
	reply := map[string]any{
		"id": d.id, "name": d.shownName(), "type": d.shownType(),
		"pushEndpointExpired": d.expired, "availableCommands": d.commands,
	}
	if d.callback != "" {
		reply["pushCallback"], reply["pushPublicKey"], reply["pushAuthKey"] = d.callback, d.key, d.auth
	}
	if fresh {
		reply["createdAt"] = d.createdAt.UnixMilli()
	}
	return reply, nil
}

func (d *device) update(want deviceParams) {
	if want.name != nil {
		d.name = *want.name
	}
	if want.kind != nil {
		d.kind = *want.kind
	}
	if want.push != nil {
		if want.push[0] != d.callback {
			d.expired = false
		}
		d.callback, d.key, d.auth = want.push[0], want.push[1], want.push[2]
	}
	if want.commands != nil {
		d.commands = want.commands
	}
}

// idleSince reads filterIdleDevicesTimestamp, in milliseconds.
func (c *call) idleSince() (time.Time, error) {
	text := c.r.URL.Query().Get("filterIdleDevicesTimestamp")
	if text == "" {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, c.invalid("filterIdleDevicesTimestamp")
	}
	return time.UnixMilli(ms), nil
}

func (s *Service) handleDevices(c *call) (any, error) {
	since, err := c.idleSince()
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for _, d := range c.account().devices {
		if d.lastAccess.Before(since) {
			continue
		}
		out = append(out, map[string]any{
			"id": d.id, "isCurrentDevice": d == c.caller,
			"lastAccessTime": d.lastAccess.UnixMilli(), "lastAccessTimeFormatted": ago(c.now, d.lastAccess),
			"location": struct{}{}, "name": d.shownName(), "type": d.shownType(),
			"pushCallback": orNull(d.callback), "pushPublicKey": orNull(d.key), "pushAuthKey": orNull(d.auth),
			"pushEndpointExpired": d.expired, "availableCommands": maps.Clone(d.commands),
		})
	}
	return out, nil
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// ago is a time in words.
func ago(now, then time.Time) string {
	switch d := now.Sub(then); {
	case d < time.Minute:
		return "a few seconds ago"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " minutes ago"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " hours ago"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + " days ago"
	}
}

func (s *Service) handleDestroyDevice(c *call) (any, error) {
	p := c.params()
	id := p.Need("id", member.Hex32)
	if err := p.Done(); err != nil {
		return nil, err
	}
	d := c.account().device(id)
	if d == nil {
		return nil, errno.Auth(123)
	}
	s.destroyDevice(c, d)
	return struct{}{}, nil
}
