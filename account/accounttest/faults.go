package accounttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/rate"
)

// Faults makes the next replies of a route go wrong.
type Faults struct {
	mu   sync.Mutex
	list []*fault
}

type fault struct {
	route      string
	status     int
	errno      int
	times      int
	retryAfter int
	retryDate  time.Duration
	millis     bool
	noHeader   bool
	delay      time.Duration
	drop       bool
	loseReply  bool
	raw        *string
	rawType    string
	noErrno    bool
	extras     map[string]any
}

// FaultOption refines a fault.
type FaultOption func(*fault)

// Errno sets the error number (default: 999, or 114 for 429, 201 for 503, 110
// for 401).
func Errno(n int) FaultOption { return func(f *fault) { f.errno = n } }

// RetryAfter adds the wait in seconds, as header and body member.
func RetryAfter(seconds int) FaultOption { return func(f *fault) { f.retryAfter = seconds } }

// RetryAfterDate sends the header as an HTTP date, d after now.
func RetryAfterDate(d time.Duration) FaultOption { return func(f *fault) { f.retryDate = d } }

// RetryAfterMillis sends the wait in milliseconds in the body and the header,
// as some servers did by mistake.
func RetryAfterMillis() FaultOption { return func(f *fault) { f.millis = true } }

// NoRetryHeader sends the wait only in the body.
func NoRetryHeader() FaultOption { return func(f *fault) { f.noHeader = true } }

// Delay waits before anything else happens. With status 0 the request is then
// served as usual.
func Delay(d time.Duration) FaultOption { return func(f *fault) { f.delay = d } }

// DropConnection closes the connection without an answer and without effect.
func DropConnection() FaultOption { return func(f *fault) { f.drop = true } }

// LoseReply lets the request take effect and then closes the connection.
func LoseReply() FaultOption { return func(f *fault) { f.loseReply = true } }

// HTML answers with a page, as a proxy does.
func HTML() FaultOption {
	return RawBody("text/html", "<!doctype html><title>Gateway</title><p>No service behind this gateway.")
}

// EmptyBody answers without a body.
func EmptyBody() FaultOption { return RawBody("", "") }

// RawBody answers with any body.
func RawBody(contentType, body string) FaultOption {
	return func(f *fault) { f.raw, f.rawType = &body, contentType }
}

// NoErrno leaves errno and code out of the JSON.
func NoErrno() FaultOption { return func(f *fault) { f.noErrno = true } }

// Extra adds a member to the JSON.
func Extra(name string, value any) FaultOption {
	return func(f *fault) {
		if f.extras == nil {
			f.extras = map[string]any{}
		}
		f.extras[name] = value
	}
}

// Times repeats the fault (default once; negative: until Clear).
func Times(n int) FaultOption { return func(f *fault) { f.times = n } }

func newFaults() *Faults { return &Faults{} }

// Next arms a fault for the next request of a route, in order of arming. The
// route is "POST /v1/oauth/token", a path alone, or either with a * at its end;
// "*" means every route. Status 0 is for DropConnection, LoseReply and a mere
// Delay.
func (f *Faults) Next(route string, status int, opts ...FaultOption) {
	armed := &fault{route: route, status: status, times: 1}
	for _, opt := range opts {
		opt(armed)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, armed)
}

// Clear disarms all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// Armed is the number of faults that have not been used up.
func (f *Faults) Armed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.list)
}

func (f *Faults) take(method, path string, rt *route) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, armed := range f.list {
		if !armed.matches(method, path, rt) {
			continue
		}
		if armed.times--; armed.times == 0 {
			f.list = append(f.list[:i:i], f.list[i+1:]...)
		}
		return armed
	}
	return nil
}

func (f *fault) matches(method, path string, rt *route) bool {
	names := []string{path, method + " " + path}
	if rt != nil {
		names = append(names, rt.path, rt.String())
	}
	prefix, wild := strings.CutSuffix(f.route, "*")
	for _, name := range names {
		if name == f.route || wild && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// outcome says how a request goes on after its faults.
type outcome struct{ answered, loseReply bool }

func (f *Faults) apply(s *Service, w *statusWriter, r *http.Request, rt *route) outcome {
	armed := f.take(r.Method, stripBase(r.URL.Path), rt)
	if armed == nil {
		return outcome{}
	}
	if armed.delay > 0 && !s.pause(r, armed.delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case armed.drop:
		panic(http.ErrAbortHandler)
	case armed.loseReply:
		return outcome{loseReply: true}
	case armed.status == 0:
		return outcome{}
	}
	armed.answer(s, w, r, rt)
	return outcome{answered: true}
}

// pause waits; false means that the client or the service ended first.
func (s *Service) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.closing:
	}
	return false
}

func (f *fault) answer(s *Service, w *statusWriter, r *http.Request, rt *route) {
	h := w.Header()
	allowAnyOrigin(w)
	w.bodyWait = f.retryAfter
	f.sayWait(s, h)
	if f.raw != nil {
		if f.rawType != "" {
			h.Set("Content-Type", f.rawType)
		}
		w.WriteHeader(f.status)
		_, _ = w.Write([]byte(*f.raw))
		return
	}
	sp := errno.AuthSpace
	if rt != nil {
		sp = rt.space
	}
	e := &errno.Error{Space: sp, Errno: f.errnoOr(sp), Status: f.status}
	_, _, body := e.Reply(s.cfg.millisRetry)
	delete(body, "retryAfter")
	if f.retryAfter > 0 {
		body["retryAfter"] = f.retryAfter
		if f.millis || e.Errno == 114 && sp == errno.AuthSpace && s.cfg.millisRetry {
			body["retryAfter"] = f.retryAfter * 1000
		}
	}
	maps.Copy(body, f.extras)
	if f.noErrno {
		delete(body, "errno")
		delete(body, "code")
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if sp == errno.AuthSpace {
		s.authHeaders(h)
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.status)
	_, _ = w.Write(text)
}

// sayWait sets Retry-After: a date, or a number of seconds or, as older servers had it, milliseconds.
func (f *fault) sayWait(s *Service, h http.Header) {
	wait := f.retryAfter
	switch {
	case f.retryDate != 0:
		h.Set("Retry-After", s.Clock.Now().Add(f.retryDate).UTC().Format(http.TimeFormat))
	case wait <= 0 || f.noHeader:
	case f.millis:
		h.Set("Retry-After", strconv.Itoa(wait*1000))
	default:
		h.Set("Retry-After", strconv.Itoa(wait))
	}
}

func (f *fault) errnoOr(sp errno.Space) int {
	switch {
	case f.errno != 0:
		return f.errno
	case f.status == http.StatusTooManyRequests:
		return 114
	case f.status == http.StatusServiceUnavailable && sp != errno.ProfileSpace:
		return 201
	case f.status == http.StatusServiceUnavailable:
		return 104
	case f.status == http.StatusUnauthorized && sp == errno.AuthSpace:
		return 110
	case f.status == http.StatusUnauthorized && sp == errno.ProfileSpace:
		return 100
	}
	return 999
}

// RateRule limits how often a route may be asked.
type RateRule = rate.Rule

// Limit adds a rate rule.
func (s *Service) Limit(rule RateRule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = append(s.rates, rate.New(rule))
}

// checkRate applies the rules that fit the call's route.
func (s *Service) checkRate(c *call) error {
	for _, rule := range s.rates {
		key := ""
		if a := c.account(); rule.PerAccount && a != nil {
			key = a.uid
		}
		wait := time.Duration(0)
		switch {
		case rule.Route == c.route.path || rule.Route == c.route.String():
			wait = rule.Attempt(key, c.now)
		case rule.Ban:
			wait = rule.Wait(key, c.now)
		}
		if wait > 0 {
			return c.throttled(wait)
		}
	}
	return nil
}

// throttled is the refusal of a rate rule.
func (c *call) throttled(wait time.Duration) error {
	e := errno.Auth(114)
	if c.route.space == errno.ProfileSpace {
		e = errno.Profile(114)
	}
	e.RetryAfter = int((wait + time.Second - 1) / time.Second)
	return e
}
