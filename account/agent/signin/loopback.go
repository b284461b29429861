package signin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Limits of the listener that a browser comes back to.
const (
	loopbackHeaderTime = 10 * time.Second
	loopbackIdleTime   = 10 * time.Second
	// loopbackFarewell is how long the browser may take to fetch the page that it is led to, and that
	// page to be delivered.
	loopbackFarewell = 3 * time.Second
	loopbackHeader   = 16 << 10
	// redeemTime bounds what a page that came back may take.
	redeemTime = time.Minute
)

// toThisMachine reports whether a redirect leads to this machine: plain http to a loopback address
// with a port (RFC 8252, section 7.3).
func toThisMachine(redirect *url.URL) bool {
	return redirect.Scheme == "http" && redirect.Port() != "" && kit.Loopback(redirect.Hostname())
}

var portTaken = localapi.NewPhrase("signin.port_taken", "The port that the browser comes back to is taken.", "quit what uses port {port}, or choose another redirect in the advanced settings")

// loopback is the little web server that the last step of a sign-in leads to.
type loopback struct {
	server *http.Server
	served sync.WaitGroup
	life   context.Context // ends with close
	end    context.CancelFunc
	seen   chan struct{} // closed when a browser has seen how the sign-in ended
	once   sync.Once     // closes it

	mu     sync.Mutex
	answer answer
	over   bool // the sign-in has ended
}

// listen opens the port of the redirect, on the loopback address only.
func (s *SignIn) listen(u *url.URL) (*loopback, error) {
	host := u.Hostname()
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, u.Port()))
	if err != nil {
		s.Logger.Warn("the redirect's port cannot be opened", "error", err)
		return nil, portTaken.Refuse(localapi.CodeSignIn, "port", u.Port())
	}
	path := u.Path
	if path == "" {
		path = "/"
	}
	l := &loopback{seen: make(chan struct{}), answer: answer{err: noSignIn.Refuse(localapi.CodeUsage)}}
	l.life, l.end = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != path || r.Host != u.Host {
			http.NotFound(w, r) // for example a browser asking for an icon
			return
		}
		s.serve(l, w, r, u)
	})
	l.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: loopbackHeaderTime, IdleTimeout: loopbackIdleTime, MaxHeaderBytes: loopbackHeader,
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn), // a panic of ours with its trace is among it
	}
	l.served.Go(func() {
		if err := l.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.Logger.Warn("the redirect's listener has ended", "error", err)
		}
	})
	return l, nil
}

// close ends the listener at once, also one that is being finished.
func (l *loopback) close() {
	l.end()
	_ = l.server.Close() // it has nobody to answer
	l.served.Wait()
}

// finish ends the listener once a browser has been told how the sign-in ended, or none asks.
func (l *loopback) finish() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.served.Go(func() {
		wait := time.NewTimer(loopbackFarewell)
		defer wait.Stop()
		select {
		case <-l.seen:
		case <-wait.C:
		case <-l.life.Done():
		}
		ctx, cancel := context.WithTimeout(l.life, loopbackFarewell)
		defer cancel()
		if l.server.Shutdown(ctx) != nil {
			_ = l.server.Close() // the browser keeps its connection; it has its answer
		}
	})
}

// keep keeps how the sign-in went. What has worked stays so: a page elsewhere can ask us for anything.
func (l *loopback) keep(a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answer.err != nil {
		l.answer = a
	}
}

func (l *loopback) answered() answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answer
}

// told notes that a browser has seen the answer.
func (l *loopback) told() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		l.once.Do(func() { close(l.seen) })
	}
}
