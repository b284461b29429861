package accounttest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Reasons the service closes a connection with: bare names of its errors.
const (
	pushReasonState       = "SM"
	pushReasonJSON        = "Json"
	pushReasonHandshake   = "HandshakeTimeout"
	pushReasonPong        = "PongTimeout"
	pushReasonUnsupported = "UnsupportedMessage"
)

var pushChannelForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// pushSocket is one connection of a user agent. One goroutine runs its state
// machine and does all writing; another only reads.
type pushSocket struct {
	s        *pushService
	conn     *websocket.Conn
	frames   chan pushFrame
	pongs    chan error
	wake     chan struct{} // the queue or the end changed
	lastPing time.Time     // the client's last {}
	running  sync.WaitGroup

	// Guarded by the service's lock.
	agent       *pushAgent // nil before hello
	outstanding map[string]*pushMessage
	backlog     bool // storage may hold more
	fromStorage int
	subscribed  map[string]string // broadcasts
	queue       [][]byte
	end         *pushEnd
	silent      bool
	mutePongs   bool
	hung        bool
}

type pushFrame struct {
	kind websocket.MessageType
	text []byte
	err  error
}

// pushEnd says how to end a connection.
type pushEnd struct {
	code   websocket.StatusCode
	reason string
	cut    bool // without a close frame
}

func (s *pushService) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.admit(w, r) {
		return
	}
	defer s.sockets.Done()
	k := &pushSocket{
		s: s, frames: make(chan pushFrame), pongs: make(chan error, 1), wake: make(chan struct{}, 1),
		outstanding: make(map[string]*pushMessage), subscribed: make(map[string]string),
	}
	// No subprotocol is chosen and any Origin is taken, as the real server does.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		OnPingReceived:     k.pinged,
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(pushMaxFrame)
	k.conn = conn
	s.mu.Lock()
	s.open[k] = true
	s.mu.Unlock()
	k.run()
}

// admit applies the faults asked for upgrades and counts the connection in.
func (s *pushService) admit(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	s.record.upgrades = append(s.record.upgrades, time.Now())
	s.record.upgrade = r.Header.Clone()
	refusal, delay := s.faults.takeUpgrade()
	down := s.closed
	if !down {
		s.sockets.Add(1)
	}
	s.mu.Unlock()
	if down {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return false
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-s.ctx.Done():
		case <-r.Context().Done():
		}
	}
	if refusal == nil {
		return true
	}
	defer s.sockets.Done()
	maps.Copy(w.Header(), refusal.header)
	w.WriteHeader(refusal.status)
	return false
}

// pinged is called by the reading goroutine for a WebSocket ping. Before hello
// it ends the connection.
func (k *pushSocket) pinged(context.Context, []byte) bool {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.s.record.clientPings++
	if k.agent == nil {
		k.endLocked(pushEnd{code: websocket.StatusUnsupportedData, reason: pushReasonUnsupported})
		return false
	}
	return !k.silent && !k.mutePongs
}

func (k *pushSocket) run() {
	ctx, cancel := context.WithCancel(k.s.ctx)
	defer k.running.Wait()
	defer cancel()
	k.running.Go(func() { k.read(ctx) })
	end := k.serve(ctx)
	k.leave()
	if end.cut {
		_ = k.conn.CloseNow() // fails only when it is closed already
		return
	}
	_ = k.conn.Close(end.code, end.reason) // the peer may be gone
}

func (k *pushSocket) read(ctx context.Context) {
	for {
		var f pushFrame
		f.kind, f.text, f.err = k.conn.Read(ctx)
		select {
		case k.frames <- f:
		case <-ctx.Done():
			return
		}
		if f.err != nil {
			return
		}
	}
}

// serve runs the connection and says how to end it.
func (k *pushSocket) serve(ctx context.Context) pushEnd {
	hello := time.NewTimer(pushHelloTimeout)
	defer hello.Stop()
	pings := time.NewTicker(pushPingInterval)
	defer pings.Stop()
	for {
		select {
		case <-ctx.Done():
			return pushEnd{cut: true}
		case <-hello.C:
			if !k.greeted() {
				return pushEnd{code: websocket.StatusInternalError, reason: pushReasonHandshake}
			}
		case <-pings.C:
			k.running.Go(func() { k.ping(ctx) })
		case err := <-k.pongs:
			if err != nil {
				return pushEnd{code: websocket.StatusInternalError, reason: pushReasonPong}
			}
		case f := <-k.frames:
			if f.err != nil {
				return pushEnd{cut: true}
			}
			k.heard(f)
		case <-k.wake:
		}
		if end := k.flush(ctx); end != nil {
			return *end
		}
	}
}

func (k *pushSocket) greeted() bool {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.agent != nil
}

func (k *pushSocket) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pushPongTimeout)
	defer cancel()
	k.s.mu.Lock()
	silent := k.silent
	k.s.mu.Unlock()
	if silent {
		return
	}
	select {
	case k.pongs <- k.conn.Ping(ctx):
	default: // the connection is ending for an earlier one
	}
}

// flush writes what is queued and reports an end that was asked for.
func (k *pushSocket) flush(ctx context.Context) *pushEnd {
	k.s.mu.Lock()
	queue, end := k.queue, k.end
	k.queue = nil
	if k.silent {
		queue = nil
	}
	k.s.mu.Unlock()
	for _, frame := range queue {
		writing, cancel := context.WithTimeout(ctx, pushWriteTimeout)
		err := k.conn.Write(writing, websocket.MessageText, frame)
		cancel()
		if err != nil {
			return &pushEnd{cut: true}
		}
	}
	return end
}

// leave takes the connection out of the books and keeps what it was sent and
// did not acknowledge.
func (k *pushSocket) leave() {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	delete(k.s.open, k)
	if k.agent == nil || k.agent.socket != k {
		return
	}
	k.agent.socket = nil
	k.agent.keepOutstanding(k.outstanding)
}

func (k *pushSocket) enqueue(frame []byte) {
	k.queue = append(k.queue, frame)
	k.nudge()
}

func (k *pushSocket) endLocked(end pushEnd) {
	if k.end == nil {
		k.end = &end
	}
	k.nudge()
}

func (k *pushSocket) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *pushSocket) fail(reason string) {
	k.endLocked(pushEnd{code: websocket.StatusInternalError, reason: reason})
}

// heard handles one frame of the client.
func (k *pushSocket) heard(f pushFrame) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if k.silent || k.hung {
		return
	}
	if f.kind != websocket.MessageText {
		k.endLocked(pushEnd{code: websocket.StatusUnsupportedData, reason: pushReasonUnsupported})
		return
	}
	var m pushHeard
	if err := json.Unmarshal(f.text, &m); err != nil {
		k.fail(pushReasonJSON)
		return
	}
	if m.Type == "" && string(f.text) == "{}" {
		m.Type = "ping"
	}
	if (m.Type == "hello") != (k.agent == nil) {
		k.fail(pushReasonState) // before hello nothing else, after it none
		return
	}
	switch m.Type {
	case "hello":
		k.s.record.hello = string(f.text)
		k.hello(m)
	case "register":
		k.register(m)
	case "unregister":
		k.unregister(m)
	case "ack":
		k.acked(m)
	case "nack":
		if m.Version == "" {
			k.fail(pushReasonJSON)
		}
	case "ping":
		k.clientPing()
	case "broadcast_subscribe":
		if news := k.subscribe(m.Broadcasts); len(news) > 0 {
			k.enqueue(pushJSON(pushBroadcast{"broadcast", news}))
		}
	default:
		k.fail(pushReasonJSON)
	}
}

func (k *pushSocket) hello(m pushHeard) {
	s := k.s
	s.record.hellos = append(s.record.hellos, m.UAID)
	agent := s.knownAgent(m.UAID)
	if agent == nil {
		agent = &pushAgent{uaid: s.newUAID(), channels: make(map[string]bool)}
	}
	if old := agent.socket; old != nil {
		agent.keepOutstanding(old.outstanding)
		old.outstanding = make(map[string]*pushMessage)
		old.fail(pushReasonState) // a ghost: the newer connection wins
	}
	agent.hello, agent.socket = s.p.now(), k
	k.agent, k.backlog = agent, true
	if s.faults.muteHellos > 0 {
		s.faults.muteHellos--
		return
	}
	reply := pushHelloReply{"hello", agent.uaid, http.StatusOK, true, k.subscribe(m.Broadcasts)}
	if s.faults.helloStatus != 0 {
		reply.Status = s.faults.helloStatus
	}
	k.enqueue(pushJSON(reply))
	k.pump()
}

// subscribe notes broadcasts and gives those whose version differs.
func (k *pushSocket) subscribe(wanted map[string]string) map[string]any {
	news, unknown := make(map[string]any), make(map[string]string)
	for id, seen := range wanted {
		version, ok := k.s.broadcasts[id]
		if !ok {
			unknown[id] = "Broadcast not found"
			continue
		}
		k.subscribed[id] = version
		if version != seen {
			news[id] = version
		}
	}
	if len(unknown) > 0 {
		news["errors"] = unknown
	}
	return news
}

func (k *pushSocket) register(m pushHeard) {
	s := k.s
	s.record.registers++
	if !pushChannelForm.MatchString(m.ChannelID) {
		k.fail(pushReasonState)
		return
	}
	if s.faults.muteRegisters > 0 {
		s.faults.muteRegisters--
		return
	}
	reply := pushRegisterReply{Type: "register", ChannelID: m.ChannelID, Status: http.StatusOK}
	key, valid := vapidPoint(m.Key)
	switch {
	case s.faults.failRegisters > 0:
		s.faults.failRegisters--
		reply.Status = http.StatusInternalServerError
	case !valid:
		reply.Status, reply.Endpoint = http.StatusBadRequest, "Failed to generate endpoint"
	default:
		reply.Endpoint = s.subscribe(k.agent, m.ChannelID, key)
	}
	k.enqueue(pushJSON(reply))
}

// vapidPoint normalizes an optional VAPID key.
func vapidPoint(key string) (normal string, valid bool) {
	if key == "" {
		return "", true
	}
	raw, err := decodeLoose(key)
	if err != nil || parseVAPIDKey(raw) == nil {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString(raw), true
}

func (k *pushSocket) unregister(m pushHeard) {
	k.s.record.unregisters = append(k.s.record.unregisters, m.ChannelID+" "+strconv.Itoa(m.Code))
	if !pushChannelForm.MatchString(m.ChannelID) {
		k.fail(pushReasonState)
		return
	}
	delete(k.agent.channels, m.ChannelID)
	k.enqueue(pushJSON(pushUnregisterReply{"unregister", m.ChannelID, http.StatusOK}))
}

func (k *pushSocket) acked(m pushHeard) {
	for _, u := range m.Updates {
		k.s.record.acks = append(k.s.record.acks, PushAck{k.agent.uaid, u.ChannelID, u.Version, u.Code})
		delete(k.outstanding, u.Version)
		k.agent.acknowledged(u.Version)
	}
	k.pump()
}

// pump sends the next batch of stored messages once everything sent so far is
// acknowledged.
func (k *pushSocket) pump() {
	if !k.backlog || len(k.outstanding) > 0 {
		return
	}
	batch := k.agent.nextBatch(k.s.p.now())
	if len(batch) == 0 {
		k.backlog, k.fromStorage = false, 0
		return
	}
	k.fromStorage += len(batch)
	if k.fromStorage > k.s.p.backlogLimit {
		k.s.forget(k.agent)
		k.endLocked(pushEnd{code: websocket.StatusNormalClosure, reason: pushReasonState})
		return
	}
	for _, m := range batch {
		k.outstanding[m.version] = m
		k.enqueue(m.frame())
	}
}

func (k *pushSocket) clientPing() {
	now := time.Now()
	if !k.lastPing.IsZero() && now.Sub(k.lastPing) < pushClientPingGap {
		k.fail(pushReasonState)
		return
	}
	k.lastPing = now
	k.s.record.emptyPings++
	k.enqueue([]byte("{}"))
}

// decodeLoose reads base64url with or without padding.
func decodeLoose(text string) ([]byte, error) {
	for len(text) > 0 && text[len(text)-1] == '=' {
		text = text[:len(text)-1]
	}
	return base64.RawURLEncoding.DecodeString(text)
}
