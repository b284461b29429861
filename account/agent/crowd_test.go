package agent_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// crowd is a desk with so many devices beside it and so many unread tabs, and one of the devices.
func (w *world) crowd(devices, unread int) (desk *station, from *phone) {
	w.t.Helper()
	from = w.phone()
	for i := range devices - 1 {
		w.peer(fmt.Sprintf("Device %03d", i))
	}
	desk = w.station("Desk").run().signIn()
	desk.fill(from, unread)
	return desk, from
}

// fill has so many tabs wait for the desk, and come all at once.
func (s *station) fill(from *phone, n int) {
	s.t.Helper()
	if n == 0 {
		return
	}
	id := s.now().Account.DeviceID
	s.end()
	for i := range n {
		s.tab(from, id, i)
	}
	s.run().await("the inbox", func(snap localapi.Snapshot) bool { return snap.Inbox.Total >= n && settled(snap) })
}

// tab sends the desk a tab.
func (s *station) tab(from *phone, id string, i int) {
	s.t.Helper()
	if _, err := from.acct.SendTab(s.t.Context(), id, fmt.Sprintf("Page number %d of the usual kind", i), fmt.Sprintf("https://example.com/some/where/%d?of=the-usual-length", i)); err != nil {
		s.t.Fatal(err)
	}
}

// now is the snapshot, without the way through the local API.
func (s *station) now() localapi.Snapshot {
	s.t.Helper()
	snap, err := s.agent.Snapshot(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return snap
}

// faces are three watchers in the agent's process, as tray, notifications and autostart are; it gives how often they were told.
func (s *station) faces() func() int64 {
	var told atomic.Int64
	for _, face := range []localapi.Face{localapi.FaceTray, localapi.FaceNotify, localapi.FaceAutostart} {
		c := localapi.Local(s.agent, s.params.Logger)
		go func() {
			for range c.Watch(s.t.Context(), face) {
				told.Add(1)
			}
		}()
	}
	return told.Load
}

// sendMany sends so many links to every other device, waits until the server has taken them all, and gives
// how long the local API took for snapshots meanwhile, in order.
func (s *station) sendMany(links int) (waits []time.Duration) {
	s.t.Helper()
	r := localapi.SendRequest{}
	for i := range links {
		r.Links = append(r.Links, localapi.Link{URL: fmt.Sprintf("https://example.com/some/where/%d?of=the-usual-length", i), Title: "A page of the usual kind"})
	}
	for _, d := range s.now().Devices.Items {
		if !d.This {
			r.Devices = append(r.Devices, d.ID)
		}
	}
	if _, err := s.face.Send(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
	for s.now().Outbox.Waiting > 0 {
		began := time.Now()
		s.snapshot()
		waits = append(waits, time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	slices.Sort(waits)
	return append(waits, 0)[:max(len(waits), 1)]
}
