package signin

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Limits of the listener that a browser comes back to.
const (
	loopbackHeaderTime = 10 * time.Second
	loopbackIdleTime   = 10 * time.Second
	// loopbackFarewell is how long the browser's last answer may take to be delivered.
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

// loopback is the little web server that the last step of a sign-in leads to.
type loopback struct {
	server *http.Server
	served sync.WaitGroup
	life   context.Context // ends with close
	end    context.CancelFunc
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
	l := &loopback{}
	l.life, l.end = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != path || r.Host != u.Host {
			http.NotFound(w, r) // for example a browser asking for an icon
			return
		}
		s.answer(w, r, u)
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

// finish ends the listener once the answers under way have been given.
func (l *loopback) finish() {
	l.served.Go(func() {
		ctx, cancel := context.WithTimeout(l.life, loopbackFarewell)
		defer cancel()
		if l.server.Shutdown(ctx) != nil {
			_ = l.server.Close() // the browser keeps its connection; it has its answer
		}
	})
}

// answer completes the sign-in and tells the person in the browser how that went.
func (s *SignIn) answer(w http.ResponseWriter, r *http.Request, redirect *url.URL) {
	address := *redirect
	address.RawQuery = r.URL.RawQuery
	// The browser may close the page at once; the code must be redeemed all the same.
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), redeemTime)
	defer done()
	err := s.Complete(ctx, address.String())
	page := redirectPage{Title: doneTitle.Say(), Text: doneText.Say()}
	status := http.StatusOK
	if err != nil {
		page = redirectPage{Title: failedTitle.Say(), Text: board.Sentence(err), Hint: failedHint.Say()}
		var refusal *localapi.Error
		if errors.As(err, &refusal) && refusal.Code == localapi.CodeOffline {
			page.Hint = offlineHint.Say()
		}
		status = http.StatusBadRequest
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	if err := redirectTemplate.Execute(w, s.said(page)); err != nil {
		s.Logger.Info("the browser did not take the answer", "error", err)
	}
}

type redirectPage struct{ Title, Text, Hint localapi.Sentence }

// said is the page in the person's language.
func (s *SignIn) said(page redirectPage) any {
	language := s.Board.Now().Settings.Language
	title, tag := s.Say(language, page.Title)
	text, _ := s.Say(language, page.Text)
	hint, _ := s.Say(language, page.Hint)
	return struct{ Language, Title, Text, Hint string }{tag, title, text, hint}
}

// What the page says, and why it may not be there.
var (
	portTaken   = localapi.NewPhrase("signin.port_taken", "The port that the browser comes back to is taken.", "quit what uses port {port}, or choose another redirect in the advanced settings")
	doneTitle   = localapi.NewPhrase("signin.page.done", "You are signed in", "")
	doneText    = localapi.NewPhrase("signin.page.close", "You can close this page and go back to Tabferry.", "")
	failedTitle = localapi.NewPhrase("signin.page.failed", "The sign-in did not work", "")
	failedHint  = localapi.NewPhrase("signin.page.again", "Go back to Tabferry to try again.", "")
	offlineHint = localapi.NewPhrase("signin.page.offline", "Load this page again once the connection is back.", "")
)

var redirectTemplate = template.Must(template.New("redirect").Parse(`<!doctype html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}} – Tabferry</title>
<style>
:root { color-scheme: light dark; }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 28rem; margin: 20vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{with .Hint}}<p>{{.}}</p>{{end}}
</body>
</html>
`))
