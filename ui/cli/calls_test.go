package cli_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
)

// What people do most is one request to the agent: its devices are found and the server is waited for there.
func TestOneRequest(t *testing.T) {
	agent, _ := localapitest.New(t)
	agent.Set(localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}})
	agent.Script("Send", func(c localapitest.Call) (any, error) {
		r := c.Args[0].(localapi.SendRequest)
		if r.Start == nil || r.Start.Version != "1.2.3" || r.Start.Desktop.Display != ":7" {
			t.Errorf("the agent is told of %+v", r.Start)
		}
		return []localapi.OutboxEntry{{ID: "o", To: "Phone", URL: r.Links[0].URL, State: localapi.SendAlerted}}, nil
	})
	var requests atomic.Int32
	handler := localapi.Handler(agent, slog.New(slog.DiscardHandler))
	pipe := localapi.NewPipe()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(pipe) }() // it ends with Close
	client := pipe.Client()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, args := range []string{"status", "status --json", "send https://a.example/", "send --json --to phone https://a.example/", "send --all --wait 0s https://a.example/", "close https://a.example/"} {
		requests.Store(0)
		code := cli.Run(t.Context(), cli.Params{
			Version: "1.2.3", Client: func(bool) *localapi.Client { return client }, Out: io.Discard, Err: t.Output(),
			Here: func() localapi.Desktop { return localapi.Desktop{Display: ":7"} },
		}, strings.Fields(args))
		if n := requests.Load(); code != cli.ExitOK || n != 1 {
			t.Errorf("%s: exit %d after %d requests", args, code, n)
		}
	}
}

// A device that is not in the list is looked for in a newer one before anybody says no, whatever the command; one
// that is not there either is looked for once. (What is sent is found by the agent; here by one that finds none.)
func TestMissingDevice(t *testing.T) {
	list := func(names ...string) localapi.Snapshot {
		s := localapi.Snapshot{Account: localapi.Account{State: localapi.SignedIn}, Devices: localapi.DeviceList{ListState: localapi.ListState{Known: true}}}
		for _, name := range names {
			s.Devices.Items = append(s.Devices.Items, localapi.Device{ID: name, Name: name, CanReceiveTabs: true})
		}
		return s
	}
	for line, want := range map[string]int{
		"send --to new https://a.example/": cli.ExitOK, "send --to nobody https://a.example/": cli.ExitNoDevice,
		"devices disconnect --yes new": cli.ExitOK, "devices disconnect --yes nobody": cli.ExitNoDevice,
		"settings open=from openFrom=old,new": cli.ExitOK, "settings open=from openFrom=old,nobody": cli.ExitNoDevice,
	} {
		agent, client := localapitest.New(t)
		agent.Set(list("old"))
		agent.Script("Refresh", func(c localapitest.Call) (any, error) {
			if c.Args[0].(localapi.RefreshRequest).Why == localapi.RefreshMissing {
				agent.Set(list("old", "new"))
			}
			return nil, nil
		})
		agent.Script("Send", func(c localapitest.Call) (any, error) {
			r := c.Args[0].(localapi.SendRequest)
			if r.To != nil {
				return nil, &localapi.Error{Code: localapi.CodeUnsupported, Message: "of another version"}
			}
			return []localapi.OutboxEntry{{ID: "o", To: r.Devices[0], URL: r.Links[0].URL, State: localapi.SendAlerted}}, nil
		})
		code := cli.Run(t.Context(), cli.Params{Client: func(bool) *localapi.Client { return client }, Out: io.Discard, Err: t.Output()}, strings.Fields(line))
		asked := slices.DeleteFunc(agent.Log("Refresh"), func(call string) bool { return strings.Contains(call, string(localapi.RefreshLooking)) })
		if code != want || len(asked) != 1 || asked[0] != "Refresh {missing true}" {
			t.Errorf("%s: exit %d after %q", line, code, asked)
		}
		if done := agent.Log("DisconnectDevice", "SetSettings", "Send"); want != cli.ExitOK && slices.ContainsFunc(done, func(call string) bool { return !strings.HasPrefix(call, "Send") }) {
			t.Errorf("%s: it has done %q", line, done)
		}
	}
}

// A command makes neither the others nor what completes them.
func TestACommandMakesItselfAlone(t *testing.T) {
	words := i18n.New("en")
	n := testing.AllocsPerRun(20, func() {
		p := cli.Params{Client: func(bool) *localapi.Client { return nil }, Words: words, Out: io.Discard, Err: t.Output()}
		if code := cli.Run(t.Context(), p, []string{"version"}); code != cli.ExitOK {
			t.Errorf("exit %d", code)
		}
	})
	if n > 160 {
		t.Errorf("%v allocations", n)
	}
}

// What a command was made of, its texts above all, does not stay while a role is played.
func TestARoleKeepsNoCommand(t *testing.T) {
	const most = 16 << 10 // the texts are three times as much
	var during uint64
	p := cli.Params{
		Client: func(bool) *localapi.Client { return nil }, Out: io.Discard, Err: t.Output(),
		RunAgent: func(context.Context, bool) error { during = live(); return nil },
	}
	for _, first := range []bool{true, false} { // the first one makes what every later one finds
		before := live()
		if code := cli.Run(t.Context(), p, []string{"agent"}); code != cli.ExitOK {
			t.Fatalf("exit %d", code)
		}
		if !first && during > before+most {
			t.Errorf("%d bytes more are held while the agent runs, at most %d", during-before, most)
		}
	}
}

// live is how many bytes of the heap are in use.
func live() uint64 {
	runtime.GC()
	runtime.GC() // for what pools keep
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
