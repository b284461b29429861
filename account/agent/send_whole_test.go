package agent_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// One call names devices as a person does and answers with what the server said.
func TestSendInOneCall(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		offered := make(chan localapi.Desktop, 100)
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) {
			p.Version, p.Desktop = "1.0.0", func(d localapi.Desktop) { offered <- d }
		}).run().signIn()
		w.station("Laptop", w.inBubble).run().signIn()
		w.station("Lappland", w.inBubble).run().signIn()
		desk.alertable("Lappland")
		to := desk.alertable("Laptop")
		send := func(to localapi.Choice, wait time.Duration) ([]localapi.OutboxEntry, error) {
			return desk.face.Send(t.Context(), localapi.SendRequest{
				Links: []localapi.Link{{URL: "https://example.com/"}}, To: &to, WaitMillis: int(wait.Milliseconds()),
				Start: &localapi.Start{Version: "1.0.0", Desktop: localapi.Desktop{Display: ":7"}},
			})
		}
		for name, c := range map[string]struct {
			to   localapi.Choice
			code localapi.Code
			n    int
		}{
			"a beginning":          {localapi.Choice{Names: []string{"LAPT"}}, "", 1},
			"a name and its id":    {localapi.Choice{Names: []string{"laptop", to.ID}}, "", 1},
			"all":                  {localapi.Choice{All: true}, "", 2},
			"several":              {localapi.Choice{Names: []string{"lap"}}, localapi.CodeNoDevice, 0},
			"none":                 {localapi.Choice{Names: []string{"phone"}}, localapi.CodeNoDevice, 0},
			"no name":              {localapi.Choice{Names: []string{" "}}, localapi.CodeNoDevice, 0},
			"this one":             {localapi.Choice{Names: []string{"Desk"}}, localapi.CodeNoDevice, 0},
			"one good and one not": {localapi.Choice{Names: []string{"laptop", "phone"}}, localapi.CodeNoDevice, 0},
		} {
			entries, err := send(c.to, localapi.MaxSendWait)
			if (err != nil) != (c.code != "") || err != nil && code(err) != c.code || len(entries) != c.n {
				t.Errorf("%s: %d entries, %v", name, len(entries), err)
			}
			for _, e := range entries {
				if e.State != localapi.SendAlerted {
					t.Errorf("%s: the answer says %+v", name, e)
				}
			}
		}
		if d := <-offered; d.Display != ":7" {
			t.Errorf("the desktop offered is %v", d)
		}
		if entries, err := send(localapi.Choice{}, 0); err != nil || len(entries) != 1 || entries[0].State != localapi.SendWaiting {
			t.Errorf("without waiting: %+v, %v", entries, err)
		}
		time.Sleep(time.Second)
		w.svc.Faults.Next(invoke, http.StatusServiceUnavailable, accounttest.RetryAfter(300))
		begun := time.Now()
		entries, err := send(localapi.Choice{Names: []string{"laptop"}}, 3*time.Second)
		if took := time.Since(begun); err != nil || took != 3*time.Second || entries[0].State != localapi.SendWaiting || entries[0].NextTry.IsZero() {
			t.Errorf("a server that asks to wait: after %v %+v, %v", took, entries, err)
		}
		go func() { time.Sleep(time.Second); _ = desk.face.Quit(t.Context()) }()
		begun = time.Now()
		if entries, err = send(localapi.Choice{Names: []string{"laptop"}}, localapi.MaxSendWait); err != nil || time.Since(begun) > 2*time.Second || entries[0].State != localapi.SendWaiting {
			t.Errorf("an agent that quits: after %v %+v, %v", time.Since(begun), entries, err)
		}
	})
}

// Who calls with another version is told so before anything is done.
func TestSendOfAnotherVersion(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Version = "1.0.0" }).run().signIn()
		r := localapi.SendRequest{Links: []localapi.Link{{URL: "https://example.com/"}}, To: &localapi.Choice{}, Start: &localapi.Start{Version: "1.0.1"}}
		if _, err := desk.face.Send(t.Context(), r); code(err) != localapi.CodeUnsupported || len(desk.snapshot().Outbox.Recent) != 0 {
			t.Errorf("refused with %v", err)
		}
		r.Start, r.WaitMillis = nil, 21_000
		if _, err := desk.face.Send(t.Context(), r); code(err) != localapi.CodeUsage {
			t.Errorf("a longer wait is refused with %v", err)
		}
		r.WaitMillis, r.Devices = 0, []string{"x"}
		if _, err := desk.face.Send(t.Context(), r); code(err) != localapi.CodeUsage {
			t.Errorf("devices both ways are refused with %v", err)
		}
	})
}

// Nobody waits until the sender's desktop has been looked at: not the request, not the answer.
func TestADesktopThatHangsHoldsUpNoSend(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		looking, looked := make(chan string, 10), make(chan struct{})
		desk := w.station("Desk", w.inBubble, func(p *agent.Params) {
			p.Version, p.Desktop = "1.0.0", func(d localapi.Desktop) { looking <- d.Display; <-looked }
		}).run().signIn()
		w.station("Laptop", w.inBubble).run().signIn()
		to := desk.alertable("Laptop")
		for _, display := range []string{":7", ":8", ":9"} {
			entries, err := desk.face.Send(t.Context(), localapi.SendRequest{
				Links: []localapi.Link{{URL: "https://example.com/"}}, Devices: []string{to.ID}, WaitMillis: 1000,
				Start: &localapi.Start{Version: "1.0.0", Desktop: localapi.Desktop{Display: display}},
			})
			if err != nil || entries[0].State != localapi.SendAlerted {
				t.Errorf("%+v, %v", entries, err)
			}
			rest(time.Second)
		}
		close(looked)
		rest(time.Second)
		if first, second := <-looking, <-looking; first != ":7" || second != ":8" || len(looking) > 0 {
			t.Errorf("looked at %s, %s and %d more", first, second, len(looking))
		}
	})
}
