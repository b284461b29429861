package localapi_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// full is a snapshot as a person with many devices and full lists has it.
func full() localapi.Snapshot {
	var s localapi.Snapshot
	for i := range localapi.RecentEntries {
		id := fmt.Sprint(i)
		s.Inbox.Recent = append(s.Inbox.Recent, localapi.InboxEntry{ID: id, Kind: localapi.KindTab, Title: "A title", URL: "https://example.org/" + id})
		s.Outbox.Recent = append(s.Outbox.Recent, localapi.OutboxEntry{ID: id, URL: "https://example.org/" + id})
		s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: id, Name: "Device " + id, CanReceiveTabs: true})
	}
	return s
}

// BenchmarkCall is one small call, through each door.
func BenchmarkCall(b *testing.B) {
	for _, name := range []string{"socket", "in process"} {
		b.Run(name, func(b *testing.B) {
			_, c := doors[name](b, noLog)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Quiet(b.Context(), 60); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkUpdate is one update of a full snapshot on its way to a watching face.
func BenchmarkUpdate(b *testing.B) {
	for _, name := range []string{"socket", "in process"} {
		b.Run(name, func(b *testing.B) {
			agent, c := doors[name](b, noLog)
			s := full()
			agent.Set(s)
			next, stop := iter.Pull2(c.Watch(b.Context(), localapi.FaceTray))
			defer stop()
			next()
			b.ReportAllocs()
			for b.Loop() {
				s.Inbox.Total++
				agent.Set(s)
				if _, err, _ := next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
