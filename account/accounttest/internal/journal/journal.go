// Package journal keeps the requests a server received and the faults of the
// server itself.
package journal

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is one request the service received.
type Request struct {
	Time   time.Time // of the service's clock
	Route  string    // for example "POST /v1/oauth/token"; "" when unknown
	Method string
	Path   string // with its query
	Header http.Header
	Body   []byte
	Status int // of the reply; 0 when the connection was dropped or is open
}

// Max is how many requests are remembered: a service behind a demonstration
// runs for weeks.
const Max = 20000

// Log is the journal. Its zero value is empty.
type Log struct {
	mu     sync.Mutex
	list   []*Request
	faults []string
}

// Add notes a request that has just arrived.
func (l *Log) Add(r *http.Request, route string, body []byte, now time.Time) *Request {
	entry := &Request{Time: now, Route: route, Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= Max {
		l.list = slices.Clone(l.list[Max/10:])
	}
	l.list = append(l.list, entry)
	return entry
}

// Answered notes the status of a request's reply.
func (l *Log) Answered(entry *Request, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status = status
}

// Requests returns copies in order of arrival: all, or those of some routes.
func (l *Log) Requests(routes ...string) []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Request
	for _, entry := range l.list {
		if len(routes) == 0 || slices.Contains(routes, entry.Route) {
			out = append(out, *entry)
		}
	}
	return out
}

// Forget empties the list of requests.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// Fault notes a failure of the service itself.
func (l *Log) Fault(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, text)
}

// Faults returns the failures so far.
func (l *Log) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.faults)
}
