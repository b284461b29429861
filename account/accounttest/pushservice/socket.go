package pushservice

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
	reasonState       = "SM"
	reasonJSON        = "Json"
	reasonHandshake   = "HandshakeTimeout"
	reasonPong        = "PongTimeout"
	reasonUnsupported = "UnsupportedMessage"
)

var channelForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// socket is one connection of a user agent. One goroutine runs its state
// machine and does all writing; another only reads.
type socket struct {
	s        *Service
	conn     *websocket.Conn
	frames   chan frame
	pongs    chan error
	wake     chan struct{} // the queue or the end changed
	lastPing time.Time     // the client's last {}
	running  sync.WaitGroup

	// Guarded by the service's lock.
	agent       *userAgent // nil before hello
	outstanding map[string]*message
	backlog     bool // storage may hold more
	fromStorage int
	subscribed  map[string]string // broadcasts
	queue       [][]byte
	end         *ending
	silent      bool
	mutePongs   bool
	hung        bool
}

type frame struct {
	kind websocket.MessageType
	text []byte
	err  error
}

// ending says how to end a connection.
type ending struct {
	code   websocket.StatusCode
	reason string
	cut    bool // without a close frame
}

func (s *Service) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.admit(w, r) {
		return
	}
	defer s.sockets.Done()
	k := &socket{
		s: s, frames: make(chan frame), pongs: make(chan error, 1), wake: make(chan struct{}, 1),
		outstanding: make(map[string]*message), subscribed: make(map[string]string),
	}
	// No subprotocol is chosen and any Origin is taken, as the real server does.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true,
		OnPingReceived:     k.pinged,
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxFrame)
	k.conn = conn
	s.mu.Lock()
	s.open[k] = true
	s.mu.Unlock()
	k.run()
}

// admit applies the faults asked for upgrades and counts the connection in.
func (s *Service) admit(w http.ResponseWriter, r *http.Request) bool {
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
func (k *socket) pinged(context.Context, []byte) bool {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	k.s.record.clientPings++
	if k.agent == nil {
		k.endLocked(ending{code: websocket.StatusUnsupportedData, reason: reasonUnsupported})
		return false
	}
	return !k.silent && !k.mutePongs
}

func (k *socket) run() {
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

func (k *socket) read(ctx context.Context) {
	for {
		var f frame
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
func (k *socket) serve(ctx context.Context) ending {
	hello := time.NewTimer(helloTimeout)
	defer hello.Stop()
	pings := time.NewTicker(pingInterval)
	defer pings.Stop()
	for {
		select {
		case <-ctx.Done():
			return ending{cut: true}
		case <-hello.C:
			if !k.greeted() {
				return ending{code: websocket.StatusInternalError, reason: reasonHandshake}
			}
		case <-pings.C:
			k.running.Go(func() { k.ping(ctx) })
		case err := <-k.pongs:
			if err != nil {
				return ending{code: websocket.StatusInternalError, reason: reasonPong}
			}
		case f := <-k.frames:
			if f.err != nil {
				return ending{cut: true}
			}
			k.heard(f)
		case <-k.wake:
		}
		if end := k.flush(ctx); end != nil {
			return *end
		}
	}
}

func (k *socket) greeted() bool {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.agent != nil
}

func (k *socket) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pongTimeout)
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
func (k *socket) flush(ctx context.Context) *ending {
	k.s.mu.Lock()
	queue, end := k.queue, k.end
	k.queue = nil
	if k.silent {
		queue = nil
	}
	k.s.mu.Unlock()
	for _, frame := range queue {
		writing, cancel := context.WithTimeout(ctx, writeTimeout)
		err := k.conn.Write(writing, websocket.MessageText, frame)
		cancel()
		if err != nil {
			return &ending{cut: true}
		}
	}
	return end
}

// leave takes the connection out of the books and keeps what it was sent and
// did not acknowledge.
func (k *socket) leave() {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	delete(k.s.open, k)
	if k.agent == nil || k.agent.socket != k {
		return
	}
	k.agent.socket = nil
	k.agent.keepOutstanding(k.outstanding)
}

func (k *socket) enqueue(frame []byte) {
	k.queue = append(k.queue, frame)
	k.nudge()
}

func (k *socket) endLocked(end ending) {
	if k.end == nil {
		k.end = &end
	}
	k.nudge()
}

func (k *socket) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *socket) fail(reason string) {
	k.endLocked(ending{code: websocket.StatusInternalError, reason: reason})
}

// heard handles one frame of the client.
func (k *socket) heard(f frame) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if k.silent || k.hung {
		return
	}
	if f.kind != websocket.MessageText {
		k.endLocked(ending{code: websocket.StatusUnsupportedData, reason: reasonUnsupported})
		return
	}
	var m incoming
	if err := json.Unmarshal(f.text, &m); err != nil {
		k.fail(reasonJSON)
		return
	}
	if m.Type == "" && string(f.text) == "{}" {
		m.Type = "ping"
	}
	if (m.Type == "hello") != (k.agent == nil) {
		k.fail(reasonState) // before hello nothing else, after it none
		return
	}
	if m.Type == "hello" {
		k.s.record.hello = string(f.text)
	}
	k.handle(m)
}

// handle does what a message asks for. The caller holds the lock.
func (k *socket) handle(m incoming) {
	switch m.Type {
	case "hello":
		k.hello(m)
	case "register":
		k.register(m)
	case "unregister":
		k.unregister(m)
	case "ack":
		k.acked(m)
	case "nack":
		if m.Version == "" {
			k.fail(reasonJSON)
		}
	case "ping":
		k.clientPing()
	case "broadcast_subscribe":
		if news := k.subscribe(m.Broadcasts); len(news) > 0 {
			k.enqueue(encode(broadcast{"broadcast", news}))
		}
	default:
		k.fail(reasonJSON)
	}
}

func (k *socket) hello(m incoming) {
	s := k.s
	s.record.hellos = append(s.record.hellos, m.UAID)
	agent := s.knownAgent(m.UAID)
	if agent == nil {
		agent = &userAgent{uaid: s.newUAID(), channels: make(map[string]bool)}
	}
	if old := agent.socket; old != nil {
		agent.keepOutstanding(old.outstanding)
		old.outstanding = make(map[string]*message)
		old.fail(reasonState) // a ghost: the newer connection wins
	}
	agent.hello, agent.socket = s.p.Now(), k
	k.agent, k.backlog = agent, true
	if s.faults.muteHellos > 0 {
		s.faults.muteHellos--
		return
	}
	reply := helloReply{"hello", agent.uaid, http.StatusOK, true, k.subscribe(m.Broadcasts)}
	if s.faults.helloStatus != 0 {
		reply.Status = s.faults.helloStatus
	}
	k.enqueue(encode(reply))
	k.pump()
}

// subscribe notes broadcasts and gives those whose version differs.
func (k *socket) subscribe(wanted map[string]string) map[string]any {
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

func (k *socket) register(m incoming) {
	s := k.s
	s.record.registers++
	if !channelForm.MatchString(m.ChannelID) {
		k.fail(reasonState)
		return
	}
	if s.faults.muteRegisters > 0 {
		s.faults.muteRegisters--
		return
	}
	reply := registerReply{Type: "register", ChannelID: m.ChannelID, Status: http.StatusOK}
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
	k.enqueue(encode(reply))
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

func (k *socket) unregister(m incoming) {
	k.s.record.unregisters = append(k.s.record.unregisters, m.ChannelID+" "+strconv.Itoa(m.Code))
	if !channelForm.MatchString(m.ChannelID) {
		k.fail(reasonState)
		return
	}
	delete(k.agent.channels, m.ChannelID)
	k.enqueue(encode(unregisterReply{"unregister", m.ChannelID, http.StatusOK}))
}

func (k *socket) acked(m incoming) {
	for _, u := range m.Updates {
		k.s.record.acks = append(k.s.record.acks, Ack{k.agent.uaid, u.ChannelID, u.Version, u.Code})
		delete(k.outstanding, u.Version)
		k.agent.acknowledged(u.Version)
	}
	k.pump()
}

// pump sends the next batch of stored messages once everything sent so far is
// acknowledged.
func (k *socket) pump() {
	if !k.backlog || len(k.outstanding) > 0 {
		return
	}
	batch := k.agent.nextBatch(k.s.p.Now())
	if len(batch) == 0 {
		k.backlog, k.fromStorage = false, 0
		return
	}
	k.fromStorage += len(batch)
	if k.fromStorage > k.s.p.BacklogLimit {
		k.s.forget(k.agent)
		k.endLocked(ending{code: websocket.StatusNormalClosure, reason: reasonState})
		return
	}
	for _, m := range batch {
		k.outstanding[m.version] = m
		k.enqueue(m.frame())
	}
}

func (k *socket) clientPing() {
	now := time.Now()
	if !k.lastPing.IsZero() && now.Sub(k.lastPing) < clientPingGap {
		k.fail(reasonState)
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
