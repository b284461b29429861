package accounttest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// pushDataRule is what one member of a push message's data must look like.
type pushDataRule struct {
	name     string
	optional bool
	fits     func(raw json.RawMessage) bool
}

var pushDeviceID = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// pushSchemas are the commands devices may send each other, with the members
// their data must have. Other members pass, as clients have to ignore them.
// Messages without rules may come without data.
var pushSchemas = map[string][]pushDataRule{
	"fxaccounts:command_received": {
		{name: "command", fits: isText},
		{name: "index", fits: isIndex},
		{name: "sender", optional: true, fits: isDeviceID},
		{name: "url", fits: isURL},
	},
	"fxaccounts:device_connected":    {{name: "deviceName", fits: isText}},
	"fxaccounts:device_disconnected": {{name: "id", fits: isDeviceID}},
	"fxaccounts:account_destroyed":   {{name: "uid", fits: isDeviceID}},
	"fxaccounts:profile_updated":     nil,
	"fxaccounts:password_changed":    nil,
	"fxaccounts:password_reset":      nil,
	"fxaccounts:verify_login":        nil,
	"sync:collection_changed":        {{name: "collections", fits: isTextList}, {name: "reason", optional: true, fits: isText}},
}

func pushText(raw json.RawMessage) string {
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil {
		return ""
	}
	return *text
}

func isText(raw json.RawMessage) bool     { return pushText(raw) != "" }
func isDeviceID(raw json.RawMessage) bool { return pushDeviceID.MatchString(pushText(raw)) }

func isURL(raw json.RawMessage) bool {
	text := pushText(raw)
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

func isIndex(raw json.RawMessage) bool {
	var n *int64
	return json.Unmarshal(raw, &n) == nil && n != nil && *n >= 0
}

func isTextList(raw json.RawMessage) bool {
	var list []string
	return json.Unmarshal(raw, &list) == nil && len(list) > 0 && !slices.Contains(list, "")
}

// pushPayload is a message as a device hands it in.
type pushPayload struct {
	Version int                        `json:"version"`
	Command string                     `json:"command"`
	Data    map[string]json.RawMessage `json:"data"`
}

// valid holds a message against its command's schema.
func (m pushPayload) valid() bool {
	rules, known := pushSchemas[m.Command]
	if m.Version != 1 || !known {
		return false
	}
	for _, rule := range rules {
		raw, given := m.Data[rule.name]
		if given && !rule.fits(raw) || !given && !rule.optional {
			return false
		}
	}
	return true
}

func (s *Service) handleNotify(c *call) (any, error) {
	p := c.params()
	var to, payload json.RawMessage
	var excluded []string
	p.Decode("to", &to)
	p.Decode("excluded", &excluded)
	p.Decode("payload", &payload)
	ttl, _ := p.Integer("TTL", 0, 1<<31)
	action := p.Choice("_endpointAction", "accountVerify")
	if to == nil {
		p.Missing("to")
	}
	if err := p.Done(); err != nil {
		return nil, err
	}
	targets := slices.Clone(c.account().devices)
	var ids []string
	if string(to) != `"all"` {
		if json.Unmarshal(to, &ids) != nil || excluded != nil {
			return nil, c.invalid("to")
		}
		targets = slices.DeleteFunc(targets, func(d *device) bool { return !slices.Contains(ids, d.id) })
	}
	targets = slices.DeleteFunc(targets, func(d *device) bool { return slices.Contains(excluded, d.id) })
	var message pushPayload
	if action == "" || string(payload) != "{}" {
		if payload == nil || json.Unmarshal(payload, &message) != nil || !message.valid() {
			return nil, c.invalid("payload")
		}
	}
	var data any
	if message.Data != nil {
		data = message.Data
	}
	c.pushes = append(c.pushes, s.pushTo(targets, message.Command, data, ttl)...)
	return struct{}{}, nil
}
