package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

// Report is what the demo knows.
type Report struct {
	Config Config `json:"config"`
	// Received is what the demo devices received, oldest first.
	Received []Received `json:"received"`
	// Devices are the demo's own devices by name.
	Devices []string `json:"devices"`
	// LiveTokens are the credentials that the service still honours, without those of the demo's
	// own devices: those of the programs under trial.
	LiveTokens []Token `json:"liveTokens"`
	// Pairing is how the last scan or shown code went: a state of package pairing, empty before the first.
	Pairing string `json:"pairing,omitempty"`
	// Requests counts what the service was asked.
	Requests int `json:"requests"`
}

// Token is a live credential; its id is what the server stores, never the token itself.
type Token struct {
	Kind     string `json:"kind"` // "refresh", "access" or "session"
	ClientID string `json:"clientId,omitempty"`
	ID       string `json:"id"`
}

// maxOrder bounds an order, maxReport an answer.
const (
	maxOrder  = 64 << 10
	maxReport = 32 << 20
)

// order is the body of an order about an address.
type order struct {
	URL string `json:"url"`
}

// handler takes the orders.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report", func(out http.ResponseWriter, _ *http.Request) { answer(out, w.report()) })
	mux.HandleFunc("POST /stop", func(out http.ResponseWriter, _ *http.Request) {
		answer(out, struct{}{})
		w.stop()
	})
	mux.HandleFunc("POST /send-me", w.about(func(ctx context.Context, url string) error {
		_, err := w.sendToPerson(ctx, "Sent from the demo phone", url)
		return err
	}))
	mux.HandleFunc("POST /scan", w.about(w.scan))
	mux.HandleFunc("POST /show-code", func(out http.ResponseWriter, r *http.Request) {
		address, err := w.showCode(r.Context())
		if err != nil {
			http.Error(out, err.Error(), http.StatusConflict)
			return
		}
		answer(out, order{address})
	})
	return mux
}

// about serves an order that names an address.
func (w *world) about(do func(ctx context.Context, url string) error) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		var in order
		if err := json.NewDecoder(io.LimitReader(r.Body, maxOrder)).Decode(&in); err != nil || in.URL == "" {
			http.Error(out, "the order names no address", http.StatusBadRequest)
			return
		}
		if err := do(r.Context(), in.URL); err != nil {
			http.Error(out, err.Error(), http.StatusConflict)
			return
		}
		answer(out, struct{}{})
	}
}

func answer(out http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(out, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = out.Write(text) // who asked may be gone
}

func (w *world) report() Report {
	r := Report{Config: w.config, LiveTokens: []Token{}, Requests: len(w.svc.Requests())}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.svc.LiveTokens() {
		ours := t.ClientID == accounttest.AndroidClientID || t.ClientID == accounttest.IOSClientID ||
			(w.laptop != nil && t.Kind == "session" && t.ID == w.laptop.session)
		if !ours {
			r.LiveTokens = append(r.LiveTokens, Token{Kind: t.Kind, ClientID: t.ClientID, ID: t.ID})
		}
	}
	r.Received = append([]Received{}, slices.Clone(w.received)...)
	r.Pairing = w.pairing
	for _, d := range w.devices {
		r.Devices = append(r.Devices, d.params.Name)
	}
	return r
}

// What a demo that cannot be asked comes to.
var (
	ErrNotRunning = errors.New("the demo does not run")
	ErrSilent     = errors.New("the demo runs but does not answer: end its process")
)

// How long an order may take: answerTime, or orderTime where a demo device pairs or sends for it.
const (
	answerTime = 5 * time.Second
	orderTime  = 30 * time.Second
)

// Client gives orders to a running demo.
type Client struct{ http *http.Client }

// Dial returns a client of the demo that listens on the socket. It connects on first use.
func Dial(socket string) *Client {
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}}
}

// SendMe has the demo phone send a tab to every program that is signed in to the demo account.
func (c *Client) SendMe(ctx context.Context, url string) error {
	return c.call(ctx, orderTime, http.MethodPost, "/send-me", order{url}, nil)
}

// Scan has a demo phone read the pairing code with this address and confirm it. It returns when the
// phone waits for the other side.
func (c *Client) Scan(ctx context.Context, address string) error {
	return c.call(ctx, orderTime, http.MethodPost, "/scan", order{address}, nil)
}

// ShowCode has a demo laptop that is signed in show a pairing code, and gives its address. The laptop
// says yes to whoever reads it.
func (c *Client) ShowCode(ctx context.Context) (string, error) {
	var out order
	err := c.call(ctx, orderTime, http.MethodPost, "/show-code", struct{}{}, &out)
	return out.URL, err
}

// Stop ends the demo. One that does not run is [ErrNotRunning].
func (c *Client) Stop(ctx context.Context) error {
	return c.call(ctx, answerTime, http.MethodPost, "/stop", struct{}{}, nil)
}

// Report tells what the demo knows.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var r Report
	return r, c.call(ctx, answerTime, http.MethodGet, "/report", nil, &r)
}

func (c *Client) call(ctx context.Context, limit time.Duration, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrSilent)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("asking the demo: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://demo.tabferry.invalid"+path, body)
	if err != nil {
		return fmt.Errorf("asking the demo: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return ErrNotRunning
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxReport))
	if err != nil {
		return fmt.Errorf("asking the demo: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(string(bytes.TrimSpace(text)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("reading the demo's answer: %w", err)
	}
	return nil
}
