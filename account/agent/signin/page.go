package signin

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// answer is how a sign-in went, for the person in the browser.
type answer struct {
	err   error
	again string // what the browser came with, where it is worth another try
}

// serve completes the sign-in and tells the person in the browser how that went. What the browser comes
// with is worth an account and stays in its history: it is led to the bare address, where the page stands.
func (s *SignIn) serve(l *loopback, w http.ResponseWriter, r *http.Request, redirect *url.URL) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.RawQuery != redirect.RawQuery {
		address := *redirect
		address.RawQuery = r.URL.RawQuery
		s.redeem(r, l, address.String())
		http.Redirect(w, r, redirect.String(), http.StatusSeeOther)
		return
	}
	a := l.answered()
	if a.again != "" { // loaded again, as the page says
		s.redeem(r, l, a.again)
		a = l.answered()
	}
	s.page(w, a.err)
	l.told()
}

// redeem completes the sign-in and keeps how that went.
func (s *SignIn) redeem(r *http.Request, l *loopback, address string) {
	// The browser may close the page at once; the code must be redeemed all the same.
	ctx, done := context.WithTimeout(context.WithoutCancel(r.Context()), redeemTime)
	defer done()
	a := answer{err: s.Complete(ctx, address)}
	if codeOf(a.err) == localapi.CodeOffline {
		a.again = address
	}
	l.keep(a)
}

func codeOf(err error) localapi.Code {
	var refusal *localapi.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

// page tells how a sign-in went, and what to do next.
func (s *SignIn) page(w http.ResponseWriter, err error) {
	status, heading, text, hint := http.StatusOK, doneTitle, doneText.Say(), localapi.Sentence{}
	if err != nil {
		status, heading, text, hint = http.StatusBadRequest, failedTitle, board.Sentence(err), failedHint.Say()
		if codeOf(err) == localapi.CodeOffline {
			hint = offlineHint.Say()
		}
	}
	language := s.Board.Now().Settings.Language
	title, tag := s.Say(language, heading.Say())
	said, _ := s.Say(language, text)
	next, _ := s.Say(language, hint)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	if _, err := io.WriteString(w, fillPage(err != nil, tag, title, said, next)); err != nil {
		s.Logger.Info("the browser did not take the answer", "error", err)
	}
}

// fillPage writes texts into the page. That takes no template engine: the one for HTML is a third of a
// megabyte, and with it a linker keeps every method of every type that could be called by name.
func fillPage(failed bool, language, title, text, hint string) string {
	class, mark := "done", "M19 33l9 9 18-19"
	if failed {
		class, mark = "failed", "M32 17v19M32 46v1"
	}
	return strings.NewReplacer(
		"{{.Style}}", pageStyle, "{{.Class}}", class, "{{.Mark}}", mark,
		"{{.Language}}", html.EscapeString(language), "{{.Title}}", html.EscapeString(title),
		"{{.Text}}", html.EscapeString(text), "{{.Hint}}", html.EscapeString(hint),
	).Replace(pageText)
}

// What the page says.
var (
	doneTitle   = localapi.NewPhrase("signin.page.done", "You are signed in", "")
	doneText    = localapi.NewPhrase("signin.page.close", "You can close this page and go back to Tabferry.", "")
	failedTitle = localapi.NewPhrase("signin.page.failed", "The sign-in did not work", "")
	failedHint  = localapi.NewPhrase("signin.page.again", "Go back to Tabferry to try again.", "")
	offlineHint = localapi.NewPhrase("signin.page.offline", "Load this page again once the connection is back.", "")
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
	// pagePolicy lets the page use its own style and nothing else.
	pagePolicy = func() string {
		style := sha256.Sum256([]byte(pageStyle))
		return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}()
)
