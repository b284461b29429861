package agent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// An agent that has not said a word to anybody claims no contact, and neither that it has lost any.
func TestNoContactIsClaimed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run()
		rest(time.Hour)
		if c := desk.snapshot().Connection; c.Online || c.Lost() || !c.Since.IsZero() || !c.LastContact.IsZero() || c.Problem != "" || w.count() != 0 {
			t.Errorf("%d requests, and %+v", w.count(), c)
		}
		text, err := desk.face.Diagnostics(t.Context())
		if err != nil || !strings.Contains(text, "last contact:          never") {
			t.Errorf("%v: %s", err, text)
		}
	})
}

// Why somebody has to sign in again is still known after a restart.
func TestCauseOutlivesARestart(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		w.acct.ChangePassword()
		rest(time.Minute)
		before := desk.snapshot().Account
		rest(time.Second)
		desk.again()
		rest(time.Minute)
		after := desk.snapshot().Account
		if before.State != localapi.NeedsSignIn || before.Cause == "" || after.State != before.State || after.Cause != before.Cause {
			t.Errorf("%q, %q; after a restart %q, %q", before.State, before.Cause, after.State, after.Cause)
		}
	})
}

// What is said of the push connection is of that connection: a message that came over an earlier one is not
// told beside the time at which this one was made.
func TestFactsOfOneConnection(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		w.acct.SendPush("fxaccounts:profile_updated", nil)
		rest(time.Minute)
		if p := desk.snapshot().Connection.Push; p.LastMessage.Before(p.ConnectedSince) {
			t.Errorf("after a message: %+v", p)
		}
		w.svc.Push().Cut()
		rest(5 * time.Minute)
		p := desk.snapshot().Connection.Push
		if !p.Connected || !p.LastMessage.IsZero() && p.LastMessage.Before(p.ConnectedSince) || !p.LastPong.IsZero() && p.LastPong.Before(p.ConnectedSince) {
			t.Errorf("over another connection: %+v", p)
		}
	})
}

// A sign-out tells its log of nothing that has not happened.
func TestSignOutLog(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Minute)
		if err := desk.face.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		rest(time.Minute)
		for _, claim := range []string{"usage data", "failed", "collected"} {
			if log := desk.log.text(); strings.Contains(log, claim) {
				t.Errorf("the log speaks of %q:\n%s", claim, log)
			}
		}
	})
}
