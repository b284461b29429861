package account

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// maxTelemetryEntries bounds each list; later entries are dropped, as in
// Mozilla's clients.
const maxTelemetryEntries = 200

// telemetryIDBytes gives identifiers of 12 characters.
const telemetryIDBytes = 9

// Reason says how a received command became known.
type Reason string

// The reasons, in Mozilla's words.
const (
	// ReasonPush: a push message announced it.
	ReasonPush Reason = "push"
	// ReasonPushMissed: it was older than what a push message announced, so its
	// own announcement was lost.
	ReasonPushMissed Reason = "push-missed"
	// ReasonPoll: found without any announcement.
	ReasonPoll Reason = "poll"
)

type sentRecord struct {
	Command  string `json:"command"`
	FlowID   string `json:"flow_id"`
	StreamID string `json:"stream_id"`
}

type receivedRecord struct {
	Command  string `json:"command"`
	FlowID   string `json:"flow_id"`
	StreamID string `json:"stream_id"`
	Reason   Reason `json:"reason"`
}

const (
	telemetrySendTab   = "send_tab"
	telemetryCloseTabs = "close_tabs"
)

// telemetry counts commands for the application to report or to throw away. It
// never leaves the process by itself and is lost on restart.
type telemetry struct {
	mu       sync.Mutex
	sent     []sentRecord
	received []receivedRecord
}

func (t *telemetry) recordSent(r sentRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sent) < maxTelemetryEntries {
		t.sent = append(t.sent, r)
	}
}

func (t *telemetry) recordReceived(r receivedRecord) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.received) < maxTelemetryEntries {
		t.received = append(t.received, r)
	}
}

func (t *telemetry) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent, t.received = nil, nil
}

// gather returns both lists, which are always present, and empties them.
func (t *telemetry) gather() ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := struct {
		Sent     []sentRecord     `json:"commands_sent"`
		Received []receivedRecord `json:"commands_received"`
	}{append([]sentRecord{}, t.sent...), append([]receivedRecord{}, t.received...)}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write telemetry: %w", err)
	}
	t.sent, t.received = nil, nil
	return text, nil
}

// newTelemetryID makes a flow or stream id.
func newTelemetryID(rand io.Reader) (string, error) {
	b := make([]byte, telemetryIDBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("make telemetry id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
