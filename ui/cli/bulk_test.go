package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/ui/cli"
)

// Any number of entries can be named, asked for and listed; each is named once to the agent, and none
// is left out of a list.
func TestAnyNumberOfEntries(t *testing.T) {
	for _, n := range []int{1, 12, 500, 501, 10_000, 12_345} {
		var ids []string
		var received []localapi.InboxEntry
		var sent []localapi.OutboxEntry
		for i := range n {
			ids = append(ids, fmt.Sprintf("%026d", i))
			received = append(received, localapi.InboxEntry{ID: ids[i], Kind: localapi.KindTab, Host: "a.example"})
			sent = append(sent, localapi.OutboxEntry{ID: ids[i], State: localapi.SendAlerted, URL: "https://a.example/" + strings.Repeat("x", 1000)})
		}
		agent, client := localapitest.New(t)
		agent.Answer("Outbox", sent)
		agent.Script("Inbox", func(c localapitest.Call) (any, error) {
			q, from := c.Args[0].(localapi.InboxQuery), 0
			if q.Before != "" {
				if _, err := fmt.Sscan(strings.TrimLeft(q.Before, "0")+" ", &from); err != nil {
					return nil, err
				}
				from++
			}
			return received[from:min(n, from+q.Limit)], nil
		})
		run := func(args ...string) string {
			var out strings.Builder
			if code := cli.Run(t.Context(), cli.Params{Client: func(bool) *localapi.Client { return client }, Out: &out, Err: io.Discard}, args); code != cli.ExitOK {
				t.Errorf("%d entries: %s %s: exit %d", n, args[0], args[1], code)
			}
			return out.String()
		}
		for _, command := range []struct{ group, verb, method string }{
			{"inbox", "read", "MarkRead"}, {"inbox", "delete", "DeleteReceived"}, {"outbox", "retry", "Retry"}, {"outbox", "delete", "DeleteSent"},
		} {
			run(append([]string{command.group, command.verb}, ids...)...)
			var named []string
			for _, c := range agent.Calls(command.method) {
				named = append(named, c.Args[0].([]string)...)
			}
			if strings.Join(named, " ") != strings.Join(ids, " ") {
				t.Errorf("%s %s: %d of %d entries were named", command.group, command.verb, len(named), n)
			}
		}
		if lines := strings.Count(run("outbox", "--json"), `"id"`); lines != n {
			t.Errorf("outbox lists %d of %d entries", lines, n)
		}
		for limit, want := range map[int]int{0: 100, 1: 1, 500: 500, 501: 501, 20_000: n} {
			if lines := strings.Count(run("inbox", "--json", "--limit", fmt.Sprint(limit)), `"id"`); lines != min(n, want) {
				t.Errorf("inbox --limit %d lists %d of %d entries", limit, lines, n)
			}
		}
	}
}

// Thousands of links are sent in one go: each is told of as the agent knows it, in the order given, and the
// agent is not asked for each of them again and again.
func TestSendsThousandsOfLinks(t *testing.T) {
	const n = 2500
	agent, client := localapitest.New(t)
	agent.Change(func(s *localapi.Snapshot) {
		s.Account.State, s.Devices.Known = localapi.SignedIn, true
		s.Devices.Items = []localapi.Device{{ID: "d", Name: "Phone", CanReceiveTabs: true}}
	})
	var mu sync.Mutex
	var all []localapi.OutboxEntry // newest first
	settled := 0
	show := func() {
		agent.Change(func(s *localapi.Snapshot) {
			s.Outbox = localapi.Outbox{Waiting: len(all) - settled, Recent: slices.Clone(all[:min(len(all), localapi.RecentEntries)])}
		})
	}
	agent.Script("Send", func(c localapitest.Call) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		var entries []localapi.OutboxEntry
		for _, l := range c.Args[0].(localapi.SendRequest).Links {
			e := localapi.OutboxEntry{ID: fmt.Sprintf("%06d", len(all)+1), To: "Phone", ToID: "d", URL: l.URL, State: localapi.SendWaiting}
			all, entries = slices.Insert(all, 0, e), append(entries, e)
		}
		if len(all) == n {
			go func() { // the oldest first, some at a time
				for left := n; left > 0; left -= 100 {
					mu.Lock()
					for i := max(left-100, 0); i < left; i++ {
						all[i].State = localapi.SendAlerted
						settled++
					}
					show()
					mu.Unlock()
				}
			}()
		}
		return entries, nil
	})
	agent.Script("Outbox", func(localapitest.Call) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all), nil
	})
	var in, out strings.Builder
	for i := range n {
		fmt.Fprintf(&in, "https://a.example/%d\n", i)
	}
	code := cli.Run(t.Context(), cli.Params{
		Client: func(bool) *localapi.Client { return client }, In: strings.NewReader(in.String()), Out: &out, Err: t.Output(),
	}, []string{"send", "--json", "--wait", "20s", "-"})
	var told []localapi.OutboxEntry
	if err := json.Unmarshal([]byte(out.String()), &told); err != nil || code != cli.ExitOK || len(told) != n {
		t.Fatalf("exit %d, %d entries, %v", code, len(told), err)
	}
	for i, e := range told {
		if e.State != localapi.SendAlerted || e.URL != fmt.Sprintf("https://a.example/%d", i) {
			t.Fatalf("entry %d is %+v", i, e)
		}
	}
	if calls := len(agent.Calls("Outbox")) + len(agent.Calls("Sent")); len(agent.Calls("Send")) != 3 || calls > 15 {
		t.Errorf("%d sends, %d questions", len(agent.Calls("Send")), calls)
	}
}
