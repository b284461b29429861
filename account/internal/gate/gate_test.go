package gate

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a monotonic time that a test sets.
type clock struct{ mono time.Duration }

func (c *clock) Now() time.Time           { return time.Unix(0, 0).Add(c.mono) }
func (c *clock) Monotonic() time.Duration { return c.mono }

var (
	yes, no = true, false
	closed  = `{"commands_sent":[],"commands_received":[]}`
)

// collected opens the gate of uid "a" and collects a command each way.
func collected(t *testing.T) (g *Gate, c *clock, allow *bool) {
	t.Helper()
	c, allow = &clock{}, new(bool)
	*allow = true
	g = New(Params{Allows: func(string) bool { return *allow }, Clock: c, Random: rand.Reader})
	g.Say("a", &yes)
	flow, stream, err := g.Tag("a", "")
	if err != nil || len(flow) != 12 || len(stream) != 12 || flow == stream {
		t.Fatalf("tagged %q, %q, %v", flow, stream, err)
	}
	g.Sent("a", Record{Command: "send_tab", FlowID: flow, StreamID: stream})
	g.Received("a", Record{Command: "close_tabs", FlowID: "f", StreamID: "s", Reason: "push"})
	return g, c, allow
}

func (g *Gate) held() int { return len(g.sent) + len(g.received) }

// TestOpening goes through what opens and closes the gate, and what is left of the two records behind it.
func TestOpening(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(g *Gate, c *clock, allow *bool)
		open    bool
		held    int
	}{
		"nothing":                {func(*Gate, *clock, *bool) {}, true, 2},
		"the profile says yes":   {func(g *Gate, _ *clock, _ *bool) { g.Say("a", &yes) }, true, 2},
		"the profile says no":    {func(g *Gate, _ *clock, _ *bool) { g.Say("a", &no) }, false, 0},
		"the profile is silent":  {func(g *Gate, _ *clock, _ *bool) { g.Say("a", nil) }, false, 0},
		"another person":         {func(g *Gate, _ *clock, _ *bool) { g.Say("b", &yes) }, false, 0},
		"another, and back":      {func(g *Gate, _ *clock, _ *bool) { g.Say("b", &yes); g.Say("a", &yes) }, true, 0},
		"no, and yes again":      {func(g *Gate, _ *clock, _ *bool) { g.Say("a", &no); g.Say("a", &yes) }, true, 0},
		"an opt-out or sign-out": {func(g *Gate, _ *clock, _ *bool) { g.Shut() }, false, 0},
		"the setting":            {func(g *Gate, _ *clock, allow *bool) { *allow = false; g.Erase() }, false, 0},
		"an old profile":         {func(_ *Gate, c *clock, _ *bool) { c.mono += Lasts }, false, 2},
		"a profile of yesterday": {func(_ *Gate, c *clock, _ *bool) { c.mono += 24 * time.Hour }, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			g, clock, allow := collected(t)
			c.happens(g, clock, allow)
			if g.Open("a") != c.open || g.held() != c.held {
				t.Errorf("open is %v, %d records are held", g.Open("a"), g.held())
			}
			if g.Open("") || g.Open("stranger") {
				t.Error("open for nobody")
			}
			if c.open {
				return
			}
			flow, stream, err := g.Tag("a", "")
			if flow != "" || stream != "" || err != nil {
				t.Errorf("closed, it tags %q, %q, %v", flow, stream, err)
			}
			before := g.held()
			g.Sent("a", Record{Command: "send_tab", FlowID: "f"})
			g.Received("a", Record{Command: "send_tab", FlowID: "f"})
			if g.held() != before {
				t.Error("closed, it keeps a record")
			}
			if text, err := g.Gather("a"); err != nil || string(text) != closed {
				t.Errorf("closed, it hands out %s, %v", text, err)
			}
		})
	}
}

// Without anybody's word, or with only one of the two, it is closed.
func TestTwoYeses(t *testing.T) {
	for name, allows := range map[string]func(string) bool{"nobody": nil, "no": func(string) bool { return false }} {
		g := New(Params{Allows: allows, Clock: &clock{}, Random: rand.Reader})
		g.Say("a", &yes)
		if g.Open("a") || g.Allowed("") {
			t.Errorf("%s: open", name)
		}
	}
	g := New(Params{Allows: func(string) bool { return true }, Clock: &clock{}, Random: rand.Reader})
	if g.Open("a") {
		t.Error("open before a profile was fetched")
	}
}

// A person who takes the yes back while a record is being kept leaves none.
func TestTakenBackMeanwhile(t *testing.T) {
	asked := 0
	g := New(Params{Allows: func(string) bool { asked++; return asked == 1 }, Clock: &clock{}, Random: rand.Reader})
	g.Say("a", &yes)
	if g.Received("a", Record{Command: "send_tab"}); g.held() != 0 {
		t.Errorf("%d records are left", g.held())
	}
}

func TestRecords(t *testing.T) {
	g, _, _ := collected(t)
	first, _, err := g.Tag("a", "")
	if err != nil {
		t.Fatal(err)
	}
	if flow, stream, err := g.Tag("a", first); err != nil || flow != first || len(stream) != 12 {
		t.Errorf("within a flow: %q, %q, %v", flow, stream, err)
	}
	for i := range 300 {
		g.Sent("a", Record{Command: "send_tab", FlowID: fmt.Sprint(i), StreamID: "s"})
		g.Received("a", Record{Command: "close_tabs", FlowID: fmt.Sprint(i), StreamID: "s", Reason: "poll"})
	}
	text, err := g.Gather("a")
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Sent     []map[string]string `json:"commands_sent"`
		Received []map[string]string `json:"commands_received"`
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Sent) != 200 || len(out.Received) != 200 || out.Sent[199]["flow_id"] != "198" {
		t.Errorf("%d sent, %d received", len(out.Sent), len(out.Received))
	}
	if diff := cmp.Diff(map[string]string{"command": "send_tab", "flow_id": "0", "stream_id": "s"}, out.Sent[1]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"command": "close_tabs", "flow_id": "f", "stream_id": "s", "reason": "push"}, out.Received[0]); diff != "" {
		t.Error(diff)
	}
	if text, err := g.Gather("a"); err != nil || string(text) != closed {
		t.Errorf("gathered twice: %s, %v", text, err)
	}
}

func TestNoRandomness(t *testing.T) {
	g := New(Params{Allows: func(string) bool { return true }, Clock: &clock{}, Random: bytes.NewReader(make([]byte, idBytes))})
	g.Say("a", &yes)
	if _, _, err := g.Tag("a", ""); err == nil || errors.Unwrap(err) == nil {
		t.Errorf("half an id: %v", err)
	}
}
