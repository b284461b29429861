package localapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// Agent is what the server needs of the agent: one method for each of the client's. Errors that are
// no [*Error] reach the face as CodeInternal without their text.
type Agent interface {
	Snapshot(ctx context.Context) (Snapshot, error)
	// Watch begins a stream of updates; the server closes it.
	Watch(face Face) *Watcher
	Refresh(ctx context.Context) error

	BeginSignIn(ctx context.Context, email string) (SignIn, error)
	CompleteSignIn(ctx context.Context, address string) error
	CancelSignIn(ctx context.Context) error
	SignOut(ctx context.Context, deleteLocalData bool) error

	Send(ctx context.Context, r SendRequest) ([]OutboxEntry, error)
	Undo(ctx context.Context, ids ...string) error
	Retry(ctx context.Context, ids ...string) error
	DeleteSent(ctx context.Context, ids ...string) error
	Sent(ctx context.Context, id string) (OutboxEntry, error)
	Outbox(ctx context.Context) ([]OutboxEntry, error)

	Inbox(ctx context.Context, q InboxQuery) ([]InboxEntry, error)
	MarkRead(ctx context.Context, ids ...string) error
	DeleteReceived(ctx context.Context, ids ...string) error

	RenameDevice(ctx context.Context, name string) error
	DisconnectDevice(ctx context.Context, id string) error
	DisconnectClient(ctx context.Context, id string) error

	Avatar(ctx context.Context) ([]byte, error)
	PageURL(ctx context.Context, p Page) (string, error)
	Unlock(ctx context.Context, passphrase string) error
	Protect(ctx context.Context, p Protection, passphrase string) error
	SetSettings(ctx context.Context, s Settings) error
	Quiet(ctx context.Context, minutes int) error
	ShowWindow(ctx context.Context, pane string) (bool, error)
	Quit(ctx context.Context) error
	Diagnostics(ctx context.Context) (string, error)

	ShowPairing(ctx context.Context) error
	PairingCode(ctx context.Context) (string, error)
	JoinPairing(ctx context.Context, address string) error
	ConfirmPairing(ctx context.Context, totp string) error
	CancelPairing(ctx context.Context) error
}

// maxCall bounds the body of a call: some thousand long links, or settings.
const maxCall = 4 << 20

// maxIDs bounds a call about several entries.
const maxIDs = 10_000

// maxInboxPage and defaultInboxPage are the limits of [InboxQuery].
const (
	maxInboxPage     = 500
	defaultInboxPage = 100
)

// keepAlive is how often an idle watch says a word, so that a face on a stuck connection notices.
// Rare, because it wakes the machine.
const keepAlive = 4 * time.Minute

// server answers the client's calls.
type server struct {
	agent  Agent
	logger *slog.Logger
}

// Handler serves an agent to [Client]s. It does not ask who is calling: that is the listener's task,
// see [Listen].
func Handler(agent Agent, logger *slog.Logger) http.Handler {
	s := &server{agent, logger}
	mux := http.NewServeMux()
	s.routes(mux)
	return s.guard(mux)
}

func (s *server) routes(mux *http.ServeMux) {
	a := s.agent
	on := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				s.refuse(w, r, err)
			}
		})
	}
	on("GET /v1/snapshot", s.asks(func(r *http.Request) (any, error) { return a.Snapshot(r.Context()) }))
	on("GET /v1/watch", s.watch)
	on("POST /v1/refresh", s.does(a.Refresh))

	on("POST /v1/signin", with(func(ctx context.Context, in struct{ Email string }) (any, error) {
		return a.BeginSignIn(ctx, in.Email)
	}))
	on("POST /v1/signin/complete", with(func(ctx context.Context, in struct{ Address string }) (any, error) {
		return nil, a.CompleteSignIn(ctx, in.Address)
	}))
	on("DELETE /v1/signin", s.does(a.CancelSignIn))
	on("POST /v1/signout", with(func(ctx context.Context, in struct{ DeleteLocalData bool }) (any, error) {
		return nil, a.SignOut(ctx, in.DeleteLocalData)
	}))

	on("POST /v1/send", with(func(ctx context.Context, in SendRequest) (any, error) { return a.Send(ctx, in) }))
	on("GET /v1/outbox", s.asks(func(r *http.Request) (any, error) { return a.Outbox(r.Context()) }))
	on("GET /v1/outbox/{id}", s.asks(func(r *http.Request) (any, error) { return a.Sent(r.Context(), r.PathValue("id")) }))
	on("POST /v1/outbox/undo", ids(a.Undo))
	on("POST /v1/outbox/retry", ids(a.Retry))
	on("POST /v1/outbox/delete", ids(a.DeleteSent))

	on("GET /v1/inbox", s.asks(func(r *http.Request) (any, error) {
		q, err := inboxQuery(r)
		if err != nil {
			return nil, err
		}
		return a.Inbox(r.Context(), q)
	}))
	on("POST /v1/inbox/read", ids(a.MarkRead))
	on("POST /v1/inbox/delete", ids(a.DeleteReceived))

	on("POST /v1/devices/rename", with(func(ctx context.Context, in struct{ Name string }) (any, error) {
		return nil, a.RenameDevice(ctx, in.Name)
	}))
	on("POST /v1/devices/disconnect", ids(one(a.DisconnectDevice)))
	on("POST /v1/clients/disconnect", ids(one(a.DisconnectClient)))
	s.otherRoutes(on)
}

// otherRoutes are those about the account's pages, the agent itself and pairing.
func (s *server) otherRoutes(on func(string, func(http.ResponseWriter, *http.Request) error)) {
	a := s.agent
	on("GET /v1/avatar", func(w http.ResponseWriter, r *http.Request) error {
		picture, err := a.Avatar(r.Context())
		if err != nil {
			return err
		}
		return raw(w, "application/octet-stream", picture)
	})
	on("GET /v1/pages/{page}", s.asks(func(r *http.Request) (any, error) {
		return address(a.PageURL(r.Context(), Page(r.PathValue("page"))))
	}))
	on("POST /v1/unlock", with(func(ctx context.Context, in struct{ Passphrase string }) (any, error) {
		return nil, a.Unlock(ctx, in.Passphrase)
	}))
	on("POST /v1/protect", with(func(ctx context.Context, in struct{ Protection, Passphrase string }) (any, error) {
		return nil, a.Protect(ctx, Protection(in.Protection), in.Passphrase)
	}))
	on("PUT /v1/settings", with(func(ctx context.Context, in Settings) (any, error) {
		return nil, a.SetSettings(ctx, in)
	}))
	on("POST /v1/quiet", with(func(ctx context.Context, in struct{ Minutes int }) (any, error) {
		return nil, a.Quiet(ctx, in.Minutes)
	}))
	on("POST /v1/window/show", with(func(ctx context.Context, in struct{ Pane string }) (any, error) {
		shown, err := a.ShowWindow(ctx, in.Pane)
		return map[string]bool{"shown": shown}, err
	}))
	on("POST /v1/quit", s.does(a.Quit))
	on("GET /v1/diagnostics", func(w http.ResponseWriter, r *http.Request) error {
		text, err := a.Diagnostics(r.Context())
		if err != nil {
			return err
		}
		return raw(w, "text/plain; charset=utf-8", []byte(text))
	})

	on("POST /v1/pair/show", s.does(a.ShowPairing))
	on("GET /v1/pair/code", s.asks(func(r *http.Request) (any, error) { return address(a.PairingCode(r.Context())) }))
	on("POST /v1/pair/join", with(func(ctx context.Context, in struct{ Address string }) (any, error) {
		return nil, a.JoinPairing(ctx, in.Address)
	}))
	on("POST /v1/pair/confirm", with(func(ctx context.Context, in struct{ TOTP string }) (any, error) {
		return nil, a.ConfirmPairing(ctx, in.TOTP)
	}))
	on("DELETE /v1/pair", s.does(a.CancelPairing))
}

// asks serves a call without a body that has an answer.
func (*server) asks(f func(*http.Request) (any, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		out, err := f(r)
		if err != nil {
			return err
		}
		return answer(w, out)
	}
}

// does serves a call without body and answer.
func (*server) does(f func(context.Context) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := f(r.Context()); err != nil {
			return err
		}
		return answer(w, nil)
	}
}

// with serves a call that has a JSON body.
func with[In any](f func(context.Context, In) (any, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in In
		if err := read(w, r, &in); err != nil {
			return err
		}
		out, err := f(r.Context(), in)
		if err != nil {
			return err
		}
		return answer(w, out)
	}
}

// ids serves a call about several entries.
func ids(f func(context.Context, ...string) error) func(http.ResponseWriter, *http.Request) error {
	return with(func(ctx context.Context, in idList) (any, error) {
		if len(in.IDs) == 0 || len(in.IDs) > maxIDs {
			return nil, usage("the call names no entry, or too many")
		}
		return nil, f(ctx, in.IDs...)
	})
}

// one narrows a call about several entries to one.
func one(f func(context.Context, string) error) func(context.Context, ...string) error {
	return func(ctx context.Context, ids ...string) error {
		if len(ids) != 1 {
			return usage("the call must name exactly one entry")
		}
		return f(ctx, ids[0])
	}
}

// read takes a JSON body: one value, known members, at most maxCall bytes. The content type is
// demanded because a page in a browser cannot send it unasked.
func read(w http.ResponseWriter, r *http.Request, in any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return usage("the call's body must be JSON")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCall))
	if err := d.Decode(in); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return usage("the call is too large")
		}
		return usage("the call's body cannot be read")
	}
	if _, err := d.Token(); err != io.EOF {
		return usage("the call's body goes on after its end")
	}
	return nil
}

// answer writes JSON, or 204 for nil.
func answer(w http.ResponseWriter, out any) error {
	if out == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return raw(w, "application/json", text)
}

// raw writes a body. A face that went away while being answered is nobody's fault.
func raw(w http.ResponseWriter, kind string, body []byte) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
	return nil
}

// address is the answer of calls that give a URL.
func address(url string, err error) (any, error) {
	return map[string]string{"url": url}, err
}

func usage(text string) error { return &Error{Code: CodeUsage, Message: text} }

// inboxQuery reads the query of GET /v1/inbox.
func inboxQuery(r *http.Request) (InboxQuery, error) {
	v := r.URL.Query()
	q := InboxQuery{Text: v.Get("text"), Before: v.Get("before"), Limit: defaultInboxPage, Unread: v.Get("unread") == "1"}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxInboxPage {
			return q, usage("the limit must be between 1 and " + strconv.Itoa(maxInboxPage))
		}
		q.Limit = n
	}
	return q, nil
}
