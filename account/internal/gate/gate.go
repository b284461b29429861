// Package gate is the one answer to whether anything that tells how a person uses the program may be
// made, kept or sent ([Gate.Open]), and the one place where such records lie. It opens when two have
// said yes: a profile that was fetched lately, and the person in the application. It keeps nothing for
// longer than that: whatever closes it for good empties it.
//
// relying-party.md D6–D8 and §7; docs/decisions.md §19.
package gate

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// Lasts is how long the word of a profile counts: profiles are looked at once a day, and that may
	// be late by a while.
	Lasts = 26 * time.Hour
	// maxRecords bounds each list; later records are dropped, as in Mozilla's clients.
	maxRecords = 200
	// idBytes gives identifiers of 12 characters.
	idBytes = 9
)

// Record is a command that was sent or received.
type Record struct {
	Command  string `json:"command"`
	FlowID   string `json:"flow_id"`
	StreamID string `json:"stream_id"`
	// Reason is how a received one became known; empty for a sent one.
	Reason string `json:"reason,omitempty"`
}

// Params is what a gate asks.
type Params struct {
	// Allows reports whether the person allows usage data in the application; uid is empty before
	// anybody is known. Nil allows nothing.
	Allows func(uid string) bool
	Clock  kit.Clock
	Random io.Reader
}

// Gate stands in front of all usage data of one account. Make it with [New]. Its methods may be called
// from several goroutines.
type Gate struct {
	params Params

	mu sync.Mutex // never held while Allows is asked
	// uid is whose profile was fetched last, and yes what it said; until is the end of that word, on the
	// monotonic clock.
	uid            string
	yes            bool
	until          time.Duration
	sent, received []Record
}

// New returns a closed gate.
func New(p Params) *Gate { return &Gate{params: p} }

// Allowed reports whether the person allows usage data in the application, whatever the account says.
func (g *Gate) Allowed(uid string) bool { return g.params.Allows != nil && g.params.Allows(uid) }

// Open reports whether usage data may be made, kept and sent for an account; an empty uid is none.
func (g *Gate) Open(uid string) bool { return g.said(uid) && g.Allowed(uid) }

// said reports whether a fresh profile of the account says yes.
func (g *Gate) said(uid string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.saidLocked(uid)
}

func (g *Gate) saidLocked(uid string) bool {
	return uid != "" && g.uid == uid && g.yes && g.params.Clock.Monotonic() < g.until
}

// Say takes the word of a profile that was fetched, or confirmed by its ETag, just now. A no and
// silence, and the profile of somebody else, delete what was collected.
func (g *Gate) Say(uid string, enabled *bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	yes := enabled != nil && *enabled
	if !yes || uid != g.uid {
		g.sent, g.received = nil, nil
	}
	g.uid, g.yes, g.until = uid, yes, g.params.Clock.Monotonic()+Lasts
}

// Erase deletes what was collected.
func (g *Gate) Erase() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent, g.received = nil, nil
}

// Shut closes the gate until a profile is fetched, and deletes what was collected.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uid, g.sent, g.received = "", nil, nil
}

// Tag makes the ids that tie a command to its records, within a flow that has begun or, when that is
// empty, with a new one. They are empty while the gate is closed.
func (g *Gate) Tag(uid, begun string) (flow, stream string, err error) {
	if !g.Open(uid) {
		return "", "", nil
	}
	if flow = begun; flow == "" {
		if flow, err = g.id(); err != nil {
			return "", "", err
		}
	}
	if stream, err = g.id(); err != nil {
		return "", "", err
	}
	return flow, stream, nil
}

func (g *Gate) id() (string, error) {
	b := make([]byte, idBytes)
	if _, err := io.ReadFull(g.params.Random, b); err != nil {
		return "", fmt.Errorf("make telemetry id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Sent keeps the record of a command with ids of [Gate.Tag].
func (g *Gate) Sent(uid string, r Record) {
	if r.FlowID != "" { // else it was sent while the gate was closed
		g.keep(uid, &g.sent, r)
	}
}

// Received keeps the record of a command that came.
func (g *Gate) Received(uid string, r Record) { g.keep(uid, &g.received, r) }

func (g *Gate) keep(uid string, list *[]Record, r Record) {
	if !g.Allowed(uid) {
		return
	}
	g.mu.Lock()
	if g.saidLocked(uid) && len(*list) < maxRecords {
		*list = append(*list, r)
	}
	g.mu.Unlock()
	if !g.Allowed(uid) { // taken back meanwhile
		g.Erase()
	}
}

// Gather returns both lists, which are always present, and empties them. While the gate is closed they
// are empty, and stay as they are.
func (g *Gate) Gather(uid string) ([]byte, error) {
	out := struct {
		Sent     []Record `json:"commands_sent"`
		Received []Record `json:"commands_received"`
	}{[]Record{}, []Record{}}
	if g.Open(uid) {
		g.mu.Lock()
		out.Sent, out.Received = append(out.Sent, g.sent...), append(out.Received, g.received...)
		g.sent, g.received = nil, nil
		g.mu.Unlock()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write telemetry: %w", err)
	}
	return text, nil
}
