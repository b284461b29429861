package agent_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// followed makes a station in whose place a program of another version lies.
func followed(w *world, version string, edit ...func(*agent.Params)) *station {
	return w.station("Desk", append(edit, w.inBubble, func(p *agent.Params) {
		p.Successor = func(context.Context) (string, error) {
			if version == "" {
				return "", errors.New("it does not start")
			}
			return version, nil
		}
	})...)
}

// gone reports whether the agent has ended.
func (s *station) gone() bool {
	synctest.Wait()
	select {
	case <-s.ran:
		return true
	default:
		return false
	}
}

func TestAnIdleAgentMakesRoomAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		desk := followed(w, "0.10.0", func(p *agent.Params) { p.Version = "0.9.0" }).run().signIn()
		watcher := desk.agent.Watch(localapi.FaceWindow)
		defer watcher.Close()
		for range 3 { // three faces ask
			if err := desk.face.Renew(t.Context(), "0.10.0"); err != nil && !desk.gone() {
				t.Fatal(err)
			}
		}
		rest(time.Second)
		if !desk.gone() || !desk.agent.Renewed() {
			t.Fatalf("gone: %v, for a successor: %v", desk.gone(), desk.agent.Renewed())
		}
		for {
			u, ok := watcher.Next(t.Context())
			if !ok {
				break
			}
			for _, e := range u.Events {
				if e.Kind == localapi.Quitting {
					t.Error("windows are told to end too")
				}
			}
		}
		if desk.again().await("being signed in", settled); desk.agent.Renewed() {
			t.Error("the next one is for a successor too")
		}
	})
}

func TestABusyAgentMakesRoomLater(t *testing.T) {
	for name, work := range map[string]func(t *testing.T, w *world, desk *station) (finish func()){
		"a sign-in": func(t *testing.T, _ *world, desk *station) func() {
			if _, err := desk.face.BeginSignIn(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := desk.face.CancelSignIn(t.Context()); err != nil {
					t.Error(err)
				}
			}
		},
		"a pairing": func(t *testing.T, _ *world, desk *station) func() {
			desk.signIn()
			if err := desk.face.ShowPairing(t.Context()); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := desk.face.CancelPairing(t.Context()); err != nil {
					t.Error(err)
				}
			}
		},
		"a send": func(t *testing.T, w *world, desk *station) func() {
			lap := w.station("Laptop", w.inBubble).run().signIn()
			desk.signIn()
			to := desk.alertable("Laptop")
			w.svc.Faults.Next(invoke, 0, accounttest.Delay(6500*time.Millisecond))
			desk.send(to, "https://example.com/", "")
			rest(time.Second) // what only waits may be sent by the next agent
			return func() {
				rest(21 * time.Second)
				if n := lap.snapshot().Inbox.Total; n != 1 {
					t.Errorf("%d tabs have arrived", n)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				desk := followed(w, "9.0.0").run()
				finish := work(t, w, desk)
				if err := desk.face.Renew(t.Context(), "9.0.0"); err != nil {
					t.Fatal(err)
				}
				rest(5 * time.Second)
				if desk.gone() {
					t.Fatal("it was broken off")
				}
				finish()
				rest(time.Second)
				if !desk.gone() || !desk.agent.Renewed() {
					t.Error("it does not make room after that")
				}
			})
		})
	}
}

func TestAnAgentThatDoesNotMakeRoom(t *testing.T) {
	for name, c := range map[string]struct {
		successor string
		protect   func(t *testing.T, desk *station)
	}{
		"the same lies there":      {successor: "1.0.0"},
		"an older one lies there":  {successor: "0.9.9"},
		"nothing that runs there":  {successor: ""},
		"no version":               {successor: "new"},
		"it keeps nothing":         {"9.0.0", func(t *testing.T, desk *station) { protect(t, desk, localapi.MemoryOnly, "") }},
		"a passphrase has to come": {"9.0.0", func(t *testing.T, desk *station) { protect(t, desk, localapi.ProtectedByPassphrase, "open sesame") }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				desk := followed(w, c.successor, func(p *agent.Params) {
					p.Version = "1.0.0"
					if c.protect != nil {
						p.Secrets = nil
					}
				}).run()
				if c.protect != nil {
					c.protect(t, desk)
				}
				err := desk.face.Renew(t.Context(), "9.0.0")
				var refusal *localapi.Error
				if !errors.As(err, &refusal) || refusal.Code != localapi.CodeConflict || refusal.Hint == "" {
					t.Errorf("got %v", err)
				}
				rest(time.Minute)
				if desk.gone() {
					t.Error("it has gone")
				}
			})
		})
	}
}

func protect(t *testing.T, desk *station, p localapi.Protection, passphrase string) {
	t.Helper()
	if err := desk.face.Protect(t.Context(), p, passphrase); err != nil {
		t.Fatal(err)
	}
}
