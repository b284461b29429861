package agent_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// A device whose sends fail holds up its own later ones and nobody else's; each device gets what was
// sent to it in the order in which it was sent.
func TestOrderPerDevice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		laps := []*station{w.station("First", w.inBubble).run().signIn(), w.station("Second", w.inBubble).run().signIn()}
		first, second := desk.alertable("First"), desk.alertable("Second")
		rest(time.Minute)
		w.svc.Faults.Next(invoke, http.StatusInternalServerError)
		for i := range 4 {
			desk.send(first, fmt.Sprintf("https://example.com/%d", i), "")
			rest(time.Millisecond) // devices have no order among themselves: the first request is this one
			desk.send(second, fmt.Sprintf("https://example.com/%d", i), "")
		}
		rest(time.Second)
		if n := laps[0].snapshot().Inbox.Total; n != 0 {
			t.Errorf("%d tabs overtook the first one", n)
		}
		if n := laps[1].snapshot().Inbox.Total; n != 4 {
			t.Errorf("%d tabs for the other device", n)
		}
		rest(time.Minute)
		for _, lap := range laps {
			var urls []string
			for _, entry := range lap.inbox() {
				urls = append(urls, entry.URL[len("https://example.com/"):])
			}
			if !slices.Equal(urls, []string{"3", "2", "1", "0"}) {
				t.Errorf("%s has %v, newest first", lap.params.DeviceName, urls)
			}
		}
	})
}

// A held send can be taken back up to the end of its hold, and not from then on.
func TestUndoAtTheBorder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration
		want  localapi.Code
		left  int
	}{
		"at once":          {0, "", 0},
		"just before":      {localapi.HoldTime - time.Nanosecond, "", 0},
		"at the very end":  {localapi.HoldTime, localapi.CodeConflict, 1},
		"just after":       {localapi.HoldTime + time.Nanosecond, localapi.CodeConflict, 1},
		"a long time late": {time.Hour, localapi.CodeConflict, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
				to := desk.alertable("Laptop")
				entries, err := desk.face.Send(t.Context(), localapi.SendRequest{
					Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{to.ID}, Hold: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				rest(time.Until(entries[0].At.Add(c.after)))
				err = desk.face.Undo(t.Context(), entries[0].ID)
				if c.want == "" && err != nil || c.want != "" && code(err) != c.want {
					t.Errorf("undoing: %v", err)
				}
				rest(time.Minute)
				if n := lap.snapshot().Inbox.Total; n != c.left {
					t.Errorf("%d tabs arrived", n)
				}
				if list, err := desk.face.Outbox(t.Context()); err != nil || len(list) != c.left {
					t.Errorf("the outbox holds %+v, %v", list, err)
				}
			})
		})
	}
}

// Undo takes back what it can of several entries, and says that the rest has left.
func TestUndoOfSome(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		left := desk.send(to, "https://example.com/left", "")
		held, err := desk.face.Send(t.Context(), localapi.SendRequest{
			Links: []localapi.Link{{URL: "https://example.com/a"}, {URL: "https://example.com/b"}}, Devices: []string{to.ID}, Hold: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		rest(time.Second)
		if err := desk.face.Undo(t.Context(), held[0].ID, left.ID, held[1].ID, held[0].ID); code(err) != localapi.CodeConflict {
			t.Errorf("undoing all: %v", err)
		}
		rest(time.Minute)
		if got := lap.inbox(); len(got) != 1 || !strings.HasSuffix(got[0].URL, "left") {
			t.Errorf("arrived %+v", got)
		}
	})
}

// What a failure of the server means for an entry, and that trying again by hand forgets the wait.
func TestFailuresOfASend(t *testing.T) {
	t.Parallel()
	json := func(body string) []accounttest.FaultOption {
		return []accounttest.FaultOption{accounttest.RawBody("application/json", body)}
	}
	for name, c := range map[string]struct {
		status int
		opts   []accounttest.FaultOption
		state  localapi.SendState // a second later
		twice  bool
		retry  bool // whether a retry by hand gets through at once
	}{
		"an error":            {http.StatusInternalServerError, nil, localapi.SendWaiting, false, true},
		"a proxy's error":     {http.StatusBadGateway, []accounttest.FaultOption{accounttest.HTML()}, localapi.SendWaiting, true, true},
		"a wish to wait":      {http.StatusTooManyRequests, []accounttest.FaultOption{accounttest.RetryAfter(120)}, localapi.SendWaiting, false, false},
		"a wish without time": {http.StatusTooManyRequests, nil, localapi.SendWaiting, false, false},
		"overload":            {http.StatusServiceUnavailable, []accounttest.FaultOption{accounttest.RetryAfter(120)}, localapi.SendWaiting, false, false},
		"a lost answer":       {0, []accounttest.FaultOption{accounttest.LoseReply()}, localapi.SendWaiting, true, true},
		"an unknown device":   {http.StatusBadRequest, []accounttest.FaultOption{accounttest.Errno(123)}, localapi.SendFailed, false, true},
		"an unknown error":    {http.StatusBadRequest, []accounttest.FaultOption{accounttest.Errno(998)}, localapi.SendFailed, false, true},
		"not taken":           {http.StatusOK, json(`{"enqueued":false,"notified":false}`), localapi.SendWaiting, false, true},
		"null":                {http.StatusOK, json(`null`), localapi.SendWaiting, true, true},
		"a list":              {http.StatusOK, json(`[]`), localapi.SendWaiting, true, true},
		"a word":              {http.StatusOK, json(`"ok"`), localapi.SendWaiting, true, true},
		"nothing":             {http.StatusOK, json(``), localapi.SendWaiting, true, true},
		"half an answer":      {http.StatusOK, json(`{"devices":[1,2,`), localapi.SendWaiting, true, true},
		"a refusal as a 200":  {http.StatusOK, json(`{"code":500,"errno":999}`), localapi.SendWaiting, true, true},
		"ten megabytes":       {http.StatusOK, json(`"` + strings.Repeat("x", 10<<20) + `"`), localapi.SendWaiting, true, true},
		"a hotel's page":      {http.StatusOK, []accounttest.FaultOption{accounttest.RawBody("text/html", "<html>hotel</html>")}, localapi.SendWaiting, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
				to := desk.alertable("Laptop")
				rest(time.Minute)
				w.svc.Faults.Next(invoke, c.status, c.opts...)
				sent := desk.send(to, "https://example.com/", "")
				rest(time.Second)
				got, err := desk.face.Sent(t.Context(), sent.ID)
				if err != nil || got.State != c.state || got.MayBeTwice != c.twice || got.Reason == "" {
					t.Fatalf("a second later: %+v, %v", got, err)
				}
				if (got.State == localapi.SendWaiting) != got.NextTry.After(time.Now()) {
					t.Errorf("the next try is at %v", got.NextTry)
				}
				if err := desk.face.Retry(t.Context(), sent.ID); err != nil {
					t.Error(err)
				}
				rest(time.Second)
				if got, err = desk.face.Sent(t.Context(), sent.ID); err != nil || (got.State == localapi.SendAlerted) != c.retry {
					t.Errorf("tried again by hand: %+v, %v", got, err)
				}
				rest(20 * time.Minute)
				if got, err = desk.face.Sent(t.Context(), sent.ID); err != nil || got.State != localapi.SendAlerted || got.MayBeTwice != c.twice || got.Reason != "" {
					t.Errorf("in the end: %+v, %v", got, err)
				}
				if n := lap.snapshot().Inbox.Total; n != 1 && !(c.twice && n == 2) {
					t.Errorf("%d tabs arrived", n)
				}
			})
		})
	}
}

// A list of devices that nobody can read says that nothing was sent: it is asked for until it can be read.
func TestUnreadableDeviceList(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(time.Hour)
		w.svc.Faults.Next("GET /v1/account/devices", http.StatusOK, accounttest.RawBody("application/json", "null"), accounttest.Times(8))
		sent := desk.send(to, "https://example.com/", "")
		rest(time.Hour)
		if got, err := desk.face.Sent(t.Context(), sent.ID); err != nil || got.State != localapi.SendAlerted || got.MayBeTwice || lap.snapshot().Inbox.Total != 1 {
			t.Errorf("%d arrived, %+v, %v", lap.snapshot().Inbox.Total, got, err)
		}
	})
}

// A server whose answers nobody understands gets a tab a few times and no more: each may have arrived.
func TestAnswersStayUnclear(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		rest(time.Minute)
		w.svc.ForgetRequests()
		w.svc.Faults.Next(invoke, http.StatusOK, accounttest.RawBody("application/json", `{"done":"perhaps"}`), accounttest.Times(-1))
		sent := desk.send(to, "https://example.com/", "")
		rest(24 * time.Hour)
		got, err := desk.face.Sent(t.Context(), sent.ID)
		if err != nil || got.State != localapi.SendFailed || !got.MayBeTwice || !strings.Contains(got.Reason, "unclear") {
			t.Errorf("a day later: %+v, %v", got, err)
		}
		if n := w.count(invoke); n != 4 {
			t.Errorf("%d attempts", n)
		}
	})
}

// A send that nobody could deliver for a week is given up, and somebody is told.
func TestSendIsGivenUp(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		lap := w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		lap.end()
		events := desk.events()
		w.svc.Faults.Next(invoke, http.StatusInternalServerError, accounttest.Times(-1))
		sent := desk.send(to, "https://example.com/", "")
		rest(6 * 24 * time.Hour)
		if got, err := desk.face.Sent(t.Context(), sent.ID); err != nil || got.State != localapi.SendWaiting {
			t.Errorf("after six days: %+v, %v", got, err)
		}
		rest(30 * time.Hour)
		got, err := desk.face.Sent(t.Context(), sent.ID)
		if err != nil || got.State != localapi.SendFailed || !got.NextTry.IsZero() {
			t.Errorf("after more than a week: %+v, %v", got, err)
		}
		told := 0
		for _, e := range events() {
			if e.Kind == localapi.SendGivenUp && e.Send != nil && e.Send.ID == sent.ID {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		w.svc.ForgetRequests()
		rest(24 * time.Hour)
		if n := w.count(invoke); n != 0 {
			t.Errorf("%d attempts after that", n)
		}
	})
}

// A face that does not look for a long time misses snapshots, but is told of every tab, in order.
func TestSlowFaceIsToldOfEveryTab(t *testing.T) {
	t.Parallel()
	const tabs = 70
	bubble(t, func(t *testing.T, w *world) {
		desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		slow := lap.agent.Watch(localapi.FaceNotify)
		defer slow.Close()
		for i := range tabs {
			desk.send(to, fmt.Sprintf("https://example.com/%d", i), "")
		}
		rest(time.Minute)
		u, ok := slow.Next(t.Context())
		if !ok || u.Snapshot.Inbox.Total != tabs || len(u.Snapshot.Inbox.Recent) != localapi.RecentEntries {
			t.Fatalf("the newest snapshot counts %d tabs", u.Snapshot.Inbox.Total)
		}
		told := 0
		for _, e := range u.Events {
			for _, entry := range e.Entries {
				if want := fmt.Sprintf("https://example.com/%d", told); entry.URL != want {
					t.Fatalf("told of %s, want %s", entry.URL, want)
				}
				told++
			}
		}
		if told != tabs {
			t.Errorf("told of %d tabs", told)
		}
	})
}
