//go:build !windows

package agent_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReceive is a tab on its way from another device into the inbox, one at a time. Service and
// sender are in the figures too: look at how they grow.
//
//	go test ./account/agent -run '^$' -bench Receive -benchtime 100x
func BenchmarkReceive(b *testing.B) {
	for _, c := range []struct{ devices, unread int }{{5, 0}, {5, 9_000}, {5, 10_000}, {500, 0}} {
		b.Run(fmt.Sprintf("devices=%d/unread=%d", c.devices, c.unread), func(b *testing.B) {
			w := newWorld(b)
			desk, from := w.crowd(c.devices, c.unread)
			desk.faces()
			id := desk.now().Account.DeviceID
			newest := func() string {
				if recent := desk.now().Inbox.Recent; len(recent) > 0 {
					return recent[0].ID
				}
				return ""
			}
			receive := func(i int) {
				was := newest()
				desk.tab(from, id, i)
				for newest() == was {
					time.Sleep(200 * time.Microsecond)
				}
			}
			receive(0)
			before, i := cpu(), 0
			for b.Loop() {
				i++
				receive(i)
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(b.N), "ms-cpu/tab")
		})
	}
}

// BenchmarkSend is one of many sends, from the call to the server's word, with so many in the queue at the
// beginning. The wait for the local API is that of somebody who asks for the snapshot meanwhile.
//
//	go test ./account/agent -run '^$' -bench Send -benchtime 1x
func BenchmarkSend(b *testing.B) {
	for _, c := range []struct{ links, devices int }{{5, 20}, {250, 20}, {1000, 20}} {
		b.Run(fmt.Sprintf("links=%d/devices=%d", c.links, c.devices), func(b *testing.B) {
			w := newWorld(b)
			desk, _ := w.crowd(c.devices, 0)
			desk.faces()
			entries := c.links * c.devices
			for b.Loop() {
				w.svc.ForgetRequests()
				before, began := cpu(), time.Now()
				waits := desk.sendMany(c.links)
				b.ReportMetric(float64((cpu()-before).Microseconds())/1000/float64(entries), "ms-cpu/entry")
				b.ReportMetric(time.Since(began).Seconds(), "s")
				b.ReportMetric(float64(w.count("GET /v1/account/devices")), "lists")
				b.ReportMetric(float64(waits[len(waits)*95/100].Microseconds())/1000, "ms-api-p95")
			}
		})
	}
}
