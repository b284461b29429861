//go:build torture && linux

package torture_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

// door stands between the agent and its service, and misbehaves on demand.
type door struct {
	svc *accounttest.Service
	url string

	mu     sync.Mutex
	armed  []*mischief
	closed map[string]time.Time // by base: when a wait that we asked for ends
	broken []string             // requests that came nevertheless
	tap    func(header http.Header, asked, answered []byte)
}

// mischief is what happens to the next requests of a route.
type mischief struct {
	method, path string // the path's end
	times        int
	hit          time.Time // when it last happened
	do           func(d *door, w http.ResponseWriter, r *http.Request)
}

func newDoor(t *testing.T, svc *accounttest.Service) *door {
	t.Helper()
	d := &door{svc: svc, closed: map[string]time.Time{}}
	server := httptest.NewServer(d)
	d.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return d
}

// arm makes the next requests of a route go wrong.
func (d *door) arm(m *mischief) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = append(d.armed, m)
}

// done reports whether all mischief has happened.
func (d *door) done() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.armed) == 0
}

// early lists the requests that came although their base had said to wait.
func (d *door) early() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken
}

// base is which of the servers a path belongs to.
func base(path string) string {
	if rest, ok := strings.CutPrefix(path, "/api/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	return "content"
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m := d.take(r); m != nil {
		m.do(d, w, r)
		return
	}
	d.pass(w, r)
}

func (d *door) take(r *http.Request) *mischief {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if until := d.closed[base(r.URL.Path)]; now.Before(until) {
		d.broken = append(d.broken, fmt.Sprintf("%s %s, %v too early", r.Method, r.URL.Path, until.Sub(now).Round(time.Millisecond)))
	}
	for i, m := range d.armed {
		if m.method != r.Method || !strings.HasSuffix(r.URL.Path, m.path) {
			continue
		}
		m.hit = now
		if m.times--; m.times <= 0 {
			d.armed = append(d.armed[:i:i], d.armed[i+1:]...)
		}
		return m
	}
	return nil
}

// reply is what the service says.
func (d *door) reply(r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	if d.tap == nil {
		d.svc.ServeHTTP(answer, r)
	} else {
		asked, _ := io.ReadAll(r.Body) // who asks may have been killed
		r.Body = io.NopCloser(bytes.NewReader(asked))
		d.svc.ServeHTTP(answer, r)
		d.tap(r.Header, asked, answer.Body.Bytes())
	}
	if strings.HasPrefix(r.URL.Path, "/.well-known/") { // what it says of itself leads through the door
		answer.Body = bytes.NewBuffer(bytes.ReplaceAll(answer.Body.Bytes(), []byte(d.svc.URL()), []byte(d.url)))
	}
	return answer
}

func (d *door) pass(w http.ResponseWriter, r *http.Request) {
	answer := d.reply(r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // who asked may have been killed
}

// say answers without asking the service.
func say(status int, kind, body string) func(*door, http.ResponseWriter, *http.Request) {
	return func(_ *door, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

const asJSON = "application/json; charset=utf-8"

// wait answers with a status that tells to wait: for so long the base is closed. Without a form it tells
// no time.
func wait(status int, form string, how time.Duration) func(*door, http.ResponseWriter, *http.Request) {
	return func(d *door, w http.ResponseWriter, r *http.Request) {
		until := time.Now().Add(how)
		body := fmt.Sprintf(`{"code":%d,"errno":%d,"error":"Wait","message":"wait"}`, status, map[int]int{429: 114, 503: 201}[status])
		switch form {
		case "seconds":
			w.Header().Set("Retry-After", strconv.Itoa(int(how/time.Second)))
		case "date": // it has whole seconds
			until = until.Truncate(time.Second)
			w.Header().Set("Retry-After", until.UTC().Format(http.TimeFormat))
		}
		d.mu.Lock()
		d.closed[base(r.URL.Path)] = until
		d.mu.Unlock()
		say(status, asJSON, body)(d, w, r)
	}
}

// cut ends the connection: before or after the request took effect, with a reset or not, after so many
// bytes of the answer.
func cut(effect, reset bool, part float64) func(*door, http.ResponseWriter, *http.Request) {
	return func(d *door, w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		if effect {
			answer = d.reply(r)
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return // it has gone by itself
		}
		defer conn.Close()
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		if part > 0 {
			body := answer.Body.Bytes()
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
				answer.Code, asJSON, len(body), body[:int(float64(len(body))*part)])
		}
	}
}

// slow passes a request on and its answer after a while; hang keeps both until who asks gives up.
func slow(d time.Duration) func(*door, http.ResponseWriter, *http.Request) {
	return func(door *door, w http.ResponseWriter, r *http.Request) {
		time.Sleep(d)
		door.pass(w, r)
	}
}

func hang(_ *door, _ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that who asks has gone
	<-r.Context().Done()
}

// captive sends everybody to a page of its own, as a hotel does.
func captive(d *door, w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, d.url+"/hotel", http.StatusFound)
}
