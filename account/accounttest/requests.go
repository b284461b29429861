package accounttest

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

// maxRequests is how many requests are remembered: a service behind a
// demonstration runs for weeks.
const maxRequests = 20000

type requestLog struct {
	mu     sync.Mutex
	list   []*Request
	faults []string
}

// fault notes a failure of the service itself.
func (l *requestLog) fault(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, text)
}

func (l *requestLog) add(r *http.Request, rt *route, body []byte, now time.Time) *Request {
	entry := &Request{Time: now, Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	if rt != nil {
		entry.Route = rt.String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) >= maxRequests {
		l.list = slices.Clone(l.list[maxRequests/10:])
	}
	l.list = append(l.list, entry)
	return entry
}

func (l *requestLog) answered(entry *Request, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status = status
}

// Requests lists what the service received so far, pages included, in order of
// arrival (the newest twenty thousand). Push and pairing sockets are not in it. With routes given, only
// those, in the form of Request.Route.
func (s *Service) Requests(routes ...string) []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var out []Request
	for _, entry := range s.log.list {
		if len(routes) == 0 || slices.Contains(routes, entry.Route) {
			out = append(out, *entry)
		}
	}
	return out
}

// ForgetRequests empties the list of requests.
func (s *Service) ForgetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list = nil
}
