package localapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// doors are the ways to an agent: each test below means the same over all of them.
var doors = map[string]func(t testing.TB, logger *slog.Logger) (*localapitest.Agent, *localapi.Client){
	"socket": func(t testing.TB, logger *slog.Logger) (*localapitest.Agent, *localapi.Client) {
		path := filepath.Join(t.TempDir(), "run", "agent.sock")
		l, err := localapi.Listen(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		c := localapi.Dial(path)
		a := localapitest.Serve(t, l, logger)
		return a, c
	},
	"pipe": func(t testing.TB, logger *slog.Logger) (*localapitest.Agent, *localapi.Client) {
		pipe := localapi.NewPipe()
		a, c := localapitest.Serve(t, pipe, logger), pipe.Client()
		return a, c
	},
	"in process": func(t testing.TB, logger *slog.Logger) (*localapitest.Agent, *localapi.Client) {
		a := localapitest.Serve(t, localapi.NewPipe(), logger)
		return a, localapi.Local(a, logger)
	},
}

var noLog = slog.New(slog.DiscardHandler)

func throughEachDoor(t *testing.T, f func(t *testing.T, agent *localapitest.Agent, c *localapi.Client)) {
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			agent, c := open(t, noLog)
			f(t, agent, c)
		})
	}
}

// calls is every method of the client, and what the agent must be asked by it.
var calls = []struct {
	want string
	do   func(context.Context, *localapi.Client) (any, error)
	out  any
}{
	{"", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Snapshot(ctx) }, localapi.Snapshot{Revision: 7, Version: "1.2.3"}},
	{"", func(ctx context.Context, c *localapi.Client) (any, error) { // what the agent shows, with less in it
		s, err := c.Summary(ctx)
		return localapi.Snapshot{Inbox: localapi.Inbox{Unread: s.Unread}}, err
	}, localapi.Snapshot{Inbox: localapi.Inbox{Unread: 3}}},
	{"ForgetEarlier", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.ForgetEarlier(ctx) }, nil},
	{"ForgetDamaged", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.ForgetDamaged(ctx) }, nil},
	{"FetchEvents", func(ctx context.Context, c *localapi.Client) (any, error) { return c.FetchEvents(ctx) }, []localapi.AccountEvent{{Event: "profile-change"}}},
	{"Refresh", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Refresh(ctx) }, nil},
	{"Refresh {looking false}", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Look(ctx) }, nil},
	{"Refresh {missing true}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.Refreshed(ctx, localapi.RefreshMissing)
	}, nil},
	{"SignInShown email", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.SignInShown(ctx, localapi.FormEmail)
	}, nil},
	{"BeginSignIn a@example.com", func(ctx context.Context, c *localapi.Client) (any, error) { return c.BeginSignIn(ctx, "a@example.com") }, localapi.SignIn{URL: "https://example.com/page", Loopback: true}},
	{"CompleteSignIn https://x/?code=1&state=2", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.CompleteSignIn(ctx, "https://x/?code=1&state=2")
	}, nil},
	{"CancelSignIn", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.CancelSignIn(ctx) }, nil},
	{"SignOut true", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.SignOut(ctx, true) }, nil},
	{`Send {"links":[{"url":"https://a.example/?q=\u003c\u0026\u003e","title":"T"}],"devices":["d1","d2"],"private":true,"hold":true}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: "https://a.example/?q=<&>", Title: "T"}}, Devices: []string{"d1", "d2"}, Private: true, Hold: true})
	}, []localapi.OutboxEntry{{ID: "o1", URL: "https://a.example/?q=<&>"}}},
	{"Undo a,b", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Undo(ctx, "a", "b") }, nil},
	{"Retry a", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Retry(ctx, "a") }, nil},
	{"DeleteSent a", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DeleteSent(ctx, "a") }, nil},
	{"Sent a/../b", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Sent(ctx, "a/../b") }, localapi.OutboxEntry{ID: "a/../b"}},
	{"Outbox", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Outbox(ctx) }, []localapi.OutboxEntry{{ID: "o1"}}},
	{`Inbox {"Text":"","Before":"","Limit":100,"Unread":false}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Inbox(ctx, localapi.InboxQuery{})
	}, []localapi.InboxEntry{{ID: "i1"}}},
	{`Inbox {"Text":"a b\u0026c","Before":"x","Limit":500,"Unread":true}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Inbox(ctx, localapi.InboxQuery{Text: "a b&c", Before: "x", Limit: 500, Unread: true})
	}, []localapi.InboxEntry{{ID: "i1"}}},
	{"MarkRead a", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.MarkRead(ctx, "a") }, nil},
	{"DeleteReceived a", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DeleteReceived(ctx, "a") }, nil},
	{`Admit {"id":"firefox:a@b","name":"A","via":"firefox:c@d","purpose":"send","links":3}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Admit(ctx, localapi.AdmitRequest{ID: "firefox:a@b", Name: "A", Via: "firefox:c@d", Purpose: localapi.PurposeSend, Links: 3})
	}, localapi.Caller{ID: "firefox:a@b", Decision: localapi.CallerAllowed}},
	{`ChangeCaller {"id":"firefox:a@b","decision":"denied","inbox":true}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		yes := true
		return c.ChangeCaller(ctx, localapi.CallerChange{ID: "firefox:a@b", Decision: localapi.CallerDenied, Inbox: &yes})
	}, localapi.Caller{ID: "firefox:a@b", Decision: localapi.CallerDenied}},
	{"RenameDevice Zoë's box", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.RenameDevice(ctx, "Zoë's box")
	}, nil},
	{"DisconnectDevice d", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DisconnectDevice(ctx, "d") }, nil},
	{"DisconnectClient c", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DisconnectClient(ctx, "c") }, nil},
	{"Avatar", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Avatar(ctx) }, []byte{0x89, 'P', 'N', 'G'}},
	{"PageURL manage_account", func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.PageURL(ctx, localapi.PageManageAccount)
	}, "https://example.com/settings"},
	{"Unlock open", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Unlock(ctx, "open") }, nil},
	{"Protect passphrase open", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.Protect(ctx, localapi.ProtectedByPassphrase, "open")
	}, nil},
	{`SetSettings {"startAtLogin":true,"open":"from","openFrom":["d"],"notifications":false,"grouped":false,"language":"de","usageData":false}`, func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.SetSettings(ctx, localapi.Settings{StartAtLogin: true, Open: localapi.OpenFrom, OpenFrom: []string{"d"}, Language: "de"})
	}, nil},
	{"Quiet 60", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Quiet(ctx, 60) }, nil},
	{"ShowWindow inbox", func(ctx context.Context, c *localapi.Client) (any, error) { return c.ShowWindow(ctx, "inbox") }, true},
	{"UseDesktop {:7 /a /w unix:path=/b}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.UseDesktop(ctx, localapi.Desktop{Display: ":7", Authority: "/a", Wayland: "/w", Bus: "unix:path=/b"})
	}, nil},
	{"Renew 0.2.0", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Renew(ctx, "0.2.0") }, nil},
	{"Quit", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Quit(ctx) }, nil},
	{"Diagnostics", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Diagnostics(ctx) }, "all is well\n"},
	{"ShowPairing", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.ShowPairing(ctx) }, nil},
	{"PairingCode", func(ctx context.Context, c *localapi.Client) (any, error) { return c.PairingCode(ctx) }, "https://example.com/pair#channel_id=x"},
	{"JoinPairing https://example.com/pair#x", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.JoinPairing(ctx, "https://example.com/pair#x")
	}, nil},
	{"ConfirmPairing 123456", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.ConfirmPairing(ctx, "123456")
	}, nil},
	{"CancelPairing", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.CancelPairing(ctx) }, nil},
}

// method is the method of the agent that a row is about.
func method(want string) string {
	name, _, _ := strings.Cut(want, " ")
	if name == "" {
		return "Snapshot" // which is not noted: faces ask it all the time
	}
	return name
}

func TestEveryCallReachesTheAgent(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		for _, call := range calls {
			agent.Answer(method(call.want), call.out)
			out, err := call.do(t.Context(), c)
			if err != nil {
				t.Errorf("%s: %v", call.want, err)
				continue
			}
			if got := strings.Join(agent.Log(), "; "); got != call.want {
				t.Errorf("the agent was asked %q, want %q", got, call.want)
			}
			if diff := cmp.Diff(call.out, out, cmpopts.EquateEmpty()); diff != "" { // JSON has a list where Go may have none
				t.Errorf("%s: answer differs:\n%s", call.want, diff)
			}
		}
	})
}

func TestNoCallIsForgotten(t *testing.T) {
	tested := map[string]bool{"Watch": true}
	for _, call := range calls {
		tested[method(call.want)] = true
	}
	agent, client := reflect.TypeFor[localapi.Agent](), reflect.TypeFor[*localapi.Client]()
	for i := range agent.NumMethod() {
		name := agent.Method(i).Name
		if _, ok := client.MethodByName(name); !ok || !tested[name] {
			t.Errorf("%s: the client has it: %v; the table has it: %v", name, ok, tested[name])
		}
	}
}

func TestEveryRefusalReachesTheFace(t *testing.T) {
	until := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	codes := []localapi.Code{
		localapi.CodeUsage, localapi.CodeNotSignedIn, localapi.CodeLocked, localapi.CodeNoDevice, localapi.CodeNotFound,
		localapi.CodeOffline, localapi.CodeBackoff, localapi.CodeSignIn, localapi.CodeUnsupported, localapi.CodeConflict,
		localapi.CodeInternal, localapi.CodeNotReachable, localapi.CodeAsk, localapi.CodeNotAllowed, localapi.CodeNotOptedIn,
		localapi.CodeRateLimited, localapi.CodeTooMany,
	}
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		for i, call := range calls {
			want := &localapi.Error{Code: codes[i%len(codes)], Message: "no", Hint: "try", Until: until, Said: localapi.Said{Key: "k", Args: []string{"a", "b"}}}
			agent.Refuse(method(call.want), fmt.Errorf("wrapped: %w", want))
			_, err := call.do(t.Context(), c)
			if got, ok := err.(*localapi.Error); !ok || !reflect.DeepEqual(got, want) { // no wrapping: faces see the plain refusal
				t.Errorf("%s: got %#v", call.want, err)
			}
		}
	})
}

// A call that is given up returns at once with the reason, and the agent sees it end too.
func TestEveryCallEndsWithItsContext(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		reason := errors.New("the window closed")
		for _, call := range calls {
			ctx, cancel := context.WithCancelCause(t.Context())
			saw := make(chan struct{})
			agent.Await(method(call.want), func(ctx context.Context) {
				cancel(reason)
				<-ctx.Done()
				close(saw)
			})
			if _, err := call.do(ctx, c); !errors.Is(err, reason) {
				t.Errorf("%s: given up: %v", call.want, err)
			}
			<-saw
			agent.Calls()
			if _, err := call.do(ctx, c); !errors.Is(err, reason) {
				t.Errorf("%s: too late: %v", call.want, err)
			}
			if asked := agent.Log(); len(asked) != 0 {
				t.Errorf("asked for nobody: %q", asked)
			}
		}
	})
}

func TestFaultsAreLoggedAndNotTold(t *testing.T) {
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			agent, c := open(t, slog.New(slog.NewTextHandler(&log, nil)))
			agent.Refuse("Refresh", errors.New("disk on fire"))
			agent.Script("Send", func(localapitest.Call) (any, error) { panic("a fault") })
			first := c.Refresh(t.Context())
			_, second := c.Send(t.Context(), localapi.SendRequest{})
			for _, err := range []error{first, second} {
				var e *localapi.Error
				if !errors.As(err, &e) || e.Code != localapi.CodeInternal || strings.Contains(e.Message+e.Hint, "fire") {
					t.Errorf("got %#v", err)
				}
			}
			for _, want := range []string{"disk on fire", "a fault", "server_test.go"} { // the last: the way to the fault
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log does not say %q:\n%s", want, &log)
				}
			}
		})
	}
}

func TestCallsThatNoDoorLetsThrough(t *testing.T) {
	many := make([]string, 10_001)
	bad := map[string]func(context.Context, *localapi.Client) error{
		"no entry":         func(ctx context.Context, c *localapi.Client) error { return c.Undo(ctx) },
		"too many entries": func(ctx context.Context, c *localapi.Client) error { return c.MarkRead(ctx, many...) },
		"a limit too high": func(ctx context.Context, c *localapi.Client) error {
			_, err := c.Inbox(ctx, localapi.InboxQuery{Limit: localapi.MaxInboxPage + 1})
			return err
		},
		"a limit below nothing": func(ctx context.Context, c *localapi.Client) error {
			_, err := c.Inbox(ctx, localapi.InboxQuery{Limit: -1})
			return err
		},
		"an unknown face": func(ctx context.Context, c *localapi.Client) error {
			for _, err := range c.Watch(ctx, "mirror") {
				return err
			}
			return nil
		},
	}
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		for name, call := range bad {
			var e *localapi.Error
			if err := call(t.Context(), c); !errors.As(err, &e) || e.Code != localapi.CodeUsage || len(agent.Log()) != 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestNoAgent(t *testing.T) {
	c := localapi.Dial(filepath.Join(t.TempDir(), "agent.sock"))
	var e *localapi.Error
	if err := c.Quit(t.Context()); !errors.As(err, &e) || e.Code != localapi.CodeNotReachable || e.Hint == "" {
		t.Errorf("got %#v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Quit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call gives %v", err)
	}
}

func FuzzCallBodies(f *testing.F) {
	f.Add("/v1/send", `{"links":[{"url":"https://a.example"}],"devices":["d"]}`)
	f.Add("/v1/outbox/undo", `{"ids":["a"]}`)
	f.Add("/v1/settings", `{}`)
	f.Add("/v1/quiet", `{"minutes":1e99}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#%\r\n\t") {
			t.Skip("not a path that a client could ask for")
		}
		request, err := http.NewRequest(http.MethodPost, "http://agent.tabferry.invalid"+path, strings.NewReader(body))
		if err != nil {
			t.Skip("not a path that a client could ask for")
		}
		request.Header.Set("Content-Type", "application/json")
		agent, _ := localapitest.New(t)
		w := httptest.NewRecorder()
		localapi.Handler(agent, noLog).ServeHTTP(w, request)
		asked := len(agent.Log())
		// What is refused has asked nothing; what is accepted has asked once.
		if ok := w.Code/100 == 2; ok && asked != 1 || w.Code == http.StatusBadRequest && asked != 0 {
			t.Errorf("status %d after %d questions", w.Code, asked)
		}
		_, _ = io.Copy(io.Discard, w.Body)
	})
}
