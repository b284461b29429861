package notify

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestClosingIsToldOnce: another device asks to close tabs.
func TestClosingIsToldOnce(t *testing.T) {
	closing := tab("1", "Phone", "", "")
	closing.Kind, closing.URLs = localapi.KindClose, []string{"https://one.test/x?secret=1", "https://two.test/", "https://one.test/y"}
	play(t, true, func(t *testing.T, s *stage) {
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{{Kind: localapi.CloseRequested, Entries: []localapi.InboxEntry{closing}}}})
		n := s.last(t, 1)
		if n.Kind != KindClose || n.Title != "Phone asks to close 3 tabs" || n.Body != "one.test\ntwo.test" {
			t.Errorf("%+v", n)
		}
		s.respond(Response{Serial: n.Serial, Action: ActionShow})
		s.wantDone(t, "show inbox")
	})
}

// TestSendIsTold: one notification follows a send of the tray's to its end, and takes it back if wanted.
func TestSendIsTold(t *testing.T) {
	entry := func(state localapi.SendState, edit ...func(*localapi.OutboxEntry)) localapi.OutboxEntry {
		e := localapi.OutboxEntry{ID: "o1", To: "Tablet", Host: "example.com", State: state}
		for _, f := range edit {
			f(&e)
		}
		return e
	}
	held := func(e *localapi.OutboxEntry) { e.HeldUntil = time.Now().Add(localapi.HoldTime) }
	queued := func(e localapi.OutboxEntry) localapi.Update {
		return localapi.Update{Snapshot: localapi.Snapshot{Settings: on(), Outbox: localapi.Outbox{Recent: []localapi.OutboxEntry{e}}}, Events: []localapi.Event{{Kind: localapi.SendQueued, Send: &e}}}
	}
	became := func(e localapi.OutboxEntry) localapi.Update { u := queued(e); u.Events = nil; return u }
	play(t, true, func(t *testing.T, s *stage) {
		s.send(queued(entry(localapi.SendWaiting, held)))
		n := s.last(t, 1)
		if n.Title != "Leaving for Tablet" || n.Body != "example.com" || len(n.Buttons) != 1 || n.Buttons[0].Action != ActionUndo {
			t.Errorf("%+v", n)
		}
		s.send(became(entry(localapi.SendWaiting, func(e *localapi.OutboxEntry) { e.Reason = "offline" })))
		if n := s.last(t, 2); n.Title != "Waiting to leave for Tablet" || n.Body != "example.com\noffline" || n.Slot != string(KindSend) {
			t.Errorf("%+v", n)
		}
		s.send(became(entry(localapi.SendPushOff)))
		if n := s.last(t, 3); n.Title != "Sent to Tablet" || !strings.Contains(n.Body, "next opened") || n.Slot != string(KindSend) {
			t.Errorf("%+v", n)
		}
		s.send(became(entry(localapi.SendAlerted))) // told already
		s.last(t, 3)
	})
	play(t, true, func(t *testing.T, s *stage) {
		s.send(queued(entry(localapi.SendWaiting, held)))
		s.respond(Response{Serial: s.last(t, 1).Serial, Action: ActionUndo})
		synctest.Wait()
		if got := s.agent.Log("Undo"); !slices.Equal(got, []string{"Undo o1"}) {
			t.Errorf("calls %q", got)
		}
		if !slices.Contains(s.backend.withdrawn, string(KindSend)) {
			t.Error("it stays on the screen after its button was used")
		}
	})
	play(t, false, func(t *testing.T, s *stage) { // where nobody can click, nothing offers to undo
		s.send(queued(entry(localapi.SendWaiting, held)))
		if n := s.last(t, 1); len(n.Buttons) > 0 || n.Default != "" {
			t.Errorf("%+v", n)
		}
	})
}

// TestReadElsewhereLeaves: a notification about tabs that were read in the window goes.
func TestReadElsewhereLeaves(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		u := received(tab("1", "Phone", "example.com", "A page"))
		s.send(u)
		s.last(t, 1)
		read := tab("1", "Phone", "example.com", "A page")
		read.Read = true
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on(), Inbox: localapi.Inbox{Recent: []localapi.InboxEntry{read}}}})
		synctest.Wait()
		if !slices.Contains(s.backend.withdrawn, string(KindTabs)) {
			t.Error("it stays on the screen")
		}
	})
}

// TestReadApartLeaves: so does a tab's own, where they are not grouped; also one that could not be shown yet.
func TestReadApartLeaves(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		u := received(tab("1", "Phone", "one.test", ""), tab("2", "Phone", "two.test", ""))
		u.Snapshot.Settings.Grouped = false
		s.send(u)
		first := s.last(t, 2)
		s.backend.able(errors.New("no server"))
		u = received(tab("3", "Phone", "three.test", ""))
		u.Snapshot.Settings.Grouped = false
		s.send(u)
		one, three := tab("1", "Phone", "one.test", ""), tab("3", "Phone", "three.test", "")
		one.Read, three.Read = true, true
		u.Events, u.Snapshot.Inbox.Recent = nil, []localapi.InboxEntry{three, tab("2", "Phone", "two.test", ""), one}
		s.send(u)
		if want := s.backend.shown()[0].Slot; want == first.Slot || !slices.Equal(s.backend.withdrawn, []string{want}) {
			t.Errorf("%q withdrawn, want %q", s.backend.withdrawn, want)
		}
		s.backend.able(nil)
		s.tellReady()
		s.last(t, 2)
	})
}

// TestSettledLeaves: what asks for something leaves when that was done in the window or by a command, and is not asked
// for when the silence ends.
func TestSettledLeaves(t *testing.T) {
	asked := []localapi.Caller{{ID: "x", Decision: localapi.CallerAsked}}
	events := []localapi.Event{{Kind: localapi.SignInAgain}, {Kind: localapi.CallerAsks, Caller: &asked[0]}}
	for name, quiet := range map[string]bool{"shown": false, "held back": true} {
		t.Run(name, func(t *testing.T) {
			play(t, true, func(t *testing.T, s *stage) {
				u := localapi.Update{Snapshot: localapi.Snapshot{Settings: on(), Callers: asked}, Events: events}
				u.Snapshot.Account.State = localapi.NeedsSignIn
				if quiet {
					u.Snapshot.QuietUntil = time.Now().Add(time.Hour)
				}
				s.send(u)
				there := len(s.backend.shown())
				u.Events, u.Snapshot.Account.State = nil, localapi.SignedIn
				u.Snapshot.Callers = []localapi.Caller{{ID: "x", Decision: localapi.CallerAllowed}}
				s.send(u)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if got := len(s.backend.shown()); got != there || len(s.backend.withdrawn) != there {
					t.Errorf("%d shown, then %d, %q withdrawn", there, got, s.backend.withdrawn)
				}
			})
		})
	}
}
