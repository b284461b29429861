package accounttest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

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
