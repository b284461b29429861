package localapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"
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
	s.on(mux, "GET /v1/watch", s.watch)
	s.on(mux, "/", s.noCall(mux))
	return s.guard(mux)
}

// on answers a pattern; what f returns is a refusal.
func (s *server) on(mux *http.ServeMux, pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			s.refuse(w, r, err)
		}
	})
}

// serve answers the call's route.
func (c untyped) serve(s *server, mux *http.ServeMux) {
	s.on(mux, c.route, func(w http.ResponseWriter, r *http.Request) error {
		in, out := c.room()
		if err := read(w, r, in); err != nil {
			return err
		}
		if err := c.perform(r.Context(), s.agent, in, out); err != nil {
			return err
		}
		return answer(w, out)
	})
}

// read takes the request from where a call of its type has it.
func read(w http.ResponseWriter, r *http.Request, in any) (err error) {
	switch in := in.(type) {
	case *nothing:
		return nil
	case *string:
		*in = r.PathValue("name")
		return nil
	case *InboxQuery:
		*in, err = readInboxQuery(r)
		return err
	case *RefreshRequest:
		*in, err = readRefreshRequest(r)
		return err
	default:
		return readJSON(w, r, in)
	}
}

// answer writes what a call returned. A face that went away while being answered is nobody's fault.
func answer(w http.ResponseWriter, out any) error {
	var kind string
	var body []byte
	switch out := out.(type) {
	case *nothing:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case *[]byte:
		kind, body = "application/octet-stream", *out
	case *string:
		kind, body = "text/plain; charset=utf-8", []byte(*out)
	default:
		text, err := json.Marshal(listed(out))
		if err != nil {
			return err
		}
		kind, body = "application/json", text
	}
	writing(w, takeTime)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
	return nil
}

// listed is an answer in which a list of nothing is an empty one: null is no list, and whoever goes through it fails.
func listed(out any) any {
	switch out := out.(type) {
	case *Snapshot:
		return out.listed()
	case *[]AccountEvent:
		return notNil(*out)
	case *[]OutboxEntry:
		return notNil(*out)
	case *[]InboxEntry:
		return notNil(*out)
	default:
		return out
	}
}

// listed returns the snapshot with lists where JSON must have one.
func (s Snapshot) listed() Snapshot {
	s.Devices.Items, s.Clients.Items = notNil(s.Devices.Items), notNil(s.Clients.Items)
	s.Inbox.Recent, s.Outbox.Recent = notNil(s.Inbox.Recent), notNil(s.Outbox.Recent)
	return s
}

func notNil[T any](list []T) []T {
	if list == nil {
		list = []T{}
	}
	return list
}
