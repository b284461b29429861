package agent_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

const invoke = "POST /v1/account/devices/invoke_command"

func TestSendStates(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	events := desk.events()

	w.svc.Push().AnswerEndpoints(http.StatusGone)
	off := desk.send(to, "https://example.com/push-off", "")
	if got := desk.awaitSent(off.ID, localapi.SendPushOff, localapi.SendAlerted, localapi.SendAccepted, localapi.SendFailed); got.State != localapi.SendPushOff {
		t.Errorf("with a dead endpoint the tab is %+v", got)
	}
	w.svc.Push().AnswerEndpoints(0)

	long := desk.send(to, "https://example.com/"+strings.Repeat("x", 20_000), "")
	if got := desk.awaitSent(long.ID, localapi.SendFailed); !strings.Contains(got.Reason, "too long") || !got.NextTry.IsZero() {
		t.Errorf("a tab that is too long is %+v", got)
	}
	if e := desk.awaitEvent(events, localapi.SendGivenUp); e.Send == nil || e.Send.ID != long.ID {
		t.Errorf("the event is %+v", e)
	}

	w.svc.Faults.Next(invoke, http.StatusServiceUnavailable, accounttest.RetryAfter(300))
	busy := desk.send(to, "https://example.com/busy", "")
	desk.await("the server's wish to wait", func(s localapi.Snapshot) bool {
		e, until := s.Outbox.Recent[0], s.Connection.BackoffUntil
		return e.ID == busy.ID && e.State == localapi.SendWaiting && !until.IsZero() &&
			!e.NextTry.Before(until) && e.NextTry.Before(until.Add(30*time.Second+time.Second)) // up to a tenth is spread
	})
	if err := lap.face.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

// A request whose answer is lost is repeated, and both ends can tell.
func TestLostAnswer(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	w.svc.Faults.Next(invoke, 0, accounttest.LoseReply())
	sent := desk.send(to, "https://example.com/twice", "")
	desk.await("the lost answer", func(s localapi.Snapshot) bool {
		return len(s.Outbox.Recent) == 1 && s.Outbox.Recent[0].MayBeTwice && s.Outbox.Recent[0].State == localapi.SendWaiting && !s.Outbox.Recent[0].NextTry.IsZero()
	})
	if err := desk.face.Retry(t.Context(), sent.ID); err != nil {
		t.Fatal(err)
	}
	if got := desk.awaitSent(sent.ID, localapi.SendAlerted); !got.MayBeTwice || got.Reason != "" {
		t.Errorf("sent as %+v", got)
	}
	lap.await("both copies", func(s localapi.Snapshot) bool { return s.Inbox.Total == 2 })
}

// Without a network sends wait, survive a restart, and leave in order when it is back.
func TestOffline(t *testing.T) {
	w := newWorld(t)
	var wire line
	desk, lap := w.station("Desk", online(t, &wire)).run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	wire.pull(true)
	first := desk.send(to, "https://example.com/1", "")
	desk.await("the failure", func(s localapi.Snapshot) bool {
		return !s.Connection.Online && s.Outbox.Recent[0].Reason != "" && !s.Outbox.Recent[0].NextTry.IsZero()
	})
	desk.send(to, "https://example.com/2", "")
	desk.send(to, "https://example.com/3", "")
	desk.again()
	snap := desk.await("the restart", func(s localapi.Snapshot) bool { return s.Account.State == localapi.SignedIn })
	if snap.Outbox.Waiting != 3 || !snap.Devices.Known || snap.Account.Email == "" {
		t.Errorf("after a restart without network: %s", describe(snap))
	}
	wire.pull(false)
	if err := desk.face.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := desk.awaitSent(first.ID, localapi.SendAlerted); got.MayBeTwice {
		t.Errorf("a request that never left is marked: %+v", got)
	}
	lap.await("all three", func(s localapi.Snapshot) bool { return s.Inbox.Total == 3 })
	for i, entry := range lap.inbox() {
		if want := []string{"3", "2", "1"}[i]; !strings.HasSuffix(entry.URL, want) {
			t.Errorf("entry %d is %s, want the one on %s", i, entry.URL, want)
		}
	}
	desk.await("the end of all waiting", func(s localapi.Snapshot) bool { return s.Connection.Online && s.Outbox.Waiting == 0 })
}

func TestSendRefusals(t *testing.T) {
	w := newWorld(t)
	desk := w.station("Desk").run()
	send := func(devices []string, links ...string) error {
		var r localapi.SendRequest
		for _, l := range links {
			r.Links = append(r.Links, localapi.Link{URL: l})
		}
		r.Devices = devices
		_, err := desk.face.Send(t.Context(), r)
		return err
	}
	if err := send([]string{"x"}, "https://example.com"); code(err) != localapi.CodeNotSignedIn {
		t.Errorf("signed out: %v", err)
	}
	desk.signIn()
	lap := w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	own := desk.snapshot().Account.DeviceID
	for name, c := range map[string]struct {
		devices []string
		links   []string
		want    localapi.Code
	}{
		"no link":               {[]string{to.ID}, nil, localapi.CodeUsage},
		"no device":             {nil, []string{"https://example.com"}, localapi.CodeUsage},
		"no scheme":             {[]string{to.ID}, []string{"example.com"}, localapi.CodeUsage},
		"a sentence":            {[]string{to.ID}, []string{"https://example.com is nice"}, localapi.CodeUsage},
		"one bad among good":    {[]string{to.ID}, []string{"https://example.com", ""}, localapi.CodeUsage},
		"an unknown device":     {[]string{"0123"}, []string{"https://example.com"}, localapi.CodeNoDevice},
		"itself":                {[]string{own}, []string{"https://example.com"}, localapi.CodeNoDevice},
		"one bad device of two": {[]string{to.ID, "0123"}, []string{"https://example.com"}, localapi.CodeNoDevice},
	} {
		if err := send(c.devices, c.links...); code(err) != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if n := len(desk.snapshot().Outbox.Recent); n != 0 {
		t.Errorf("%d entries were queued all the same", n)
	}
	// A device that leaves while something waits for it.
	held, err := desk.face.Send(t.Context(), localapi.SendRequest{
		Links: []localapi.Link{{URL: "https://example.com/gone"}}, Devices: []string{to.ID}, Hold: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	lost := held[0]
	if err := lap.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := desk.face.Retry(t.Context(), lost.ID); err != nil {
		t.Fatal(err)
	}
	if got := desk.awaitSent(lost.ID, localapi.SendFailed); !strings.Contains(got.Reason, "no longer") {
		t.Errorf("for a device that left: %+v", got)
	}
	for _, do := range []func() error{
		func() error { return desk.face.Undo(t.Context(), "000000000000000000000000") },
		func() error { return desk.face.Retry(t.Context(), "000000000000000000000000") },
	} {
		if err := do(); code(err) != localapi.CodeNotFound {
			t.Errorf("an unknown entry: %v", err)
		}
	}
	if _, err := desk.face.Sent(t.Context(), "0"); code(err) != localapi.CodeNotFound {
		t.Errorf("an unknown entry: %v", err)
	}
	if err := desk.face.DeleteSent(t.Context(), lost.ID); err != nil {
		t.Error(err)
	}
	if list, err := desk.face.Outbox(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("the outbox holds %+v, %v", list, err)
	}
}

func TestCloseTabs(t *testing.T) {
	w := newWorld(t)
	desk, lap := w.station("Desk").run().signIn(), w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	events := lap.events()
	entries, err := desk.face.Send(t.Context(), localapi.SendRequest{
		Links: []localapi.Link{{URL: "https://example.com/old"}}, Devices: []string{to.ID}, Close: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := desk.awaitSent(entries[0].ID, localapi.SendAlerted, localapi.SendAccepted); !got.Close || got.State != localapi.SendAlerted {
		t.Errorf("sent as %+v", got)
	}
	lap.await("the request", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
	e := lap.awaitEvent(events, localapi.CloseRequested)
	if len(e.Entries) != 1 || e.Entries[0].Kind != localapi.KindClose || e.Entries[0].URLs[0] != "https://example.com/old" || e.Entries[0].From != "Desk" {
		t.Errorf("the event is %+v", e)
	}
}
