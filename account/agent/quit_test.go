package agent_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
)

// quitLimit is how long the engine may take to end, whatever hangs; the faces have the rest of three
// seconds.
const quitLimit = 2 * time.Second

// deaf hears of nothing, not even that nobody waits any more.
type deaf struct{ released chan struct{} }

func (d deaf) RoundTrip(*http.Request) (*http.Response, error) {
	<-d.released
	return nil, errLost
}

func (d deaf) Watch(context.Context, func(wake.Event)) error {
	<-d.released
	return nil
}

func (d deaf) open(context.Context, string, string) error {
	<-d.released
	return nil
}

// silent ends with its request's context and answers nothing.
type silent struct{ http.RoundTripper }

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// Quitting takes no longer than its limit, whoever does not answer. What hangs is left behind.
func TestQuitWaitsForNobody(t *testing.T) {
	for name, hang := range map[string]func(t *testing.T, w *world, d deaf) *station{
		"the network watcher": func(_ *testing.T, w *world, d deaf) *station {
			return w.station("Desk", w.inBubble, func(p *agent.Params) { p.Wake = d }).run().signIn()
		},
		"the keyring": func(t *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble)
			desk.secrets.mood(nil, d.released)
			if _, err := desk.run().face.BeginSignIn(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			return desk
		},
		"the keyring of a locked store": func(_ *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble).run().signIn()
			desk.secrets.mood(nil, d.released)
			return desk.again()
		},
		"the keyring while data is deleted": func(t *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble).run().signIn()
			desk.secrets.mood(nil, d.released)
			if err := desk.face.SignOut(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			return desk
		},
		"the browser that opens a tab": func(t *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble, func(p *agent.Params) { p.Open = d.open }).run().signIn()
			lap := w.station("Laptop", w.inBubble).run().signIn()
			settings := desk.snapshot().Settings
			settings.Open, settings.OpenFrom = localapi.OpenFrom, []string{desk.alertable("Laptop").ID}
			if err := desk.face.SetSettings(t.Context(), settings); err != nil {
				t.Fatal(err)
			}
			lap.send(lap.alertable("Desk"), "https://example.com/", "")
			desk.await("the tab", func(s localapi.Snapshot) bool { return s.Inbox.Total == 1 })
			return desk
		},
		"the server": func(_ *testing.T, w *world, _ deaf) *station {
			desk := w.station("Desk", w.inBubble).run().signIn()
			desk.params.Transport = silent{}
			return desk.again()
		},
		"the server, deafly": func(_ *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble).run().signIn()
			desk.params.Transport = d
			return desk.again()
		},
		"the push service, deafly": func(_ *testing.T, w *world, d deaf) *station {
			desk := w.station("Desk", w.inBubble).run().signIn()
			desk.params.PushTransport = d
			return desk.again()
		},
		"the server, of one in memory only": func(_ *testing.T, w *world, _ deaf) *station {
			l := &line{}
			desk := w.station("Desk", w.inBubble, func(p *agent.Params) {
				p.Protection, l.next = localapi.MemoryOnly, p.Transport
				p.Transport = l
			}).run().signIn()
			l.mu.Lock()
			l.next = silent{}
			l.mu.Unlock()
			return desk
		},
		"the pairing service": func(t *testing.T, w *world, d deaf) *station {
			l := &line{}
			desk := w.station("Desk", w.inBubble, func(p *agent.Params) { l.next, p.Transport = p.Transport, l }).run().signIn()
			l.mu.Lock()
			l.next = d
			l.mu.Unlock()
			if err := desk.face.ShowPairing(t.Context()); err != nil {
				t.Fatal(err)
			}
			return desk
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				d := deaf{make(chan struct{})}
				desk := hang(t, w, d)
				rest(time.Second)
				events := desk.events()
				begun := time.Now()
				if err := desk.face.Quit(t.Context()); err != nil {
					t.Fatal(err)
				}
				select {
				case <-desk.ran:
				case <-time.After(time.Minute):
				}
				if took := time.Since(begun); took > quitLimit {
					t.Errorf("it took %v", took)
				}
				synctest.Wait()
				if got := events(); len(got) != 1 || got[0].Kind != localapi.Quitting {
					t.Errorf("faces were told %+v", got)
				}
				close(d.released)
				rest(time.Minute) // the abandoned go home
			})
		})
	}
}
