package agent_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/mailbox"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// operator is whoever owns the client id, with a receiver and a mailbox at events.example. It is a transport
// to there, and to the accounts server for everything else.
type operator struct {
	next http.RoundTripper
	mux  *http.ServeMux
}

func (o *operator) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "events.example" {
		return o.next.RoundTrip(r)
	}
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	in.RemoteAddr = "192.0.2.1:1"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	o.mux.ServeHTTP(w, in)
	return w.Result(), nil
}

// newOperator opens a mailbox for the events of our client.
func newOperator(t *testing.T, w *world, o *operator) *operator {
	t.Helper()
	transport := w.svc.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	box, err := mailbox.Open(mailbox.Params{
		Path: filepath.Join(t.TempDir(), "events.db"), Issuer: w.svc.URL(), ClientID: accounttest.ReferenceClientID, HTTP: client, Clock: kit.System(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	receiver, err := events.New(events.Params{Issuer: w.svc.URL(), ClientID: accounttest.ReferenceClientID, Sink: box, HTTP: client})
	if err != nil {
		t.Fatal(err)
	}
	o.next, o.mux = transport, http.NewServeMux()
	o.mux.Handle("/hook", receiver)
	o.mux.Handle("/v1/events", box)
	w.svc.SetWebhook(accounttest.ReferenceClientID, "https://events.example/hook")
	return o
}

// TestEventsReachTheAgent: what happens to the account reaches the agent by way of the accounts server's
// webhook, the operator's mailbox and a fetch, though no push tells of it.
func TestEventsReachTheAgent(t *testing.T) {
	t.Parallel()
	o := new(operator)
	bubbleWith(t, []accounttest.Option{accounttest.WithWebhookTransport(o)}, func(t *testing.T, w *world) {
		newOperator(t, w, o)
		s := w.station("desk", func(p *agent.Params) {
			w.inBubble(p)
			p.PushTransport, p.Transport = p.Transport, o
			p.Service.EventsServer = "https://events.example"
		}).run().signIn()
		if got, err := s.face.FetchEvents(t.Context()); err != nil || len(got) != 0 {
			t.Fatalf("at first: %v %v", got, err)
		}
		w.svc.Push().AnswerEndpoints(http.StatusInternalServerError) // no push arrives
		w.acct.SetEmail("new@example.com")
		w.acct.ChangePassword()
		got, err := s.face.FetchEvents(t.Context())
		if err != nil || !slices.Equal(eventNames(got), []string{"profile-change", "password-change"}) {
			t.Fatalf("fetched %v, %v", got, err)
		}
		s.await("the sign-in to have ended", func(snap localapi.Snapshot) bool { return snap.Account.State == localapi.NeedsSignIn })
	})
}

// TestDeletedAccountByEvent: an account that was deleted is found out by fetching events, whether the
// events server still believes our token or has learned that it is dead; everything of the person goes.
func TestDeletedAccountByEvent(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]time.Duration{"by the event": 0, "by the refusal": 2 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			o := new(operator)
			bubbleWith(t, []accounttest.Option{accounttest.WithWebhookTransport(o)}, func(t *testing.T, w *world) {
				newOperator(t, w, o)
				s := w.station("desk", func(p *agent.Params) {
					w.inBubble(p)
					p.PushTransport, p.Transport = p.Transport, o
					p.Service.EventsServer = "https://events.example"
				}).run().signIn()
				if got, err := s.face.FetchEvents(t.Context()); err != nil || len(got) != 0 {
					t.Fatalf("at first: %v %v", got, err)
				}
				w.svc.Push().AnswerEndpoints(http.StatusInternalServerError) // no push arrives
				told := s.events()
				w.acct.Delete()
				time.Sleep(later)
				got, err := s.face.FetchEvents(t.Context())
				if later == 0 && (err != nil || !slices.Equal(eventNames(got), []string{"delete-user"})) || later > 0 && err == nil {
					t.Errorf("fetched %v, %v", got, err)
				}
				s.awaitEvent(told, localapi.AccountDeleted)
				snap := s.await("nobody to be signed in", func(snap localapi.Snapshot) bool { return snap.Account.State == localapi.SignedOut })
				if snap.Account.UID != "" || snap.Account.Email != "" {
					t.Errorf("left: %+v", snap.Account)
				}
			})
		})
	}
}

func eventNames(list []localapi.AccountEvent) []string {
	var names []string
	for _, e := range list {
		names = append(names, e.Event)
	}
	return names
}

// TestMissedWhileAsleep: after a suspend, in which pushes were lost, the profile is what it is now; and a
// sign-in that ended is found to have, also by an agent that never sleeps, within the day.
func TestMissedWhileAsleep(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		system := wake.NewManual()
		s := w.station("desk", w.inBubble, func(p *agent.Params) { p.Wake = system }).run().signIn()
		w.svc.Push().AnswerEndpoints(http.StatusInternalServerError) // no push arrives
		w.acct.SetEmail("new@example.com")
		synctest.Wait()
		if got := s.snapshot().Account.Email; got != "someone@example.com" {
			t.Fatalf("told by somebody else: %s", got)
		}
		if err := system.Send(t.Context(), wake.Resumed); err != nil {
			t.Fatal(err)
		}
		s.await("the new address", func(snap localapi.Snapshot) bool { return snap.Account.Email == "new@example.com" })
		w.acct.RevokeTokens(accounttest.ReferenceClientID)
		time.Sleep(27 * time.Hour)
		synctest.Wait()
		if got := s.snapshot().Account.State; got != localapi.NeedsSignIn {
			t.Errorf("a day after the tokens were revoked: %s", got)
		}
	})
}
