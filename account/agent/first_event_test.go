package agent

import (
	"context"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// Signing out at once after a start ends the request that the start makes. When it came between the beginning of that
// and the account's first event, chance decided whether the account had one: without it no other event fits, and
// signing out said that something went wrong, again and again until the next start.
func TestSignOutJustAsTheAgentHasStarted(t *testing.T) {
	svc := accounttest.New(t)
	memory := inMemory(t)
	stationOn(t, memory, svc).signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	var s station
	for range 20 {
		s = stationOn(t, memory, svc)
		begun, cancel := context.WithCancel(t.Context())
		cancel()
		s.work.initialise(begun)
		if state := s.work.acct.State(); state.Kind != account.Connected {
			t.Fatalf("the account is %v", state)
		}
	}
	defer s.agent.endLife() // the work of the next person waits for a storage that does not run here
	if err := s.work.revoker.SignOut(t.Context(), false); err != nil {
		t.Errorf("signing out: %v", err)
	}
	if state := s.work.acct.AuthState(); state != account.AuthStateDisconnected {
		t.Errorf("the account is %v", state)
	}
}

// What the start asks the server does not hold up who signs out, however early that is.
func TestSignOutEndsWhatTheStartAsks(t *testing.T) {
	svc := accounttest.New(t)
	memory := inMemory(t)
	first := stationOn(t, memory, svc)
	first.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	if _, err := first.work.acct.EnsureCapabilities(t.Context(), capabilities[:1]); err != nil { // so that there is something to ask
		t.Fatal(err)
	}
	s := stationOn(t, memory, svc)
	svc.Faults.Next("*", 0, accounttest.Delay(time.Hour), accounttest.Times(100))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.work.Start(ctx)
	s.work.calls.End()
	select {
	case <-s.work.known:
	case <-time.After(patience):
		t.Error("the start waits for the server")
	}
	svc.Faults.Clear()
}
