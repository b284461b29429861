package accounttest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

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
