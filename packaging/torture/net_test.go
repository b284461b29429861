//go:build torture && linux

package torture_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// errand is one kind of mischief at one route.
type errand struct {
	name string
	do   func(*door, http.ResponseWriter, *http.Request)
	// own says that the answer leaves the wait to us, which is half a minute.
	own bool
}

// everyErrand is what may happen to a request on its way, at the service and on its way back.
func everyErrand() []errand {
	html := "<!doctype html><title>Welcome</title><p>This is not what you asked for."
	return []errand{
		{name: "lost request", do: cut(false, false, 0)},
		{name: "lost reply", do: cut(true, false, 0)},
		{name: "reset before", do: cut(false, true, 0)},
		{name: "reset after", do: cut(true, true, 0)},
		{name: "half reply", do: cut(true, false, 0.5)},
		{name: "slow", do: slow(4 * time.Second)},
		{name: "hang", do: hang, own: true},
		{name: "a page", do: say(200, "text/html", html)},
		{name: "cut JSON", do: say(200, asJSON, `{"devices":[1,2,`)},
		{name: "null", do: say(200, asJSON, "null")},
		{name: "a list", do: say(200, asJSON, "[]")},
		{name: "a string", do: say(200, asJSON, `"ok"`)},
		{name: "nothing", do: say(200, asJSON, "")},
		{name: "an error that says 200", do: say(200, asJSON, `{"code":500,"errno":999}`)},
		{name: "huge", do: say(200, asJSON, `{"x":"`+strings.Repeat("a", 10<<20)+`"}`)},
		{name: "500", do: say(500, asJSON, `{"code":500,"errno":999,"error":"Internal","message":"oops"}`)},
		{name: "502 with a page", do: say(502, "text/html", html)},
		{name: "429 with seconds", do: wait(429, "seconds", 3*time.Second)},
		{name: "429 with a date", do: wait(429, "date", 4*time.Second)},
		{name: "429 without a time", do: wait(429, "", 0), own: true},
		{name: "503 with seconds", do: wait(503, "seconds", 3*time.Second)},
		{name: "503 without a time", do: wait(503, "", 0), own: true},
		{name: "401", do: say(401, asJSON, `{"code":401,"errno":110,"error":"Unauthorized","message":"Invalid authentication token in request signature"}`)},
		{name: "deleted", do: say(400, asJSON, `{"code":400,"errno":102,"error":"Bad Request","message":"Unknown account"}`)},
		{name: "captive", do: captive},
	}
}

// recovery is how soon things must move again after a fault that is over at once; waits that a server
// names come on top.
const recovery = 10 * time.Second

// The way to the service fails in every way, once, while a tab leaves.
func TestFaultsOnSend(t *testing.T) {
	t.Parallel()
	sends := append(everyErrand(),
		errand{name: "not queued", do: say(200, asJSON, `{"enqueued":false,"notified":false}`)})
	for _, e := range sends {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			s := settled(t, lean)
			m := &mischief{method: "POST", path: "/account/devices/invoke_command", do: e.do}
			s.door.arm(m)
			for n := range 3 {
				if !s.send(t.Context(), s.link("out", n)) {
					t.Errorf("the agent does not take link %d", n)
				}
			}
			s.after(e, m, func(x localapi.Snapshot) bool { return x.Outbox.Waiting == 0 })
		})
	}
}

// The way to the service fails in every way, once, while tabs are fetched.
func TestFaultsOnReceive(t *testing.T) {
	t.Parallel()
	for _, e := range everyErrand() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			s := settled(t, lean)
			m := &mischief{method: "GET", path: "/account/device/commands", do: e.do}
			s.door.arm(m)
			for n := range 3 {
				s.receive(s.link("in", n))
			}
			s.after(e, m, func(x localapi.Snapshot) bool { return x.Inbox.Total == 3 })
		})
	}
}

// after waits for the mischief and for things to move again in time, and compares the books.
func (s *station) after(e errand, m *mischief, moved func(localapi.Snapshot) bool) {
	s.t.Helper()
	s.until(box.Patience, "mischief", func(localapi.Snapshot) bool { return s.door.done() })
	s.until(2*calmTime, "movement after the fault", moved)
	took := time.Since(m.hit).Round(100 * time.Millisecond)
	if took > recovery && !e.own {
		s.t.Errorf("it took %v until things moved again, more than %v", took, recovery)
	}
	s.t.Logf("moved again after %v", took)
	s.calm()
	s.verdict()
	s.down()
}
