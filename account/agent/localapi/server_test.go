package localapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// serve runs an agent on a socket and gives a client of it.
func serve(t *testing.T, agent localapi.Agent) (*localapi.Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "agent.sock")
	l, err := localapi.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	run(t, l, agent, slog.New(slog.DiscardHandler))
	c := localapi.Dial(path)
	t.Cleanup(c.Close)
	return c, path
}

func run(t *testing.T, l net.Listener, agent localapi.Agent, logger *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- localapi.Serve(ctx, l, agent, logger) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
}

// calls is every method of the client, and what the agent must be asked by it.
var calls = []struct {
	want string
	do   func(context.Context, *localapi.Client) (any, error)
	out  any
}{
	{"Snapshot", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Snapshot(ctx) }, localapi.Snapshot{Revision: 7, Version: "1.2.3"}},
	{"Refresh", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Refresh(ctx) }, nil},
	{"BeginSignIn a@example.com", func(ctx context.Context, c *localapi.Client) (any, error) { return c.BeginSignIn(ctx, "a@example.com") }, localapi.SignIn{URL: "https://example.com/page", Loopback: true}},
	{"CompleteSignIn https://x/?code=1&state=2", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.CompleteSignIn(ctx, "https://x/?code=1&state=2")
	}, nil},
	{"CancelSignIn", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.CancelSignIn(ctx) }, nil},
	{"SignOut true", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.SignOut(ctx, true) }, nil},
	{"Send {Links:[{URL:https://a.example/?q=<&> Title:T}] Devices:[d1 d2] Private:true Hold:true Close:false}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: "https://a.example/?q=<&>", Title: "T"}}, Devices: []string{"d1", "d2"}, Private: true, Hold: true})
	}, []localapi.OutboxEntry{{ID: "o1", URL: "https://a.example/?q=<&>"}}},
	{"Undo [a b]", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Undo(ctx, "a", "b") }, nil},
	{"Retry [a]", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Retry(ctx, "a") }, nil},
	{"DeleteSent [a]", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DeleteSent(ctx, "a") }, nil},
	{"Sent a/../b", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Sent(ctx, "a/../b") }, localapi.OutboxEntry{ID: "a/../b"}},
	{"Outbox", func(ctx context.Context, c *localapi.Client) (any, error) { return c.Outbox(ctx) }, []localapi.OutboxEntry{{ID: "o1"}}},
	{"Inbox {Text: Before: Limit:100 Unread:false}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Inbox(ctx, localapi.InboxQuery{})
	}, []localapi.InboxEntry{{ID: "i1"}}},
	{"Inbox {Text:a b&c Before:x Limit:500 Unread:true}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return c.Inbox(ctx, localapi.InboxQuery{Text: "a b&c", Before: "x", Limit: 500, Unread: true})
	}, []localapi.InboxEntry{{ID: "i1"}}},
	{"MarkRead [a]", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.MarkRead(ctx, "a") }, nil},
	{"DeleteReceived [a]", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.DeleteReceived(ctx, "a") }, nil},
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
	{"SetSettings {StartAtLogin:true Open:from OpenFrom:[d] Notifications:false Grouped:false Browser: Language:de Appearance: Server: ClientID: RedirectURI: PushServer: PairingServer:}", func(ctx context.Context, c *localapi.Client) (any, error) {
		return nil, c.SetSettings(ctx, localapi.Settings{StartAtLogin: true, Open: localapi.OpenFrom, OpenFrom: []string{"d"}, Language: "de"})
	}, nil},
	{"Quiet 60", func(ctx context.Context, c *localapi.Client) (any, error) { return nil, c.Quiet(ctx, 60) }, nil},
	{"ShowWindow inbox", func(ctx context.Context, c *localapi.Client) (any, error) { return c.ShowWindow(ctx, "inbox") }, true},
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

func TestEveryCallReachesTheAgent(t *testing.T) {
	agent := &recorder{}
	c, _ := serve(t, agent)
	for _, call := range calls {
		out, err := call.do(t.Context(), c)
		if err != nil {
			t.Errorf("%s: %v", call.want, err)
			continue
		}
		if got := agent.taken(); !slices.Equal(got, []string{call.want}) {
			t.Errorf("the agent was asked %q, want %q", got, call.want)
		}
		if diff := cmp.Diff(call.out, out); diff != "" {
			t.Errorf("%s: answer differs:\n%s", call.want, diff)
		}
	}
}

func TestEveryRefusalReachesTheFace(t *testing.T) {
	agent := &recorder{}
	c, _ := serve(t, agent)
	until := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	codes := []localapi.Code{
		localapi.CodeUsage, localapi.CodeNotSignedIn, localapi.CodeLocked, localapi.CodeNoDevice, localapi.CodeNotFound,
		localapi.CodeOffline, localapi.CodeBackoff, localapi.CodeSignIn, localapi.CodeUnsupported, localapi.CodeConflict,
		localapi.CodeInternal, localapi.CodeNotReachable,
	}
	for i, call := range calls {
		want := &localapi.Error{Code: codes[i%len(codes)], Message: "no", Hint: "try", Until: until}
		agent.failWith(fmt.Errorf("wrapped: %w", want))
		_, err := call.do(t.Context(), c)
		var got *localapi.Error
		if !errors.As(err, &got) || *got != *want {
			t.Errorf("%s: got %#v", call.want, err)
		}
	}
}

func TestInternalFaultsKeepTheirText(t *testing.T) {
	var log bytes.Buffer
	agent := &recorder{}
	pipe := localapi.NewPipe()
	run(t, pipe, agent, slog.New(slog.NewTextHandler(&log, nil)))
	c := pipe.Client()
	defer c.Close()
	agent.failWith(errors.New("disk on fire"))
	err := c.Refresh(t.Context())
	var e *localapi.Error
	if !errors.As(err, &e) || e.Code != localapi.CodeInternal || strings.Contains(e.Message+e.Hint, "fire") {
		t.Errorf("got %#v", err)
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Error("the log does not say what failed")
	}
}

func TestPanicsAreAnswered(t *testing.T) {
	c, _ := serve(t, &panicking{})
	_, err := c.Send(t.Context(), localapi.SendRequest{})
	var e *localapi.Error
	if !errors.As(err, &e) || e.Code != localapi.CodeInternal {
		t.Errorf("got %#v", err)
	}
}

// panicking fails as a fault in our own code would.
type panicking struct{ recorder }

func (*panicking) Send(context.Context, localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	panic("a fault")
}

func TestBadCalls(t *testing.T) {
	const origin = "http://agent.tabferry.invalid"
	type call struct {
		name, method, path, kind, body string
		change                         func(*http.Request)
		status                         int
	}
	long := `{"email":"` + strings.Repeat("x", 5<<20) + `"}`
	cases := []call{
		{"not JSON", "POST", "/v1/signin", "application/json", "{", nil, 400},
		{"another shape", "POST", "/v1/signin", "application/json", `{"email":7}`, nil, 400},
		{"no body", "POST", "/v1/signin", "application/json", "", nil, 400},
		{"a form", "POST", "/v1/signin", "application/x-www-form-urlencoded", "email=x", nil, 400},
		{"plain text", "POST", "/v1/signin", "text/plain", `{"email":"x"}`, nil, 400},
		{"more than one value", "POST", "/v1/signin", "application/json", `{} {}`, nil, 400},
		{"too large", "POST", "/v1/signin", "application/json", long, nil, 400},
		{"no ids", "POST", "/v1/outbox/undo", "application/json", `{"ids":[]}`, nil, 400},
		{"two ids for one", "POST", "/v1/devices/disconnect", "application/json", `{"ids":["a","b"]}`, nil, 400},
		{"a limit of nothing", "GET", "/v1/inbox?limit=0", "", "", nil, 400},
		{"a limit too high", "GET", "/v1/inbox?limit=501", "", "", nil, 400},
		{"a limit in words", "GET", "/v1/inbox?limit=ten", "", "", nil, 400},
		{"an unknown face", "GET", "/v1/watch?face=mirror", "", "", nil, 400},
		{"no face", "GET", "/v1/watch", "", "", nil, 400},
		{"an unknown path", "GET", "/v1/nothing", "", "", nil, 404},
		{"the wrong method", "GET", "/v1/quit", "", "", nil, 405},
		{"another host", "POST", "/v1/quit", "", "", func(r *http.Request) { r.Host = "localhost" }, 400},
		{"from a page", "POST", "/v1/quit", "", "", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 400},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			agent := &recorder{}
			h := localapi.Handler(agent, slog.New(slog.DiscardHandler))
			r := httptest.NewRequest(c.method, origin+c.path, strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if got := agent.taken(); len(got) != 0 {
				t.Errorf("the agent was asked %q", got)
			}
		})
	}
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
		agent := &recorder{}
		w := httptest.NewRecorder()
		localapi.Handler(&careful{agent}, slog.New(slog.DiscardHandler)).ServeHTTP(w, request)
		asked := len(agent.taken())
		// What is refused has asked nothing; what is accepted has asked once.
		if ok := w.Code/100 == 2; ok && asked != 1 || w.Code == http.StatusBadRequest && asked != 0 {
			t.Errorf("status %d after %d questions", w.Code, asked)
		}
		_, _ = io.Copy(io.Discard, w.Body)
	})
}

// careful looks at a request before it uses it, as the real agent does.
type careful struct{ *recorder }

func (c *careful) Send(ctx context.Context, q localapi.SendRequest) ([]localapi.OutboxEntry, error) {
	if len(q.Links) == 0 {
		return nil, c.note("Send nothing")
	}
	return c.recorder.Send(ctx, q)
}
