//go:build torture && linux

package torture_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// book is what a station has to account for.
type book struct {
	mu sync.Mutex
	// in are the links that the service took from the phone, out those that the agent took from a face.
	in, out []string
}

func newBook() book { return book{} }

// totals are the sums of a whole run, for its last line.
var totals struct {
	kills, in, out, marked atomic.Int64
}

// receive has the phone send a link.
func (s *station) receive(link string) {
	s.t.Helper()
	if err := s.phone.send(context.Background(), "in", link); err != nil {
		s.t.Errorf("the phone cannot send: %v", err)
		return
	}
	s.book.mu.Lock()
	s.book.in = append(s.book.in, link)
	s.book.mu.Unlock()
}

// send hands a link to the agent, and reports whether the agent took it.
func (s *station) send(ctx context.Context, link string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := s.client().Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: link, Title: "out"}}, Devices: []string{s.phone.id}}); err != nil {
		return false
	}
	s.book.mu.Lock()
	s.book.out = append(s.book.out, link)
	s.book.mu.Unlock()
	return true
}

// calm waits until everything has moved.
func (s *station) calm() {
	s.t.Helper()
	s.book.mu.Lock()
	in := len(s.book.in)
	s.book.mu.Unlock()
	s.until(calmTime, "calm", func(x localapi.Snapshot) bool {
		return x.Inbox.Total >= in && x.Outbox.Waiting == 0
	})
}

// list reads what a command says as JSON.
func list[E any](s *station, args ...string) (entries []E) {
	s.t.Helper()
	r := s.tabferry("", append(args, "--json")...)
	if r.code != 0 {
		s.t.Fatalf("tabferry %s: exit %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	if err := json.Unmarshal([]byte(r.out), &entries); err != nil {
		s.t.Fatalf("tabferry %s: %v", strings.Join(args, " "), err)
	}
	return entries
}

// verdict compares both ends. It wants an agent that runs and is calm.
func (s *station) verdict() {
	s.t.Helper()
	s.phone.fetch(s.t)
	inbox := map[string]int{}
	for _, e := range list[localapi.InboxEntry](s, "inbox", "--limit", "500") {
		if e.Kind != localapi.KindTab {
			s.t.Errorf("received: an entry is %s: %s", e.Kind, e.Reason)
		}
		inbox[e.URL]++
	}
	s.compare("received", s.book.in, inbox, nil)
	if s.phone.unreadable > 0 {
		s.t.Errorf("sent: %d were unreadable", s.phone.unreadable)
	}
	arrived := map[string]int{}
	var firsts []string
	for _, link := range s.phone.got {
		if arrived[link]++; arrived[link] == 1 {
			firsts = append(firsts, link)
		}
	}
	sent := map[string]localapi.OutboxEntry{}
	for _, e := range list[localapi.OutboxEntry](s, "outbox") {
		sent[e.URL] = e
	}
	s.compare("sent", s.book.out, arrived, sent)
	s.order(firsts)
	for _, request := range s.door.early() {
		s.t.Errorf("a request inside a wait: %s", request)
	}
	s.crashes()
	totals.in.Add(int64(len(s.book.in)))
	totals.out.Add(int64(len(s.book.out)))
	s.t.Logf("in %d, out %d, lost 0, twice 0 or marked unless said otherwise", len(s.book.in), len(s.book.out))
}

// compare finds what is lost and what is there twice. sent is nil for what was received.
func (s *station) compare(what string, want []string, got map[string]int, sent map[string]localapi.OutboxEntry) {
	s.t.Helper()
	for _, link := range want {
		e, shown := sent[link]
		switch {
		case sent != nil && !shown:
			s.t.Errorf("%s: %s is not in the outbox", what, link)
		case got[link] == 0 && e.State == localapi.SendFailed && e.Reason != "":
			s.t.Logf("%s: %s was refused, and that is said: %s", what, link, e.Reason)
		case got[link] == 0:
			s.t.Errorf("%s: %s is lost (%s, %q)", what, link, e.State, e.Reason)
		}
	}
	for link, n := range got {
		e := sent[link]
		switch {
		case n < 2:
		case e.MayBeTwice:
			totals.marked.Add(1)
		default:
			s.t.Errorf("%s: %s is there %d times, unmarked (%s)", what, link, n, e.State)
		}
	}
}

// order looks whether the phone got what one face sent in the order in which it was sent.
func (s *station) order(firsts []string) {
	s.t.Helper()
	place := map[string]int{}
	for i, link := range firsts {
		place[link] = i
	}
	last := -1
	for _, link := range s.book.out {
		if at, ok := place[link]; ok && at < last {
			s.t.Errorf("sent: %s came out of order", link)
		} else if ok {
			last = at
		}
	}
}

// crashes looks for traces of the program's own failures.
func (s *station) crashes() {
	s.t.Helper()
	if text, err := os.ReadFile(s.path("data", "tabferry", "logs", "agent-crash.txt")); err == nil && len(text) > 0 {
		s.t.Errorf("the agent crashed:\n%.4000s", text)
	}
}
