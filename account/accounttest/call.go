package accounttest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
)

// maxBody is the largest request body in octets.
const maxBody = 16384

// gzipFrom is the reply size in octets from which replies are compressed for
// those who ask.
const gzipFrom = 1024

// call is one API request on its way through a handler. Handlers run with the
// service's lock held and do no I/O; what is to be sent afterwards is queued.
type call struct {
	s     *Service
	r     *http.Request
	route *route
	path  map[string]string
	body  []byte
	now   time.Time
	reply http.Header
	code  int // status of a success, 0: 200

	session *session
	refresh *refreshToken
	caller  *device // the credential's device, if any

	pushes []pushJob
	events []eventJob
	// finish makes the final reply from the fate of the pushes.
	finish func(results []pushResult) any
}

// errEmptyReply makes a reply without a body.
type emptyReply struct{}

// serveAPI runs a JSON route.
func (s *Service) serveAPI(w http.ResponseWriter, r *http.Request, rt *route, vars map[string]string, body []byte) {
	c := &call{s: s, r: r, route: rt, path: vars, body: body, now: s.Clock.Now(), reply: http.Header{}}
	value, err := s.runLocked(c)
	results := s.deliver(c.pushes)
	s.emit(c.events)
	if err == nil && c.finish != nil {
		value = c.finish(results)
	}
	for name, values := range c.reply {
		w.Header()[name] = values
	}
	if err != nil {
		s.writeError(w, r, rt.space, err)
		return
	}
	code := http.StatusOK
	if c.code != 0 {
		code = c.code
	}
	s.writeJSON(w, r, code, value)
}

func (s *Service) runLocked(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.authenticate(c); err != nil {
		return nil, err
	}
	if err := s.checkRate(c); err != nil {
		return nil, err
	}
	return c.route.handle(s, c)
}

func (s *Service) writeError(w http.ResponseWriter, r *http.Request, sp errno.Space, err error) {
	e := errno.From(err)
	if sp == errno.AuthSpace {
		e = e.Translate(s.cfg.bareErrors)
	}
	status, header, body := e.Reply(s.cfg.millisRetry)
	for name, values := range header {
		w.Header()[name] = values
	}
	s.writeJSON(w, r, status, body)
}

func (s *Service) writeJSON(w http.ResponseWriter, r *http.Request, status int, value any) {
	h := w.Header()
	if _, empty := value.(emptyReply); empty {
		w.WriteHeader(status)
		return
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		http.Error(w, "reply cannot be written", http.StatusInternalServerError)
		return
	}
	out := bytes.TrimRight(text.Bytes(), "\n")
	h.Set("Content-Type", "application/json; charset=utf-8")
	if len(out) >= gzipFrom && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if small, err := s.compress(out); err == nil {
			out = small
			h.Set("Content-Encoding", "gzip")
			h.Set("Vary", "Accept-Encoding")
			if tag := h.Get("ETag"); tag != "" {
				h.Set("ETag", strings.TrimSuffix(tag, `"`)+`-gzip"`)
			}
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(status)
	_, _ = w.Write(out) // the client may be gone; nothing can be told it then
}

// compress packs a reply. A new compressor is most of a megabyte, several hundred times the reply, so it is kept.
func (s *Service) compress(text []byte) ([]byte, error) {
	z, kept := s.compressors.Get().(*gzip.Writer)
	if !kept {
		z = gzip.NewWriter(nil)
	}
	defer s.compressors.Put(z)
	var small bytes.Buffer
	z.Reset(&small)
	_, errWrite := z.Write(text)
	err := errors.Join(errWrite, z.Close())
	return small.Bytes(), err
}

// authHeaders sets what the auth server sends with every reply, errors too.
func (s *Service) authHeaders(h http.Header) {
	h.Set("Timestamp", strconv.FormatInt(s.Clock.Now().Unix(), 10))
	h.Set("Cache-Control", "no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
}

// readBody reads a request body within the limit. A body that does not say its
// length, as chunked ones do, is read all the same: the auth server refuses it
// later, and an unread body would end the connection.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, &errno.Error{Space: errno.AuthSpace, Errno: 999, Status: http.StatusBadRequest}
	}
	if len(body) > maxBody {
		return nil, errno.Auth(113)
	}
	return body, nil
}

// object decodes the body into its top-level members.
func (c *call) object() (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return map[string]json.RawMessage{}, nil
	}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil && c.r.Header.Get("Content-Type") != "" {
		kind = "?"
	}
	switch kind {
	case "application/json", "", "text/plain":
	case "application/x-www-form-urlencoded":
		if c.route.form {
			obj, err := member.Form(c.body)
			if err != nil {
				return nil, &errno.Error{Space: errno.OAuthSpace, Errno: 999, Status: http.StatusBadRequest}
			}
			return obj, nil
		}
		return nil, c.badContentType()
	default:
		return nil, c.badContentType()
	}
	var obj map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &obj); err != nil || obj == nil {
		var anything any
		if json.Unmarshal(c.body, &anything) == nil { // JSON, but no object
			return nil, c.invalid("value")
		}
		return nil, &errno.Error{Space: c.route.space, Errno: 999, Status: http.StatusBadRequest}
	}
	return obj, nil
}

func (c *call) badContentType() error {
	if c.route.space == errno.OAuthSpace {
		return errno.OAuth(113)
	}
	return &errno.Error{Space: errno.AuthSpace, Errno: 999, Status: http.StatusUnsupportedMediaType}
}

// params reads the members of the body.
func (c *call) params() *member.Reader {
	obj, err := c.object()
	faults := member.Faults{Invalid: func(name string) error { return c.invalid(name) }, Missing: c.missing}
	if c.s.cfg.lint {
		faults.Surplus = func(name string) error {
			c.s.finding("%s has the unknown member %q", c.route, name)
			return c.invalid(name)
		}
	}
	return member.Read(obj, err, faults)
}

// invalid is the error of a parameter that breaks its rule, in the numbers of
// the route.
func (c *call) invalid(names ...string) error {
	switch c.route.space {
	case errno.OAuthSpace:
		return errno.OAuth(109).With("validation", map[string]any{"source": "payload", "keys": names})
	case errno.ProfileSpace:
		return errno.Profile(101).With("validation", map[string]any{"source": "payload", "keys": names})
	default:
		return errno.Auth(107).With("validation", map[string]any{"source": c.source(), "keys": names})
	}
}

func (c *call) missing(name string) error {
	if c.route.space == errno.AuthSpace {
		return errno.Auth(108).With("param", name)
	}
	return c.invalid(name)
}

func (c *call) source() string {
	if c.r.Method == http.MethodGet {
		return "query"
	}
	return "payload"
}

// statusWriter remembers the status of a reply, and the wait in seconds that
// only its body asks for.
type statusWriter struct {
	http.ResponseWriter
	status   int
	bodyWait int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discardWriter takes the reply of a request whose answer is to be lost.
type discardWriter struct{ header http.Header }

func (w discardWriter) Header() http.Header       { return w.header }
func (discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (discardWriter) WriteHeader(int)             {}
