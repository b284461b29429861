package accounttest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/journal"
)

// authKind is what a route wants to know about its caller.
type authKind uint8

const (
	noAuth          authKind = iota
	maybeSession             // a session is used if one is sent
	needSession              // a session, confirmed or not
	verifiedSession          // a confirmed session
	deviceAuth               // a session or a refresh token
)

// route is one entry of the table of routes: either a JSON handler, which runs
// under the lock, or a page.
type route struct {
	method, path string
	space        errno.Space
	auth         authKind
	form         bool // takes form-encoded bodies too
	handle       func(*Service, *call) (any, error)
	page         func(*Service, http.ResponseWriter, *http.Request, map[string]string)
}

// String is the route's name in Request.Route; nil, an unknown route, has none.
func (r *route) String() string {
	if r == nil {
		return ""
	}
	return r.method + " " + r.path
}

type routeTable struct {
	exact    map[string]*route // "METHOD path"
	patterns []*route          // with {name} segments
}

func newRouteTable(groups ...[]route) routeTable {
	t := routeTable{exact: map[string]*route{}}
	for _, group := range groups {
		for _, r := range group {
			if strings.Contains(r.path, "{") {
				t.patterns = append(t.patterns, &r)
			} else {
				t.exact[r.method+" "+r.path] = &r
			}
		}
	}
	return t
}

func (t routeTable) find(method, path string) (*route, map[string]string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if r := t.exact[method+" "+path]; r != nil {
		return r, nil
	}
	for _, r := range t.patterns {
		if r.method != method {
			continue
		}
		if vars, ok := matchPath(r.path, path); ok {
			return r, vars
		}
	}
	return nil, nil
}

func matchPath(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	vars := map[string]string{}
	for i, segment := range want {
		if name, ok := strings.CutPrefix(segment, "{"); ok && have[i] != "" {
			vars[strings.TrimSuffix(name, "}")] = have[i]
		} else if segment != have[i] {
			return nil, false
		}
	}
	return vars, true
}

func (s *Service) allRoutes() routeTable {
	return newRouteTable(
		discoveryRoutes(), oauthRoutes(), profileRoutes(), pageRoutes(),
		accountRoutes(), sessionRoutes(), passwordRoutes(), deviceRoutes(), flowRoutes(),
	)
}

// bases below /api/ that SeparateBases publishes.
const (
	authPrefix    = "/api/auth"
	oauthPrefix   = "/api/oauth"
	profilePrefix = "/api/profile"
)

func stripBase(path string) string {
	for _, prefix := range []string{authPrefix, oauthPrefix, profilePrefix} {
		if rest, ok := strings.CutPrefix(path, prefix); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
	}
	return path
}

// ServeHTTP serves every role of the service.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.running.Done()
	defer s.notePanic(r)
	path := stripBase(r.URL.Path)
	// Clients take their clock offset from Date: it must be the service's time.
	w.Header().Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat))
	if part := s.part(path); part != nil {
		part.ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	rt, vars := s.routes.find(r.Method, path)
	body, bodyErr := readBody(r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	out := &statusWriter{ResponseWriter: w}
	entry := s.log.Add(r, rt.String(), body, s.Clock.Now())
	defer func() { s.log.Answered(entry, out.status) }()
	s.lintArrival(r, rt)
	after := s.Faults.apply(s, out, r, rt)
	if after.answered {
		s.lintReply(r, rt, out)
		return
	}
	if after.loseReply {
		s.serve(discardWriter{header: http.Header{}}, r, rt, vars, body, bodyErr)
		panic(http.ErrAbortHandler)
	}
	s.serve(out, r, rt, vars, body, bodyErr)
	s.lintReply(r, rt, out)
}

// notePanic keeps a fault of the service itself from passing as a dropped
// connection: it becomes a finding, lint or not.
func (s *Service) notePanic(r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		s.log.Fault(fmt.Sprintf("%s %s: the service failed: %v", r.Method, r.URL.Path, fault))
	}
	panic(http.ErrAbortHandler)
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, rt *route, vars map[string]string, body []byte, bodyErr error) {
	allowAnyOrigin(w)
	if rt == nil || rt.space == errno.AuthSpace {
		s.authHeaders(w.Header())
	}
	switch {
	case rt == nil:
		s.writeError(w, r, errno.AuthSpace, errno.NotFound())
	case rt.space == errno.AuthSpace && r.ContentLength < 0:
		s.writeError(w, r, rt.space, errno.Auth(112))
	case bodyErr != nil:
		s.writeError(w, r, rt.space, bodyErr)
	case rt.page != nil:
		rt.page(s, w, r, vars)
	default:
		s.serveAPI(w, r, rt, vars, body)
	}
}

func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.running.Add(1)
	return true
}

func allowAnyOrigin(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "Timestamp, Accept-Language, WWW-Authenticate, Server-Authorization")
}

func preflight(w http.ResponseWriter, r *http.Request) {
	allowAnyOrigin(w)
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		w.Header().Set("Access-Control-Allow-Headers", wanted)
	}
	w.WriteHeader(http.StatusNoContent)
}

// Request is one request the service received.
type Request = journal.Request

// Requests lists what the service received so far, pages included, in order of
// arrival (the newest twenty thousand). Push and pairing sockets are not in it.
// With routes given, only those, in the form of Request.Route.
func (s *Service) Requests(routes ...string) []Request { return s.log.Requests(routes...) }

// ForgetRequests empties the list of requests.
func (s *Service) ForgetRequests() { s.log.Forget() }

// Findings lists what lint mode held against the clients: unknown members,
// Hawk bodies without hash, used state values, requests during a Retry-After
// (given in seconds, as a date or only in the body), and, after Close, tokens
// nobody destroyed. Without Lint it holds only failures
// of the service itself.
func (s *Service) Findings() []string {
	faults := s.log.Faults()
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(faults, s.findings...)
}

// finding notes one; the caller holds the lock.
func (st *state) finding(format string, args ...any) {
	st.findings = append(st.findings, fmt.Sprintf(format, args...))
}

// waitKey tells clients and services apart for the Retry-After check.
func waitKey(r *http.Request, rt *route) string {
	return r.UserAgent() + "|" + strconv.Itoa(int(rt.space))
}

func (s *Service) lintArrival(r *http.Request, rt *route) {
	if !s.cfg.lint || rt == nil {
		return
	}
	now := s.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := s.waits[waitKey(r, rt)]; now.Before(until) {
		s.finding("%s came %s before the Retry-After of an earlier reply was over", rt, until.Sub(now).Round(time.Millisecond))
	}
}

func (s *Service) lintReply(r *http.Request, rt *route, w *statusWriter) {
	if !s.cfg.lint || rt == nil || w.status != http.StatusTooManyRequests && w.status != http.StatusServiceUnavailable {
		return
	}
	now := s.Clock.Now()
	until := now.Add(time.Duration(w.bodyWait) * time.Second)
	header := w.Header().Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil && w.bodyWait == 0 {
		until = now.Add(time.Duration(seconds) * time.Second)
	} else if date, err := http.ParseTime(header); err == nil {
		until = date
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits[waitKey(r, rt)] = until
}

func (s *Service) lintClose() {
	if !s.cfg.lint {
		return
	}
	for _, t := range s.LiveTokens() {
		s.mu.Lock()
		s.finding("a %s token of client %s was not destroyed", t.Kind, t.ClientID)
		s.mu.Unlock()
	}
}
