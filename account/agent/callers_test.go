package agent_test

import (
	"testing"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What an extension sends is counted with it, also over a restart, and what it sent goes with the person
// who leaves; what the person decided stays with the installation.
func TestExtensionsAreCounted(t *testing.T) {
	const ours, theirs = "firefox:ours@x.example", "firefox:tree@x.example"
	w := newWorld(t)
	desk := w.station("Desk", func(p *agent.Params) { p.OwnCallers = []string{ours} }).run().signIn()
	w.station("Laptop").run().signIn()
	to := desk.alertable("Laptop")
	admit := func() error {
		_, err := desk.face.Admit(t.Context(), localapi.AdmitRequest{ID: theirs, Via: ours, Purpose: localapi.PurposeSend, Links: 1})
		return err
	}
	if err := admit(); code(err) != localapi.CodeAsk {
		t.Errorf("before the person's answer: %v", err)
	}
	if _, err := desk.face.ChangeCaller(t.Context(), localapi.CallerChange{ID: theirs, Decision: localapi.CallerAllowed}); err != nil {
		t.Fatal(err)
	}
	if err := admit(); err != nil {
		t.Errorf("allowed: %v", err)
	}
	sent, err := desk.face.Send(t.Context(), localapi.SendRequest{
		Links: []localapi.Link{{URL: "https://a.example/?q"}, {URL: "https://b.example/"}}, Devices: []string{to.ID}, Caller: theirs,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range sent {
		desk.awaitSent(e.ID, localapi.SendAlerted, localapi.SendAccepted)
	}
	// A send that is refused is none.
	if _, err := desk.face.Send(t.Context(), localapi.SendRequest{Links: []localapi.Link{{URL: "https://a.example/"}}, Devices: []string{"nobody"}, Caller: theirs}); code(err) != localapi.CodeNoDevice {
		t.Errorf("to nobody: %v", err)
	}
	counted := func(when string, links int, host string) {
		t.Helper()
		s := desk.await("the extension "+when, func(s localapi.Snapshot) bool { return len(s.Callers) == 1 && s.Callers[0].LastHost == host })
		if c := s.Callers[0]; c.ID != theirs || c.Decision != localapi.CallerAllowed || c.Links != links || c.LastSent.IsZero() {
			t.Errorf("%s: %+v", when, c)
		}
	}
	counted("at first", 2, "b.example")
	desk = desk.again()
	counted("after a restart", 2, "b.example")
	if err := desk.face.SignOut(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	counted("after the sign-out", 2, "")
}

// However a sign-in ends, nobody reads afterwards where an extension sent something; of an account that was deleted
// not even how much.
func TestWhatExtensionsSentGoesWithThePerson(t *testing.T) {
	const ours = "firefox:ours@x.example"
	for name, end := range map[string]func(w *world, desk *station){
		"deleted":                 func(w *world, _ *station) { w.acct.Delete() },
		"disconnected by another": func(w *world, desk *station) { w.acct.DeleteDevice(desk.snapshot().Account.DeviceID) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			desk := w.station("Desk", func(p *agent.Params) { p.OwnCallers = []string{ours} }).run().signIn()
			w.station("Laptop").run().signIn()
			to := desk.alertable("Laptop")
			if err := desk.face.RenameDevice(t.Context(), "Office"); err != nil { // something is left to be kept
				t.Fatal(err)
			}
			order := localapi.SendRequest{Links: []localapi.Link{{URL: "https://hospital.example/"}}, Devices: []string{to.ID}, Caller: ours}
			if _, err := desk.face.Send(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			desk.await("what it sent", func(s localapi.Snapshot) bool { return len(s.Callers) == 1 && s.Callers[0].LastHost != "" })
			end(w, desk)
			for _, when := range []string{"at the end", "after a restart"} {
				s := desk.await("nothing of it "+when, func(s localapi.Snapshot) bool {
					return s.Account.State == localapi.SignedOut && len(s.Callers) == 1 && s.Callers[0].LastHost == ""
				})
				if c := s.Callers[0]; name == "deleted" && (c.Links != 0 || !c.LastSent.IsZero()) {
					t.Errorf("%s: %+v", when, c)
				}
				desk = desk.again()
			}
		})
	}
}
