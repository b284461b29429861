package agent_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// weather is a day of random events for a sender that crashes and signs out, a receiver that crashes, and
// a device that comes and goes.
type weather struct {
	*world
	t              *testing.T
	r              *rand.Rand
	desk, lap, tab *station
	toLap, toTab   localapi.Device
	sent           map[string]string // the target of each link
	held           map[string]bool   // those that later ones may pass
	steps          []string
}

// send sends some links and returns them.
func (w *weather) send(to localapi.Device, n int) (urls []string) {
	request := localapi.SendRequest{Devices: []string{to.ID}, Hold: w.r.IntN(4) == 0}
	for range n {
		url := fmt.Sprintf("https://example.com/%04d", len(w.sent))
		w.sent[url], w.held[url] = to.Name, request.Hold
		urls = append(urls, url)
		request.Links = append(request.Links, localapi.Link{URL: url})
	}
	if _, err := w.desk.face.Send(w.t.Context(), request); err != nil {
		for _, l := range request.Links { // refused, and said so
			w.sent[l.URL] = ""
		}
	}
	return urls
}

// fault arms something that goes wrong with the next requests of a kind.
func (w *weather) fault() string {
	route := []string{invoke, commands, "GET /v1/account/devices", "*"}[w.r.IntN(4)]
	kinds := []struct {
		name    string
		status  int
		options []accounttest.FaultOption
	}{
		{"500", http.StatusInternalServerError, nil},
		{"503 with time", http.StatusServiceUnavailable, []accounttest.FaultOption{accounttest.RetryAfter(1 + w.r.IntN(90))}},
		{"429 without time", http.StatusTooManyRequests, nil},
		{"502", http.StatusBadGateway, []accounttest.FaultOption{accounttest.HTML()}},
		{"reset", 0, []accounttest.FaultOption{accounttest.DropConnection()}},
		{"lost reply", 0, []accounttest.FaultOption{accounttest.LoseReply()}},
		{"null", http.StatusOK, []accounttest.FaultOption{accounttest.RawBody("application/json", "null")}},
		{"half", http.StatusOK, []accounttest.FaultOption{accounttest.RawBody("application/json", `{"index":3,"mess`)}},
		{"slow", 0, []accounttest.FaultOption{accounttest.Delay(time.Duration(w.r.IntN(60)) * time.Second)}},
	}
	k := kinds[w.r.IntN(len(kinds))]
	w.svc.Faults.Next(route, k.status, append(k.options, accounttest.Times(1+w.r.IntN(3)))...)
	return k.name + " of " + route
}

// crash ends a station at a request or, if none comes, at a moment of rest, and starts it again.
func (w *weather) crash(s *station) {
	s.end()
	die, rise := s.dieAt([]string{"/invoke_command", "/device/commands", "/account/devices"}[w.r.IntN(3)], w.r.IntN(3), w.r.IntN(2) == 0)
	push := s.params.PushTransport
	s.run()
	void := w.send(w.toLap, 1+w.r.IntN(3))
	select {
	case <-die.dead:
	default:
		void = nil
	}
	for _, url := range void { // a dead process has taken them, perhaps
		w.sent[url] = "void"
	}
	rest(time.Duration(w.r.IntN(40)) * time.Second)
	select {
	case <-die.dead:
		rise()
	default: // what the disk holds now is all there is
		kept, err := os.ReadFile(s.storeFile())
		if err != nil {
			w.t.Fatal(err)
		}
		s.end()
		if err := os.WriteFile(s.storeFile(), kept, 0o600); err != nil {
			w.t.Fatal(err)
		}
		s.params.Transport = die.next
		s.run()
	}
	s.params.PushTransport = push
}

// signOutAndIn has a station leave, perhaps within a fault, and come back.
func (w *weather) signOutAndIn(s *station) {
	if err := s.face.SignOut(w.t.Context(), false); err != nil {
		w.t.Fatal(err)
	}
	rest(time.Duration(w.r.IntN(60)) * time.Second)
	w.svc.Faults.Clear()
	rest(2 * time.Minute) // no sign-in within a silence
	s.signIn()
}

// step is one event; it returns its name.
func (w *weather) step() string {
	switch w.r.IntN(14) {
	case 0, 1, 2, 3:
		n := 1 + w.r.IntN(4)
		w.send(w.toLap, n)
		return fmt.Sprint("send ", n)
	case 4:
		w.send(w.toTab, 1)
		return "send to the guest"
	case 5, 6, 7:
		return w.fault()
	case 8:
		w.acct.SendPush("fxaccounts:command_received", map[string]any{"command": "c", "index": w.r.IntN(40), "url": "u"})
		return "a push of something old"
	case 9:
		_ = w.lap.face.Refresh(w.t.Context()) // refused within a silence
		return "refresh"
	case 10:
		w.svc.Push().Cut()
		return "push cut"
	case 11:
		s := []*station{w.desk, w.lap}[w.r.IntN(2)]
		w.crash(s)
		return "crash of " + s.params.DeviceName
	case 12:
		if w.r.IntN(3) > 0 {
			return "nothing"
		}
		w.signOutAndIn(w.desk)
		return "sender signs out and in"
	default:
		if w.r.IntN(3) > 0 {
			return "nothing"
		}
		w.signOutAndIn(w.tab)
		w.toTab = w.desk.alertable(w.tab.params.DeviceName)
		return "guest signs out and in"
	}
}

// verdict compares what was sent, what the service holds and what arrived.
func (w *weather) verdict() (faults []string) {
	wrong := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	arrived := map[string]int{}
	var order []string
	inbox := w.lap.inbox()
	for _, e := range slices.Backward(inbox) {
		if e.Kind != localapi.KindTab {
			wrong("an entry of kind %s", e.Kind)
		}
		if arrived[e.URL]++; arrived[e.URL] == 1 && !w.held[e.URL] {
			order = append(order, e.URL)
		}
	}
	if queued := w.acct.Queued(w.toLap.ID); len(queued) != len(inbox) {
		wrong("the service holds %d commands, %d arrived", len(queued), len(inbox))
	}
	if !slices.IsSorted(order) {
		wrong("out of order: %v", order)
	}
	list, err := w.desk.face.Outbox(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	known := map[string]localapi.OutboxEntry{}
	for _, e := range list {
		known[e.URL] = e
	}
	for url, to := range w.sent {
		e, n := known[url], arrived[url]
		switch {
		case to == "void" && n == 0:
		case to == "" && n > 0:
			wrong("%s was refused and arrived", url)
		case to == "":
		case e.ID == "":
			wrong("%s is forgotten", url)
		case to == w.toTab.Name:
			if e.State == localapi.SendWaiting {
				wrong("%s to the guest still waits: %+v", url, e)
			}
		case n == 0 && e.State != localapi.SendFailed, n == 0 && !e.MayBeTwice:
			wrong("%s is lost: %+v", url, e)
		case n > 1 && !e.MayBeTwice:
			wrong("%s arrived %d times unmarked: %+v", url, n, e)
		case e.State == localapi.SendWaiting:
			wrong("%s still waits: %+v", url, e)
		}
	}
	return faults
}

// Whatever comes together, no tab is lost, none arrives twice unmarked, and none goes unsaid.
func TestWeather(t *testing.T) {
	t.Parallel()
	const days, events = 16, 40
	for day := range uint64(days) {
		t.Run(fmt.Sprint(day), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, world *world) {
				w := &weather{world: world, t: t, r: rand.New(rand.NewPCG(day, 11)), sent: map[string]string{}, held: map[string]bool{}}
				w.desk, w.lap, w.tab = w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn(), w.station("Guest", w.inBubble).run().signIn()
				w.toLap, w.toTab = w.desk.alertable("Laptop"), w.desk.alertable("Guest")
				rest(time.Minute)
				for range events {
					w.steps = append(w.steps, w.step())
					rest(time.Duration(w.r.IntN(20_000)) * time.Millisecond)
				}
				w.svc.Faults.Clear()
				rest(30 * time.Minute)
				if faults := w.verdict(); len(faults) > 0 {
					t.Errorf("%s\nafter %s", strings.Join(faults, "\n"), strings.Join(w.steps, ", "))
				}
			})
		})
	}
}
