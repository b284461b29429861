// Package door is how programs speak with a running demo: the one that package demo runs, mostly in
// another process. It is apart from the demo so that what only asks does not carry a whole accounts service.
package door

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

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

// maxReport bounds an answer.
const maxReport = 32 << 20

// Order is the body of an order about an address, and of an answer that is one.
type Order struct {
	URL string `json:"url"`
}

// Client gives orders to a running demo.
type Client struct{ http *http.Client }

// Dial returns a client of the demo that listens on the socket at path. It connects on first use.
func Dial(path string) *Client {
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return socket.Dial(ctx, path)
		},
		DisableKeepAlives: true,
	}}}
}

// SendMe has the demo phone send a tab to every program that is signed in to the demo account.
func (c *Client) SendMe(ctx context.Context, url string) error {
	return c.call(ctx, orderTime, http.MethodPost, "/send-me", Order{url}, nil)
}

// Scan has a demo phone read the pairing code with this address and confirm it. It returns when the
// phone waits for the other side.
func (c *Client) Scan(ctx context.Context, address string) error {
	return c.call(ctx, orderTime, http.MethodPost, "/scan", Order{address}, nil)
}

// ShowCode has a demo laptop that is signed in show a pairing code, and gives its address. The laptop
// says yes to whoever reads it.
func (c *Client) ShowCode(ctx context.Context) (string, error) {
	var out Order
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
		if errors.Is(err, socket.ErrSilent) {
			return ErrSilent
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
