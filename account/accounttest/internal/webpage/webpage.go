// Package webpage draws the service's web pages: templates, style sheet, scripts
// and the default pictures. What is on a page comes in as its view.
package webpage

import (
	"embed"
	"html/template"
	"net/http"
	"path"
	"strings"
)

//go:embed files
var pageFiles embed.FS

// pageTemplates are parsed once; they are never changed.
var pageTemplates = template.Must(template.ParseFS(pageFiles, "files/*.html"))

// Show writes a page: a template and the view it takes.
func Show(w http.ResponseWriter, status int, name string, view any) {
	h := w.Header()
	h.Del("Access-Control-Allow-Origin")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// form-action stays open: browsers apply it to the redirect after the form,
	// which leads to the application.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none'")
	var text strings.Builder
	if err := pageTemplates.ExecuteTemplate(&text, name, view); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text.String())) // the browser may be gone
}

// Message is a page of text.
type Message struct {
	Title string
	Lines []string
	Links []Link
}

// Link is a way on from a Message.
type Link struct{ URL, Text string }

// ShowMessage writes a page of text.
func ShowMessage(w http.ResponseWriter, status int, title string, lines ...string) {
	Show(w, status, "message.html", Message{Title: title, Lines: lines})
}

// Choice is a page on which an account is chosen.
type Choice struct {
	Title, Action, Query, Problem, Email string
	ClientName, Note                     string
	Forced, AskCode                      bool
	Scopes                               []string
	OneClick                             []OneClick
}

// OneClick is an account that goes on without its password.
type OneClick struct {
	UID, Email string
	Auto       bool
}

// Settings is the settings page.
type Settings struct {
	Title, Avatar, Name, Email, UID string
	Clients                         []Client
}

// Client is a line of Settings.
type Client struct {
	Name, Kind, Seen, Key string
	Current               bool
}

// File serves a style sheet or a script.
func File(w http.ResponseWriter, r *http.Request, name string) {
	text, err := pageFiles.ReadFile("files/" + name)
	if err != nil || strings.HasSuffix(name, ".html") {
		http.NotFound(w, r)
		return
	}
	// Not from the system's table of types, which differs between machines.
	w.Header().Set("Content-Type", map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}[path.Ext(name)])
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(text) // the browser may be gone
}
