package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/events/internal/bounded"
	"github.com/tabferry/tabferry/account/events/internal/issuer"
	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// requestTime bounds one delivery: keys, sink and all.
	requestTime = 10 * time.Second
	// maxBody is how much of a body is read, and thrown away: deliveries have none.
	maxBody = 1 << 10
	// refusals of an address at once, and how often it has one more. Deliveries that are taken do not count.
	refusals      = 60
	refusalsEvery = time.Second
	// retryAfter is the wait that is asked for when we are not able to take a token.
	retryAfter = 30 * time.Second
)

// Clock tells the time; see [Params].
type Clock = kit.Clock

// ErrParams says that [New] was called without something it needs.
var ErrParams = errors.New("the receiver's parameters are incomplete")

// ErrIssuer says that an issuer is not an https address, nor one of this machine.
var ErrIssuer = issuer.ErrAddress

// Params is what a receiver needs: Issuer, ClientID and Sink.
type Params struct {
	// Issuer is the origin of the accounts server, for example "https://accounts.firefox.com".
	Issuer string
	// ClientID is the OAuth client that the events are about.
	ClientID string
	Sink     Sink
	// HTTP fetches the issuer's keys; one of our own if nil. Redirects are never followed.
	HTTP *http.Client
	// Address is what requests are counted by: [RemoteAddress] if nil, which behind a reverse proxy is
	// the proxy for everybody; see [ForwardedAddress].
	Address func(*http.Request) string
	// Clock is the system's if nil, Logger silent.
	Clock  Clock
	Logger *slog.Logger
}

// RemoteAddress is the address that a connection came from; for IPv6 its network.
func RemoteAddress(r *http.Request) string { return bounded.Address(r) }

// ForwardedAddress is what a reverse proxy on this machine says in the last X-Forwarded-For; for
// connections from elsewhere, whose word is worth nothing, it is [RemoteAddress].
func ForwardedAddress(r *http.Request) string { return bounded.Forwarded(r) }

// Receiver is the [http.Handler] that takes tokens. Make it with [New].
type Receiver struct {
	Params
	issuer *issuer.Server
	limit  *bounded.Limit
	seen   *seen
}

// New returns a receiver. Nothing is asked of the issuer before the first token.
func New(p Params) (*Receiver, error) {
	if p.ClientID == "" || p.Sink == nil {
		return nil, ErrParams
	}
	if p.Clock == nil {
		p.Clock = kit.System()
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if p.Address == nil {
		p.Address = RemoteAddress
	}
	server, err := issuer.New(p.Issuer, p.HTTP, p.Clock)
	if err != nil {
		return nil, err
	}
	return &Receiver{Params: p, issuer: server, limit: bounded.NewLimit(p.Clock, refusals, refusalsEvery), seen: &seen{clock: p.Clock}}, nil
}

// ServeHTTP takes one delivery.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	ctx, cancel := context.WithTimeout(q.Context(), requestTime)
	defer cancel()
	discard(w, q)
	if q.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		r.answer(w, http.StatusMethodNotAllowed)
		return
	}
	address := r.Address(q)
	if wait := r.limit.Take(address); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		r.answer(w, http.StatusTooManyRequests)
		return
	}
	status := r.take(ctx, q.Header)
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		r.limit.Return(address)
	case http.StatusOK:
		r.limit.Return(address)
	}
	r.answer(w, status)
}

// discard reads the body that should not be there, a little of it and not for long.
func discard(w http.ResponseWriter, q *http.Request) {
	if q.ContentLength == 0 || q.Body == nil {
		return
	}
	// Writers without deadlines are those of tests; servers have read timeouts of their own besides.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(requestTime))
	// The token is in the header: a body that breaks off, or is longer, changes nothing but the connection's end.
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, q.Body, maxBody)); err != nil {
		w.Header().Set("Connection", "close")
	}
}

func (*Receiver) answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, strings.ToLower(http.StatusText(status))+"\n") // whoever has gone needs no answer
}

// take checks a token and has it stored, and returns the status of the answer.
func (r *Receiver) take(ctx context.Context, h http.Header) (status int) {
	c, err := r.check(ctx, h)
	if errors.Is(err, issuer.ErrUnreachable) || ctx.Err() != nil {
		r.Logger.Warn("a token cannot be checked: the issuer's keys cannot be had", "error", err)
		return http.StatusServiceUnavailable
	}
	if err != nil {
		r.Logger.Debug("a token was refused", "reason", err)
		return http.StatusUnauthorized
	}
	log := r.Logger.With("jti", c.id, "subject", shortHash(c.subject))
	id, was := r.seen.begin(c.id)
	switch was {
	case stored:
		log.Debug("a token came again")
		return http.StatusOK
	case storing:
		return http.StatusServiceUnavailable // how that one ends is not known yet
	}
	done := false
	defer func() { r.seen.end(id, done) }()
	notices, err := c.notices(log)
	if err != nil {
		log.Warn("a token cannot be used", "reason", err)
		return http.StatusBadRequest
	}
	if len(notices) > 0 {
		if err := r.Sink.Store(ctx, notices); err != nil {
			log.Error("events could not be stored", "error", err)
			return http.StatusServiceUnavailable
		}
	}
	done = true
	return http.StatusOK
}

// check is the steps from the token's form to its claims.
func (r *Receiver) check(ctx context.Context, h http.Header) (claims, error) {
	text, err := bearer(h)
	if err != nil {
		return claims{}, err
	}
	t, err := parse(text)
	if err != nil {
		return claims{}, err
	}
	key, err := r.issuer.Key(ctx, t.key)
	if err != nil {
		return claims{}, err
	}
	if err := t.verify(key); err != nil {
		return claims{}, err
	}
	return t.read(r.issuer.Issuer(), r.ClientID, r.Clock.Now())
}

// notices are the known events of a token, in the order of their names.
func (c claims) notices(log *slog.Logger) ([]Notice, error) {
	var notices []Notice
	for _, uri := range slices.Sorted(maps.Keys(c.events)) {
		event, err := decode(uri, c.events[uri])
		if err != nil {
			return nil, err
		}
		if event == nil {
			log.Debug("an event of no concern to us", "event", short(uri))
			continue
		}
		log.Info("an event", "event", event.Name())
		notices = append(notices, Notice{Subject: c.subject, ID: c.id, Issued: c.issued, Event: event})
	}
	return notices, nil
}

// short is the last part of an unknown event's URI, for the log.
func short(uri string) string {
	name := uri[strings.LastIndex(uri, "/")+1:]
	return name[:min(len(name), 64)]
}

// shortHash tells people apart in a log without naming them.
func shortHash(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return hex.EncodeToString(sum[:4])
}
