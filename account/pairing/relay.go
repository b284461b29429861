package pairing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Relay says how to reach the pairing relay.
type Relay struct {
	// URL is the relay's base, as the server's configuration publishes it in
	// pairing_server_base_uri: ws, wss, http or https. Any path in it is dropped. Plain ws and
	// http are for loopback only.
	URL string
	// HTTPClient dials; nil means http.DefaultClient. Its Timeout must be zero.
	HTTPClient *http.Client
	// UserAgent is shown to the person at the other side. Common parsers should understand it, as
	// in "Mozilla/5.0 (X11; Linux x86_64) Tabferry/1.0".
	UserAgent string
	// Language is an Accept-Language value: the language of place names the other side sees.
	Language string
	// Silence remembers what the relay asked for; without it, it is forgotten with the pairing.
	Silence *Silence
}

const (
	// writeTime is how long the network may take to accept one message of at most some kilobytes.
	writeTime = 5 * time.Second
	// maxIncoming is the largest message of the relay: its own limit of 64 KiB for the text inside,
	// and room for what it says about the sender.
	maxIncoming = 80 << 10
	// queued is more than the ten messages that the relay lets a channel have.
	queued = 16
)

// link is one connection to the relay, inside one channel. Its reader always runs, because pings
// must be answered; its writer keeps the owner from waiting for the network.
type link struct {
	id       string
	conn     *websocket.Conn
	incoming chan []byte // closed when the stream has ended
	outgoing chan string
	written  chan struct{} // closed when the writer has ended
	running  sync.WaitGroup
	stop     context.CancelFunc
}

// dial joins the channel with the given id, or opens a new one when id is empty, and waits for the
// greeting until ctx ends.
func (r Relay) dial(ctx context.Context, id string) (*link, error) {
	address, err := r.address(id)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if r.UserAgent != "" {
		header.Set("User-Agent", r.UserAgent)
	}
	if r.Language != "" {
		header.Set("Accept-Language", r.Language)
	}
	if err := r.Silence.Check(); err != nil {
		return nil, err
	}
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient:      r.HTTPClient,
		HTTPHeader:      header,
		CompressionMode: websocket.CompressionDisabled,
	})
	if busy := r.Silence.heard(response); busy != nil {
		return nil, busy
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelayUnreachable, withoutURL(err))
	}
	conn.SetReadLimit(maxIncoming)
	got, err := readGreeting(ctx, conn)
	if err == nil && id != "" && got != id {
		// The relay opens a new channel for an id it cannot read and cuts one that is too long.
		err = fmt.Errorf("%w: it gave another channel", ErrCodeUnknown)
	}
	if err != nil {
		breakOff(conn)
		return nil, err
	}
	l := &link{
		id: got, conn: conn,
		incoming: make(chan []byte, queued),
		outgoing: make(chan string, queued),
		written:  make(chan struct{}),
	}
	runCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.running.Go(func() { l.read(runCtx) })
	l.running.Go(func() { l.write(runCtx) })
	return l, nil
}

func (r Relay) address(id string) (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%w: its address cannot be read", ErrRelayUnreachable)
	}
	switch u.Scheme {
	case "wss", "https":
		u.Scheme = "wss"
	case "ws", "http":
		u.Scheme = "ws"
		if !kit.Loopback(u.Hostname()) {
			return "", fmt.Errorf("%w: its address is not secure", ErrRelayUnreachable)
		}
	default:
		return "", fmt.Errorf("%w: its address cannot be read", ErrRelayUnreachable)
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/v1/ws/" + id}).String(), nil
}

// withoutURL drops the address, which holds the channel id, from a transport error.
func withoutURL(err error) error {
	var urlErr *url.Error
	if errors.As(err, &urlErr) {
		return urlErr.Err
	}
	return err
}

func readGreeting(ctx context.Context, conn *websocket.Conn) (string, error) {
	kind, raw, err := conn.Read(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("%w: no greeting: %w", ErrRelayUnreachable, ctx.Err())
		}
		return "", ErrCodeUnknown // the relay drops who asks for a channel that is not there
	}
	var greeting struct {
		ChannelID string `json:"channelid"`
	}
	if kind != websocket.MessageText || json.Unmarshal(raw, &greeting) != nil ||
		greeting.ChannelID == "" || len(greeting.ChannelID) > maxPart || !isBase64URL(greeting.ChannelID) {
		return "", fmt.Errorf("%w: its greeting cannot be read", ErrRelayUnreachable)
	}
	return greeting.ChannelID, nil
}

func (l *link) read(ctx context.Context) {
	defer close(l.incoming)
	for {
		kind, raw, err := l.conn.Read(ctx)
		if err != nil {
			return // any end of the stream means the same
		}
		if kind != websocket.MessageText {
			continue
		}
		select {
		case l.incoming <- raw:
		case <-ctx.Done():
			return
		}
	}
}

// write sends what is queued, each text in one frame. After a failure the reader sees the end.
func (l *link) write(ctx context.Context) {
	defer close(l.written)
	for text := range l.outgoing {
		writeCtx, cancel := context.WithTimeout(ctx, writeTime)
		err := l.conn.Write(writeCtx, websocket.MessageText, []byte(text))
		cancel()
		if err != nil {
			l.stop()
		}
	}
}

// send queues one message. A link that cannot take it is beyond hope and ends.
func (l *link) send(text string) {
	select {
	case l.outgoing <- text:
	default:
		l.stop()
	}
}

// close sends what is queued, breaks the connection off (the relay answers no close frame) and
// waits for both goroutines. Nothing may be sent afterwards.
func (l *link) close() {
	close(l.outgoing)
	<-l.written // at most writeTime: after a first failure the rest fails at once
	l.stop()
	breakOff(l.conn)
	l.running.Wait()
}

// breakOff ends a connection at once. Its error only tells that it had ended before.
func breakOff(conn *websocket.Conn) { _ = conn.CloseNow() }
