package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

const nothingGathered = `{"commands_sent":[],"commands_received":[]}`

// TestMetricsGate sends a tab and a request to close one after each thing that closes the gate, and looks
// at what the receiver was told and what is left of what was collected before.
func TestMetricsGate(t *testing.T) {
	t.Parallel()
	allow := true
	for name, c := range map[string]struct {
		close func(t *testing.T, s *accounttest.Service, person *accounttest.Account, m *member)
		open  bool
	}{
		"nothing closes it": {func(*testing.T, *accounttest.Service, *accounttest.Account, *member) {}, true},
		"the profile says no": {func(t *testing.T, _ *accounttest.Service, person *accounttest.Account, m *member) {
			person.SetMetrics(false)
			fetchProfile(t, m)
		}, false},
		"the profile does not say": {func(t *testing.T, _ *accounttest.Service, person *accounttest.Account, m *member) {
			person.HideMetrics()
			fetchProfile(t, m)
		}, false},
		"the setting": {func(_ *testing.T, _ *accounttest.Service, _ *accounttest.Account, m *member) {
			allow = false
			m.ForgetTelemetry()
		}, false},
		"an opt-out event": {func(t *testing.T, _ *accounttest.Service, _ *accounttest.Account, m *member) {
			ok(t, "MetricsOptedOut", m.MetricsOptedOut(t.Context()))
		}, false},
		"a profile that is out of date": {func(_ *testing.T, _ *accounttest.Service, _ *accounttest.Account, m *member) {
			m.clock.advance(27 * time.Hour)
		}, false},
		"a profile told to have changed": {func(t *testing.T, _ *accounttest.Service, _ *accounttest.Account, m *member) {
			_, err := m.HandlePush(t.Context(), []byte(`{"version":1,"command":"fxaccounts:profile_updated","data":{}}`))
			ok(t, "HandlePush", err)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			allow = true
			s, person, from, to := counted(t, func(string) bool { return allow })
			from.send(to, "x", "https://example.com/")
			to.poll()
			c.close(t, s, person, from)
			if from.MetricsOpen() != c.open {
				t.Errorf("open is %v", from.MetricsOpen())
			}
			from.send(to, "y", "https://example.com/")
			if _, err := from.CloseTabs(t.Context(), to.id(), []string{"https://example.com/"}); err != nil {
				t.Fatal(err)
			}
			for _, command := range to.poll() {
				var ids string
				switch c := command.(type) {
				case *account.TabReceived:
					ids = c.Payload.FlowID + c.Payload.StreamID
				case *account.TabsClosed:
					ids = c.Payload.FlowID + c.Payload.StreamID
				}
				if (ids != "") != c.open {
					t.Errorf("a %T with the ids %q", command, ids)
				}
			}
			text, err := from.GatherTelemetry()
			ok(t, "GatherTelemetry", err)
			if (string(text) != nothingGathered) != c.open || c.open && strings.Count(string(text), "flow_id") != 3 {
				t.Errorf("gathered %s", text)
			}
		})
	}
}

// counted is pair with people who allow usage data, as far as allows says.
func counted(t testing.TB, allows func(string) bool) (s *accounttest.Service, person *accounttest.Account, from, to *member) {
	t.Helper()
	s = accounttest.New(t)
	person = s.NewAccount("ferry@example.com", "a long password")
	for _, m := range []struct {
		name string
		is   **member
	}{{"laptop", &from}, {"phone", &to}} {
		*m.is = join(t, s, person, m.name, account.WithMetricsGate(allows))
		fetchProfile(t, *m.is)
	}
	return s, person, from, to
}

func fetchProfile(t testing.TB, m *member) {
	t.Helper()
	_, err := m.Profile(t.Context(), account.Fresh())
	ok(t, "Profile", err)
}

// A library user who says nothing about usage data makes none.
func TestMetricsGateIsClosedByDefault(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	fetchProfile(t, from)
	from.send(to, "x", "https://example.com/")
	if tab := to.poll()[0].(*account.TabReceived); tab.Payload.FlowID != "" || tab.Payload.StreamID != "" {
		t.Errorf("sent with %q and %q", tab.Payload.FlowID, tab.Payload.StreamID)
	}
	if text, err := from.GatherTelemetry(); err != nil || string(text) != nothingGathered {
		t.Errorf("gathered %s, %v", text, err)
	}
	_, err := from.MetricsFlow(t.Context(), hammerFlow)
	want(t, "MetricsFlow", err, account.ErrMetricsOff)
}

// TestMetricsAcross: the word of a profile counts in the process that fetched it, and a 304 confirms it;
// what was collected does not outlive a sign-out, and a refusal outlives it.
func TestMetricsAcross(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	a, saved := s.signedIn()
	profile := func(a *account.Account, open bool) {
		t.Helper()
		_, err := a.Profile(t.Context(), account.Fresh())
		ok(t, "Profile", err)
		if a.MetricsOpen() != open {
			t.Errorf("after a profile it is open: %v", a.MetricsOpen())
		}
	}
	profile(a, true)
	a = s.restore(saved.last(), account.WithSaver(saved))
	if a.MetricsOpen() {
		t.Error("open after a restart, before anybody was asked")
	}
	s.service.ForgetRequests()
	profile(a, true)
	if got := s.service.Requests("GET /v1/profile"); len(got) != 1 || got[0].Status != 304 {
		t.Errorf("asked %+v", got)
	}
	if _, err := a.MetricsFlow(t.Context(), hammerFlow); err != nil {
		t.Errorf("MetricsFlow: %v", err)
	}
	ok(t, "MetricsOptedOut", a.MetricsOptedOut(context.Background()))
	s.service.ForgetRequests()
	profile(a, true) // the event was about something that is over
	if got := s.service.Requests("GET /v1/profile"); len(got) != 1 || got[0].Status != 200 {
		t.Errorf("asked %+v", got)
	}
	s.owner.SetMetrics(false)
	profile(a, false)
	ok(t, "Disconnect", a.Disconnect(t.Context()))
	_, err := a.MetricsFlow(t.Context(), hammerFlow)
	want(t, "MetricsFlow after a no", err, account.ErrMetricsOff)
	_, err = s.restore(saved.last()).MetricsFlow(t.Context(), hammerFlow)
	want(t, "MetricsFlow after a no and a restart", err, account.ErrMetricsOff)
	if got := s.service.Requests("GET /metrics-flow"); len(got) != 0 {
		t.Errorf("%d requests all the same", len(got))
	}
	s.owner.SetMetrics(true)
	s.signIn(a)
	profile(a, true)
}
