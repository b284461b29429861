package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// RequestTimeout is the life of one request, from the name lookup to the last
	// octet; the time the reference client allows.
	RequestTimeout = 60 * time.Second
	// MaxBody is the server's limit for a request body, in octets (413 errno 113
	// above it).
	MaxBody = 16384
	// maxAnswer caps answers. The largest legitimate one is a page of 100
	// commands of at most 16 KiB each.
	maxAnswer = 4 << 20
	// maxErrorAnswer caps what is read of an error body.
	maxErrorAnswer = 64 << 10
	// maxRedirects is what the reference client follows; discovery only.
	maxRedirects = 10
)

// Params are what a [Client] is made of. Transport, Clock and Random are needed.
type Params struct {
	// ContentURL is the origin of the accounts server, with a path if it has one.
	ContentURL string
	// ClientID is our OAuth client id.
	ClientID  string
	Transport http.RoundTripper
	Clock     kit.Clock
	Random    io.Reader
	// UserAgent is sent with every request; empty sends the default of net/http.
	UserAgent string
	// Hawk says that the server was found to take session credentials in the older
	// Hawk form only; see [Client.Hawk].
	Hawk bool
	// Translate, when set, turns the errors of this package into the caller's own.
	// It is applied once, to what leaves an exported method.
	Translate func(error) error
	// Outcome, when set, is called once with the end of each call that an exported
	// method made to the server, translated: nil, an answer, no answer, or a call not
	// sent because of a wait. Everything else says nothing about the server.
	Outcome func(error)
}

// Client talks to one accounts server. It may be used by several goroutines.
type Client struct {
	content   *url.URL
	clientID  string
	http      *http.Client
	clock     kit.Clock
	random    io.Reader
	userAgent string
	translate func(error) error
	outcome   func(error)

	backoff  backoff
	failNext atomic.Bool
	// hawk remembers that the server takes Hawk only, typed that it takes the typed
	// bearer form; at most one is set. hawkTaken counts how often in a row it took Hawk
	// for what it had refused in the other form. hawkSkew is how far its clock is ahead
	// of ours, in nanoseconds.
	hawk, typed atomic.Bool
	hawkTaken   atomic.Int32
	hawkSkew    atomic.Int64

	discovery discovery
}

// New makes a client. The content URL must be absolute; whether it may be used
// is decided when a request is made.
func New(p Params) (*Client, error) {
	content, err := url.Parse(p.ContentURL)
	if err != nil || content.Host == "" {
		return nil, errors.New("the address of the accounts server is not a URL")
	}
	content.RawQuery, content.Fragment, content.User = "", "", nil
	if !strings.HasSuffix(content.Path, "/") {
		content.Path += "/"
	}
	c := &Client{
		content: content, clientID: p.ClientID,
		clock: p.Clock, random: &lockedReader{r: p.Random}, userAgent: p.UserAgent,
		translate: p.Translate, outcome: p.Outcome,
		backoff: backoff{clock: p.Clock},
	}
	c.hawk.Store(p.Hawk)
	c.discovery.turn = make(chan struct{}, 1)
	c.http = &http.Client{Transport: p.Transport, CheckRedirect: checkRedirect}
	return c, nil
}

// lockedReader makes a source of randomness safe for several requests at once.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

// FailNext makes the next API request fail as if the network were down, once.
// Discovery is exempt.
func (c *Client) FailNext() { c.failNext.Store(true) }

// Content resolves a relative path against the content server. It needs no
// network.
func (c *Client) Content(path string) *url.URL {
	return c.content.ResolveReference(&url.URL{Path: path})
}

// out ends a call: it gives an error the form that callers see, and tells the
// outcome. Every exported method that asked the server returns through it, or
// through quiet where nobody need know.
func (c *Client) out(err error) error {
	tell := c.outcome != nil && aboutServer(err)
	err = c.quiet(err)
	if tell {
		c.outcome(err)
	}
	return err
}

// quiet ends a call like out, without telling the outcome.
func (c *Client) quiet(err error) error {
	if err != nil && c.translate != nil {
		err = c.translate(err)
	}
	return err
}

// aboutServer reports whether the end of a call says something about the server.
// The end of the caller's context does not, nor a request that could not be made.
func aboutServer(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return !status.Held
	}
	return err == nil || errors.As(err, new(*BackoffError)) ||
		errors.As(err, new(*TransportError)) || errors.As(err, new(*AnswerError))
}

// request is one call to an endpoint.
type request struct {
	base   Base
	space  Space
	method string
	// path is joined to the base of the service, or url is used as it is.
	path  string
	url   string
	query url.Values
	cred  Credential
	// body is sent as JSON unless nil.
	body   any
	header http.Header
	// timeout overrides RequestTimeout.
	timeout time.Duration
	// follow allows redirects; discovery only.
	follow bool
	// notModified makes 304 a success without body.
	notModified bool
	// free exempts from the simulated network error.
	free bool
	// part tells features of one route apart, where the server may switch off one
	// of them.
	part string
	// byHand: only a person's command makes this request, and nothing repeats it by
	// itself.
	byHand bool
}

// feature is what a server may switch off by itself.
func (r *request) feature() string {
	return strings.TrimSpace(r.method + " " + r.route() + " " + r.part)
}

// route is what errors name: the path without host and query.
func (r *request) route() string {
	if r.path != "" {
		return "/" + r.path
	}
	u, err := url.Parse(r.url)
	if err != nil {
		return "/"
	}
	return u.Path
}

// answer is a success.
type answer struct {
	status int
	header http.Header
	body   []byte
	route  string
}

// call sends the request, with the repairs that the credential scheme allows, and
// reads the answer into out unless that is nil.
func (c *Client) call(ctx context.Context, r request, out any) (*answer, error) {
	body, err := encode(r.body)
	if err != nil {
		return nil, &AnswerError{Route: r.route(), Reason: "the request cannot be written as JSON"}
	}
	if len(body) > MaxBody {
		return nil, &SizeError{Route: r.route(), Size: len(body), Limit: MaxBody}
	}
	target, err := c.target(ctx, &r)
	if err != nil {
		return nil, err
	}
	a, err := c.attempt(ctx, &r, target, body)
	if err != nil {
		return nil, err
	}
	if out == nil || a.status == http.StatusNotModified {
		return a, nil
	}
	return a, a.decode(out)
}

// attempt sends the request. A session credential goes out in the form that the
// server takes: the typed bearer form, or Hawk on servers that know nothing else. Which
// one that is shows in what it answers. Until then, and where a server that took Hawk
// may have been renewed, one that was refused is shown once more in the other form.
func (c *Client) attempt(ctx context.Context, r *request, target *url.URL, body []byte) (*answer, error) {
	if r.cred.scheme != schemeSession {
		return c.send(ctx, r, target, body, false)
	}
	hawk := c.hawk.Load()
	a, err := c.show(ctx, r, target, body, hawk)
	if _, refused := unauthorized(err, 109, 110); !refused || c.typed.Load() {
		return a, err
	}
	return c.show(ctx, r, target, body, !hawk)
}

// Hawk reports whether the server was found to take session credentials in the Hawk
// form only, so that it can be remembered.
func (c *Client) Hawk() bool { return c.hawk.Load() }

// show sends the request with a session credential in one form. A Hawk header that the
// server's clock, or a nonce, stood in the way of is made anew once.
func (c *Client) show(ctx context.Context, r *request, target *url.URL, body []byte, hawk bool) (*answer, error) {
	a, err := c.send(ctx, r, target, body, hawk)
	if s, repairable := unauthorized(err, 111, 115); hawk && repairable {
		if s.Errno == 111 && !s.ServerTime.IsZero() {
			c.hawkSkew.Store(int64(s.ServerTime.Sub(c.clock.Now())))
		}
		if s.Errno == 115 || !s.ServerTime.IsZero() {
			a, err = c.send(ctx, r, target, body, hawk)
		}
	}
	if err == nil {
		c.taken(hawk)
	}
	return a, err
}

// hawkSure is how often a server must take Hawk in place of the typed form before it
// counts as one that knows nothing else: a refusal may have had another reason.
const hawkSure = 2

// taken notes the form in which a session credential was taken.
func (c *Client) taken(hawk bool) {
	if !hawk {
		c.hawkTaken.Store(0)
		c.hawk.Store(false)
		c.typed.Store(true)
		return
	}
	if c.hawkTaken.Add(1) >= hawkSure {
		c.hawk.Store(true)
	}
}

// target is the full address of the request.
func (c *Client) target(ctx context.Context, r *request) (*url.URL, error) {
	address := r.url
	if address == "" {
		base, err := c.baseURL(ctx, r.base)
		if err != nil {
			return nil, err
		}
		address = base + r.path
	}
	u, err := url.Parse(address)
	if err != nil || !secure(u) {
		return nil, &InsecureError{Route: r.route()}
	}
	if r.query != nil {
		u.RawQuery = r.query.Encode()
	}
	return u, nil
}

// secure reports whether a request may go to u: https, or http on this machine.
func secure(u *url.URL) bool { return kit.SecureURL(u, "https", "http") }

type followKey struct{}

// checkRedirect follows redirects of discovery, towards addresses we would use
// ourselves. API requests carry credentials and are not sent anywhere else.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if next.Context().Value(followKey{}) == nil || len(via) >= maxRedirects || !secure(next.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// send makes one request.
func (c *Client) send(ctx context.Context, r *request, target *url.URL, body []byte, hawk bool) (*answer, error) {
	if err := c.backoff.check(r); err != nil {
		return nil, err
	}
	if !r.free && c.failNext.CompareAndSwap(true, false) {
		return nil, &TransportError{Route: r.route(), Err: ErrSimulated}
	}
	timeout := r.timeout
	if timeout == 0 {
		timeout = RequestTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if r.follow {
		limited = context.WithValue(limited, followKey{}, true)
	}
	request, err := http.NewRequestWithContext(limited, r.method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &InsecureError{Route: r.route()}
	}
	if body == nil {
		request.Body, request.GetBody = nil, nil
	} else {
		request.Header.Set("Content-Type", hawkContentType)
	}
	for name, values := range r.header {
		request.Header[name] = values
	}
	request.Header.Set("Accept", "application/json")
	if c.userAgent != "" {
		request.Header.Set("User-Agent", c.userAgent)
	}
	if err := c.authorize(request, r.cred, body, hawk); err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.transportError(ctx, r, err)
	}
	defer response.Body.Close()
	return c.receive(ctx, r, response)
}

// transportError tells a call that was given up from one that failed.
func (c *Client) transportError(ctx context.Context, r *request, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var wrapped *url.Error // its text holds the whole address
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &TransportError{Route: r.route(), Err: err}
}

// receive reads an answer and sorts it.
func (c *Client) receive(ctx context.Context, r *request, response *http.Response) (*answer, error) {
	status := response.StatusCode
	success := status/100 == 2 || r.notModified && status == http.StatusNotModified
	limit := int64(maxAnswer)
	if !success {
		limit = maxErrorAnswer
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil && success {
		return nil, c.transportError(ctx, r, err)
	}
	if !success {
		return nil, c.refusal(r, response, body)
	}
	if int64(len(body)) > limit {
		return nil, &AnswerError{Route: r.route(), Reason: "the answer is too long"}
	}
	if !looksLikeJSON(response.Header, body) {
		return nil, &StatusError{Route: r.route(), Status: status, Space: r.space, Foreign: true}
	}
	c.backoff.served(r.base)
	return &answer{status: status, header: response.Header, body: body, route: r.route()}, nil
}

// looksLikeJSON tells an answer of the service from a page that something in
// between put in its place: captive portals like to answer 200.
func looksLikeJSON(header http.Header, body []byte) bool {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] == '{' || trimmed[0] == '[' {
		return true
	}
	return strings.Contains(header.Get("Content-Type"), "json")
}

// refusal builds the error for an answer that is no success, and begins a wait if
// the answer asks for one.
func (c *Client) refusal(r *request, response *http.Response, body []byte) error {
	var told struct {
		Errno      number `json:"errno"`
		RetryAfter number `json:"retryAfter"`
		ServerTime number `json:"serverTime"`
		DeviceID   any    `json:"deviceId"`
	}
	parsed := json.Unmarshal(body, &told) == nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
	status := response.StatusCode
	e := &StatusError{
		Route: r.route(), Status: status, Space: r.space, Errno: int(told.Errno),
		Foreign:    !parsed || status == http.StatusNotAcceptable || status/100 == 3,
		RetryAfter: retryAfter(status, response.Header, float64(told.RetryAfter), c.clock.Now()),
	}
	if told.ServerTime > 0 {
		e.ServerTime = time.Unix(int64(told.ServerTime), 0)
	}
	if id, ok := told.DeviceID.(string); ok {
		e.DeviceID = id
	}
	if c.backoff.hold(r, e) {
		return e
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		return &BackoffError{Base: r.base, Until: c.backoff.silence(r.base, e.RetryAfter), Cause: e}
	}
	return e
}

// number reads a JSON number and takes anything else for 0: error bodies are not
// worth a second error.
type number float64

func (n *number) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		f = 0
	}
	*n = number(f)
	return nil
}

// decode reads the body into out.
func (a *answer) decode(out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return &AnswerError{Route: a.route, Reason: "the answer is not the promised JSON"}
	}
	return nil
}

// missing is the error for an answer without a needed member.
func (a *answer) missing(member string) error {
	return &AnswerError{Route: a.route, Reason: "the answer has no " + member}
}

// encode writes compact JSON without the HTML escapes that the standard encoder
// puts in: they would cost octets of the 16 KiB.
func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
