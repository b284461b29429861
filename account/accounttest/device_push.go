package accounttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
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

// pushTimeout is how long a push server may take.
const pushTimeout = 10 * time.Second

// Lifetimes of push messages in seconds.
const (
	ttlNow        = 0
	ttlPassword   = 21600
	ttlGone       = 18000
	ttlUndefined  = 21600
	pushUserAgent = "fxa-auth-server"
)

// Reasons why a device was not notified.
const (
	notifyNoCallback = "noCallback"
	notifyNoKeys     = "noKeys"
	notifyExpired    = "expiredCallback"
	notifyReset      = "resetCallback"
	notifyUnknown    = "unknown"
)

// pushJob is a message on its way to one device, made under the lock and sent
// without it.
type pushJob struct {
	device        *device
	callback      string
	authorization string
	body          []byte
	ttl           int64
	skip          string // why nothing is sent
	flag          bool   // the keys are bad: the endpoint counts as expired
}

// pushResult is the fate of a job.
type pushResult struct {
	notified bool
	reason   string
}

// Commands an iOS device is told about.
var iosCommands = map[string]bool{
	"fxaccounts:command_received": true, "fxaccounts:device_connected": true, "fxaccounts:device_disconnected": true,
}

// pushTo makes the jobs of one message. An empty command is a message without
// a body. The caller holds the lock.
func (s *Service) pushTo(devices []*device, command string, data any, ttl int64) []pushJob {
	var plain []byte
	if command != "" {
		message := map[string]any{"version": 1, "command": command}
		if data != nil {
			message["data"] = data
		}
		text, err := json.Marshal(message)
		if err != nil {
			panic(fmt.Sprintf("accounttest: push message: %v", err)) // only maps of texts and numbers come here
		}
		plain = text
	}
	var jobs []pushJob
	for _, d := range devices {
		jobs = append(jobs, s.pushJob(d, command, plain, ttl))
	}
	return jobs
}

func (s *Service) pushJob(d *device, command string, plain []byte, ttl int64) pushJob {
	job := pushJob{device: d, callback: d.callback, ttl: ttl}
	switch {
	case d.callback == "":
		job.skip = notifyNoCallback
		return job
	case d.expired:
		job.skip = notifyExpired
		return job
	case plain != nil && (d.key == "" || d.auth == ""):
		job.skip = notifyNoKeys
		return job
	case d.ios() && !iosCommands[command]:
		job.skip = notifyUnknown // not for this kind of device
		return job
	}
	if plain != nil {
		body, err := crypt.EncryptPush(s.random, d.key, d.auth, plain)
		if err != nil {
			job.skip, job.flag = notifyReset, true
			return job
		}
		job.body = body
	}
	header, err := s.vapidSigner().Header(d.callback, s.authBase(), s.Clock.Now())
	if err != nil {
		job.skip = notifyUnknown
		return job
	}
	job.authorization = header
	return job
}

func (st *state) vapidSigner() *crypt.VAPIDKey {
	if st.vapid == nil {
		st.vapid = crypt.NewVAPIDKey(st.random)
	}
	return st.vapid
}

// deliver sends jobs and waits for all of them: at the same time to different
// devices, in order to the same one.
func (s *Service) deliver(jobs []pushJob) []pushResult {
	results := make([]pushResult, len(jobs))
	byDevice := map[*device][]int{}
	for i, job := range jobs {
		byDevice[job.device] = append(byDevice[job.device], i)
	}
	var sending sync.WaitGroup
	for _, indexes := range byDevice {
		sending.Go(func() {
			for _, i := range indexes {
				results[i] = s.deliverOne(jobs[i])
			}
		})
	}
	sending.Wait()
	return results
}

func (s *Service) deliverOne(job pushJob) pushResult {
	if job.skip == "" {
		return s.sendPush(job)
	}
	if job.flag {
		s.flagExpired(job)
	}
	return pushResult{reason: job.skip}
}

func (s *Service) sendPush(job pushJob) pushResult {
	ctx, cancel := context.WithTimeout(context.Background(), pushTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, job.callback, bytes.NewReader(job.body))
	if err != nil {
		return pushResult{reason: notifyUnknown}
	}
	r.Header.Set("User-Agent", pushUserAgent)
	r.Header.Set("TTL", strconv.FormatInt(job.ttl, 10))
	r.Header.Set("Authorization", job.authorization)
	if len(job.body) > 0 {
		r.Header.Set("Content-Encoding", "aes128gcm")
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	res, err := s.outbound.Do(r)
	if err != nil {
		return pushResult{reason: notifyUnknown}
	}
	defer res.Body.Close()
	// Read to the end so that the connection can be used again; what a push
	// server says besides its status does not matter.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return pushResult{notified: true}
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusGone:
		s.flagExpired(job)
		return pushResult{reason: notifyReset}
	}
	return pushResult{reason: notifyUnknown}
}

func (s *Service) flagExpired(job pushJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if job.device.callback == job.callback {
		job.device.expired = true
	}
}

// act runs a change that no request asked for, then sends what follows of it.
func (s *Service) act(change func(c *call)) {
	c := &call{s: s, now: s.Clock.Now()}
	func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		change(c)
	}()
	s.deliver(c.pushes)
	s.emit(c.events)
}
