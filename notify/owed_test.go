package notify

import (
	"errors"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestWhatCouldNotBeShownIsShownLater is a login: tabs and news come before the desktop can show them.
func TestWhatCouldNotBeShownIsShownLater(t *testing.T) {
	play(t, true, func(t *testing.T, s *stage) {
		s.backend.able(errors.New("there is no server"))
		s.send(received(tab("1", "Phone", "a.example", "A")))
		s.send(received(tab("2", "Phone", "b.example", "B")))
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on()}, Events: []localapi.Event{{Kind: localapi.DeviceConnected, Device: "Laptop"}}})
		s.tellReady()
		s.last(t, 0) // it was no server after all
		s.backend.able(nil)
		s.tellReady()
		if n := s.last(t, 2); n.Kind != KindTabs || !strings.Contains(n.Title, "2 tabs") || len(n.Buttons) == 0 {
			t.Errorf("%+v", n)
		}
		s.tellReady()
		s.last(t, 2) // once
	})
}

// TestWhatWasSeenMeanwhileIsNotShownLater.
func TestWhatWasSeenMeanwhileIsNotShownLater(t *testing.T) {
	play(t, false, func(t *testing.T, s *stage) {
		s.backend.able(errors.New("there is no server"))
		s.send(received(tab("1", "Phone", "a.example", "A")))
		read := tab("1", "Phone", "a.example", "A")
		read.Read = true
		s.send(localapi.Update{Snapshot: localapi.Snapshot{Settings: on(), Inbox: localapi.Inbox{Recent: []localapi.InboxEntry{read}}}})
		s.backend.able(nil)
		s.tellReady()
		s.last(t, 0)
	})
}
