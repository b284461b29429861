package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// connectTimeout spans from the dial to the hello reply.
	connectTimeout = 30 * time.Second
	// readLimit bounds a message of the service, in octets. Notifications have
	// about 8 KB; a hello reply with many broadcasts could be larger and then
	// counts as a broken connection.
	readLimit = 32 << 10
	// writeTimeout bounds the sending of one message.
	writeTimeout = 10 * time.Second
	// closeGrace is how long a normal close may wait for the server's answer.
	closeGrace = time.Second
	// inboxLimit is how many messages are read ahead of their handling. Beyond it
	// TCP holds the server back.
	inboxLimit = 1024
	// subprotocol is asked for; autopush-rs answers without one.
	subprotocol = "push-notification"
)

// connectError says why an attempt failed.
type connectError struct {
	text string
	// silence says that the server wants to be left alone, retryAfter for how long; 0
	// when it names no time.
	silence    bool
	retryAfter time.Duration
}

func (e *connectError) Error() string { return "push: " + e.text }

// link is one greeted connection. Its reader goroutine only reads.
type link struct {
	conn  *websocket.Conn
	clock Clock
	// uaid is what the server greeted us with.
	uaid string
	// lastFrame is the monotonic time of the last frame of any kind.
	lastFrame *atomic.Int64

	cancel context.CancelFunc // ends reading and thereby the connection
	signal chan struct{}      // the inbox is not empty
	done   chan struct{}      // reading has ended
	err    error              // why; valid once done is closed

	mu    sync.Mutex
	space *sync.Cond
	inbox [][]byte
	ended bool
}

// connect dials, says hello and waits for the reply.
func connect(ctx context.Context, p Params, uaid string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	l := &link{
		clock: p.Clock, lastFrame: new(atomic.Int64),
		signal: make(chan struct{}, 1), done: make(chan struct{}),
	}
	l.space = sync.NewCond(&l.mu)
	header := make(http.Header)
	if p.UserAgent != "" {
		header.Set("User-Agent", p.UserAgent)
	}
	conn, resp, err := websocket.Dial(ctx, p.ServerURL, &websocket.DialOptions{
		HTTPClient:     p.HTTPClient,
		HTTPHeader:     header,
		Subprotocols:   []string{subprotocol},
		OnPingReceived: func(context.Context, []byte) bool { l.touch(); return true },
		OnPongReceived: func(context.Context, []byte) { l.touch() },
	})
	if err != nil {
		return nil, dialError(ctx, resp, p.Clock.Now())
	}
	conn.SetReadLimit(readLimit)
	l.conn = conn
	l.touch()
	if err := l.greet(ctx, uaid); err != nil {
		_ = conn.CloseNow() // there is nothing left to say
		return nil, err
	}
	return l, nil
}

// dialError keeps no text of the transport's error: it can hold addresses.
func dialError(ctx context.Context, resp *http.Response, now time.Time) error {
	switch {
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		e := &connectError{text: "server answered the upgrade with status " + strconv.Itoa(resp.StatusCode)}
		if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
			e.silence, e.retryAfter = true, kit.RetryAfter(resp.Header, now)
		}
		return e
	case resp != nil:
		return &connectError{text: "server's upgrade answer is not a WebSocket's"}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &connectError{text: "connecting took too long"}
	default:
		return &connectError{text: "server cannot be reached"}
	}
}

func (l *link) greet(ctx context.Context, uaid string) error {
	hello := helloFrame{Type: "hello", UseWebPush: true, Broadcasts: map[string]string{}, UAID: uaid}
	if err := l.send(ctx, hello); err != nil {
		return &connectError{text: "connection was lost before the greeting"}
	}
	for {
		kind, text, err := l.conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return &connectError{text: "server did not greet in time"}
			}
			return &connectError{text: "connection was lost before the greeting"}
		}
		l.touch()
		m, err := parseFrame(text)
		if kind != websocket.MessageText || err != nil || m.Type != "hello" {
			continue
		}
		if m.Status != http.StatusOK {
			return &connectError{text: "server greeted with status " + strconv.Itoa(m.Status)}
		}
		if !validUAID(m.UAID) {
			return &connectError{text: "server greeted with an unusable identity"}
		}
		l.uaid = m.UAID
		return nil
	}
}

func (l *link) touch() { l.lastFrame.Store(int64(l.clock.Monotonic())) }

// read puts text messages into the inbox until the connection ends.
func (l *link) read(ctx context.Context) {
	defer close(l.done)
	for {
		kind, text, err := l.conn.Read(ctx)
		if err != nil {
			l.err = err
			return
		}
		l.touch()
		if kind != websocket.MessageText {
			continue // the protocol has none; not worth a new connection
		}
		l.mu.Lock()
		for len(l.inbox) >= inboxLimit && !l.ended {
			l.space.Wait()
		}
		l.inbox = append(l.inbox, text)
		l.mu.Unlock()
		l.nudge()
	}
}

// nudge says that the inbox wants looking at.
func (l *link) nudge() {
	select {
	case l.signal <- struct{}{}:
	default:
	}
}

// take empties the inbox.
func (l *link) take() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	frames := l.inbox
	l.inbox = nil
	l.space.Broadcast()
	return frames
}

func (l *link) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inbox) == 0
}

// send writes one message.
func (l *link) send(ctx context.Context, message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("push: encode message: %w", err)
	}
	return l.sendText(ctx, text)
}

func (l *link) sendText(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := l.conn.Write(ctx, websocket.MessageText, text); err != nil {
		return fmt.Errorf("push: send: %w", err)
	}
	return nil
}

// cut ends the connection at once.
func (l *link) cut() {
	l.release()
	_ = l.conn.CloseNow() // it may be closed already
}

// leave ends the connection in the regular way, without long waits.
func (l *link) leave() {
	l.release()
	timer := time.AfterFunc(closeGrace, l.cancel)
	defer timer.Stop()
	_ = l.conn.Close(websocket.StatusNormalClosure, "") // the server may be gone
}

// release lets a reader go that waits for room.
func (l *link) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.space.Broadcast()
}
