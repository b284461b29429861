package localapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// How long the other end of a connection may take: to say what it wants, again for the body of that,
// and to take a piece of an answer. A connection that nothing more is asked on is closed after idleTime: our
// client has one for each call, others may keep theirs.
const (
	headerTime = 10 * time.Second
	bodyTime   = 10 * time.Second
	takeTime   = 30 * time.Second
	idleTime   = 2 * time.Minute
)

// leaveTime is how long Serve lets faces read the last update before it cuts them off.
const leaveTime = 500 * time.Millisecond

// Serve answers on a listener from [Listen] until ctx ends, and closes the listener.
// The agent's Watch streams should have been ended before (see [Feed.Close]).
func Serve(ctx context.Context, l net.Listener, agent Agent, logger *slog.Logger) error {
	s := &http.Server{
		Handler:           Handler(agent, logger),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		// Answers to "OPTIONS *" are ours, too.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	if own, ok := l.(*socket.Listener); ok {
		own.OnStranger(func(count uint64) {
			if count&(count-1) == 0 { // the first, and fewer and fewer after it: a flood of them fills no disk
				logger.Warn("a stranger's connection to the local API was refused", "count", count)
			}
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return errors.Join(err, s.Close())
	case <-ctx.Done():
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err := s.Shutdown(leave); err != nil {
		err = s.Close()
		<-ended
		return err
	}
	<-ended
	return nil
}

// host is that of every call.
var host = strings.TrimPrefix(base, "http://")

// guard refuses what no face sends: a page in a browser that guessed the port of a TCP bridge, or
// anything that is not our made-up origin. What is no clean path is no call, and is not led to one.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := stray(r); err != nil {
			s.refuse(w, r, err)
			return
		}
		writing(w, 0) // the connection's last answer has left its own
		if r.Body != http.NoBody {
			reading(w, bodyTime) // also for one that nobody asked for: the server waits for its end
		}
		defer func() {
			if p := recover(); p != nil {
				s.refuse(w, r, s.panicked(r.Method+" "+r.URL.Path, p))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func stray(r *http.Request) error {
	switch _, page := r.Header["Origin"]; {
	case page:
		return usage("a call with an Origin is refused: this is not for web pages")
	case r.Host != host:
		return usage("the host of every call is " + host)
	case path.Clean(r.URL.EscapedPath()) != r.URL.EscapedPath():
		return noSuchCall(r)
	}
	return nil
}

// noCall refuses what is no call: an address that there is not, or another method than it is asked with.
func (s *server) noCall(mux *http.ServeMux) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var methods []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			asked := *r
			asked.Method = method
			if _, pattern := mux.Handler(&asked); pattern != "/" {
				methods = append(methods, method)
			}
		}
		if methods == nil {
			return noSuchCall(r)
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		e := usage(named(r) + " is asked with " + strings.Join(methods, " or "))
		e.status = http.StatusMethodNotAllowed
		return e
	}
}

func noSuchCall(r *http.Request) error {
	e := unknownCall.Refuse(CodeUnsupported, "call", named(r))
	e.status = http.StatusNotFound
	return e
}

// named is the path of a call as it is repeated to whoever asked for it.
func named(r *http.Request) string {
	asked := r.URL.EscapedPath()
	return asked[:min(len(asked), 100)]
}

// reading and writing give one end of a connection a deadline from now on; zero is none.
func reading(w http.ResponseWriter, limit time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(deadline(limit)) // a test's recorder has no connection
}

func writing(w http.ResponseWriter, limit time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(deadline(limit))
}

func deadline(limit time.Duration) (at time.Time) {
	if limit > 0 {
		at = time.Now().Add(limit)
	}
	return at
}

// refuse writes an error. One who has gone does not read it; who has only said all that he had to say does, and
// would take silence for a success.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) && !errors.As(s.refusal(r.Context(), r.Method+" "+r.URL.Path, err), &e) {
		e = usage("the connection was closed from the other side before the call was over")
	}
	text, err := json.Marshal(e)
	if err != nil {
		text = []byte(`{"code":"internal"}`)
	}
	writing(w, takeTime)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(cmp.Or(e.status, e.Code.status()))
	_, _ = w.Write(text)
}

// status is the HTTP status of a code, for people who look at the socket with other tools; our
// client reads the code.
func (c Code) status() int {
	switch c {
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeUsage, CodeTooMany:
		return http.StatusBadRequest
	case CodeNotSignedIn, CodeLocked, CodeSignIn, CodeAsk, CodeNotAllowed, CodeNotOptedIn:
		return http.StatusForbidden
	case CodeNoDevice, CodeNotFound:
		return http.StatusNotFound
	case CodeConflict:
		return http.StatusConflict
	case CodeUnsupported:
		return http.StatusNotImplemented
	case CodeOffline, CodeBackoff, CodeNotReachable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// watch streams updates as server-sent events.
func (s *server) watch(w http.ResponseWriter, r *http.Request) error {
	asked, err := readWatchRequest(r)
	if err != nil {
		return err
	}
	watcher := s.agent.Watch(asked.face)
	defer watcher.Close()
	told := teller{changes: asked.changes}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	alive := time.NewTimer(keepAlive)
	defer alive.Stop()
	for {
		u, ok, ended := watcher.take()
		writing(w, takeTime) // a face that reads no more is cut off: what waits for it would grow and grow
		switch {
		case ok:
			if !told.write(w, u) {
				return nil
			}
		case ended:
			return nil
		default:
			select {
			case <-watcher.wake:
				continue
			case <-r.Context().Done():
				return nil
			case <-alive.C:
				writing(w, takeTime)
				if _, err := w.Write([]byte(":\n\n")); err != nil {
					return nil // the face has gone
				}
			}
		}
		alive.Reset(keepAlive)
		if out.Flush() != nil {
			return nil // the face has gone
		}
	}
}

// teller writes a stream of updates.
type teller struct {
	changes bool // what is new instead of all that there is
	last    *Snapshot
}

// write writes an update as one event, if there is anything new in it, and reports whether the face is
// still there.
func (t *teller) write(w http.ResponseWriter, u Update) bool {
	u.Snapshot = u.Snapshot.listed()
	var says any = u
	if t.last != nil {
		patch, more := changes(t.last, &u.Snapshot)
		if !more && len(u.Events) == 0 {
			return true
		}
		if t.changes {
			says = changedUpdate{t.last.Revision, patch, u.Events}
		}
	}
	t.last = &u.Snapshot
	text, err := json.Marshal(says)
	if err != nil {
		return false
	}
	line := make([]byte, 0, len(text)+8)
	line = append(line, "data: "...)
	line = append(line, text...)
	_, err = w.Write(append(line, "\n\n"...))
	return err == nil
}
