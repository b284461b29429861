package localapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// A summary is the snapshot it was made of, with less in it, and is said as that is.
func TestSummary(t *testing.T) {
	check := func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		whole := speaking()
		whole.Demo, whole.Account.State, whole.QuietUntil = true, localapi.SignedIn, time.Unix(1, 0).UTC()
		whole.Connection.Push.Connected, whole.Storage.Earlier.People = true, 2
		whole.Devices.Known, whole.Devices.Items = true, []localapi.Device{{ID: "a"}, {ID: "b"}}
		whole.Inbox.Unread, whole.Outbox.Waiting = 3, 4
		agent.Set(whole)
		c.Speak(func(language string, s localapi.Sentence) string { return language + " " + s.Said.Key })
		s, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := localapi.Summary{
			Demo: s.Demo, Account: s.Account, Connection: s.Connection, Storage: s.Storage, Devices: s.Devices.ListState, DeviceCount: 2,
			Unread: 3, Waiting: 4, Language: s.Settings.Language, QuietUntil: s.QuietUntil,
		}
		if got, err := c.Summary(t.Context()); err != nil || !reflect.DeepEqual(got, want) || want.Account.Cause != "de test.spoken" {
			t.Errorf("%+v, want %+v (%v)", got, want, err)
		}
	}
	throughEachDoor(t, check)
	t.Run("an agent that does not know the call", func(t *testing.T) {
		agent, _ := localapitest.New(t)
		known, asked := localapi.Handler(agent, noLog), []string{}
		pipe := localapi.NewPipe()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked = append(asked, r.URL.Path); r.URL.Path == "/v1/summary" {
				http.NotFound(w, r)
				return
			}
			known.ServeHTTP(w, r)
		})}
		go func() { _ = server.Serve(pipe) }() // ends with Close
		t.Cleanup(func() { _ = server.Close() })
		check(t, agent, pipe.Client())
		if want := []string{"/v1/snapshot", "/v1/summary", "/v1/snapshot"}; !reflect.DeepEqual(asked, want) {
			t.Errorf("asked for %q", asked)
		}
	})
}

// However much there is, a summary is short.
func TestASummaryIsShort(t *testing.T) {
	agent, _ := localapitest.New(t)
	s := full()
	for i := range 500 {
		s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: fmt.Sprint(i), Name: "Device"})
	}
	agent.Set(s)
	w := httptest.NewRecorder()
	localapi.Handler(agent, noLog).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://agent.tabferry.invalid/v1/summary", nil))
	if n := w.Body.Len(); w.Code != http.StatusOK || n > 700 {
		t.Errorf("status %d, %d bytes: %s", w.Code, n, w.Body)
	}
}
