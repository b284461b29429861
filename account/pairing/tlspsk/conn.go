package tlspsk

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/cryptobyte"
)

// Bounds of what both sides know beforehand, in bytes. The pairing channel's key has 32 bytes
// and its identity 22; the upper bounds keep a ClientHello far below one record.
const (
	maxPSK      = 1024
	maxIdentity = 1024
)

// Config holds what both sides know beforehand.
type Config struct {
	// PSK is the shared key, 1 to 1024 bytes. It is copied.
	PSK []byte
	// Identity names the key, 1 to 1024 bytes: the text of the channel id. It is copied.
	Identity []byte
	// Random is the source of the hellos' random values; nil means crypto/rand.
	Random io.Reader
}

// EventKind tells what an Event is.
type EventKind int

const (
	// Connected says that the handshake is over: Send works from now on.
	Connected EventKind = iota + 1
	// ApplicationData carries the payload of one record in Event.Data; it may be empty.
	ApplicationData
	// Closed says that the other side will send no more. Sending is still possible.
	Closed
)

// Event is something that happened on the connection.
type Event struct {
	Kind EventKind
	Data []byte
}

// Result is what Receive made of a record.
type Result struct {
	// Out holds the records to send, in order, each in a message of its own.
	Out [][]byte
	// Events happened in this order. They count even when Receive also returns an error.
	Events []Event
}

// handshakeState is what the connection waits for.
type handshakeState int

const (
	waitStart handshakeState = iota
	waitClientHello
	waitServerHello
	waitEncryptedExtensions
	waitFinished
	connected
)

// Conn is one side of a connection. See the package comment.
type Conn struct {
	client   bool
	state    handshakeState
	random   io.Reader
	psk      []byte
	identity []byte

	schedule   *schedule
	transcript hash.Hash
	sessionID  []byte
	// peerFinished is the key that the other side's Finished is verified with.
	peerFinished []byte
	// clientTraffic is kept for the client's own Finished, pendingReceive for the keys that
	// take effect once the other side's Finished was verified.
	clientTraffic  []byte
	pendingReceive []byte

	in, out    halfConn
	keyChanged bool // the last message changed the keys: its record must end here
	sawCCS     bool
	recvClosed bool
	sendClosed bool
	failed     error

	result  Result
	observe func(name string, secret []byte) // tests look at the key schedule
}

// NewServer makes the side that waits for a ClientHello: the creator of a pairing channel.
func NewServer(cfg Config) (*Conn, error) {
	c, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	c.state = waitClientHello
	return c, nil
}

// NewClient makes the side that speaks first, with Start: the joiner of a pairing channel.
func NewClient(cfg Config) (*Conn, error) {
	c, err := newConn(cfg)
	if err != nil {
		return nil, err
	}
	c.client = true
	return c, nil
}

func newConn(cfg Config) (*Conn, error) {
	if len(cfg.PSK) == 0 || len(cfg.PSK) > maxPSK {
		return nil, fmt.Errorf("tlspsk: the key has %d bytes, not 1 to %d", len(cfg.PSK), maxPSK)
	}
	if len(cfg.Identity) == 0 || len(cfg.Identity) > maxIdentity {
		return nil, fmt.Errorf("tlspsk: the identity has %d bytes, not 1 to %d", len(cfg.Identity), maxIdentity)
	}
	random := cfg.Random
	if random == nil {
		random = rand.Reader
	}
	return &Conn{
		random:     random,
		psk:        append([]byte(nil), cfg.PSK...),
		identity:   append([]byte(nil), cfg.Identity...),
		transcript: sha256.New(),
	}, nil
}

// Connected reports whether the handshake is over and nothing has gone wrong since.
func (c *Conn) Connected() bool { return c.state == connected && c.failed == nil }

// Receive takes one whole record. Result.Out must be sent even if an error is returned. After an
// *AlertError every call fails with the same error and emits nothing; ErrClosed is returned for
// records after the other side's close_notify, which may still be sent to.
func (c *Conn) Receive(record []byte) (Result, error) {
	if c.failed != nil {
		return Result{}, c.failed
	}
	if c.recvClosed {
		return Result{}, ErrClosed
	}
	c.result = Result{}
	var err error
	if c.sendClosed && c.state != connected {
		err = c.receiveAfterGivingUp(record)
	} else {
		err = c.receive(record)
	}
	if err != nil {
		c.fail(err)
	}
	result := c.result
	c.result = Result{}
	return result, err
}

// receiveAfterGivingUp looks for alerts only: the rest of a handshake that was given up halfway
// may be unreadable, and nobody is left to be told.
func (c *Conn) receiveAfterGivingUp(record []byte) error {
	contentType, content, err := c.in.open(record)
	if err != nil || contentType != typeAlert {
		return nil
	}
	return c.receiveAlert(content)
}

func (c *Conn) receive(record []byte) error {
	contentType, content, err := c.in.open(record)
	if err != nil {
		return err
	}
	switch contentType {
	case typeAlert:
		return c.receiveAlert(content)
	case typeChangeCipherSpec:
		return c.receiveChangeCipherSpec(content)
	case typeHandshake:
		return c.receiveHandshake(content)
	case typeApplicationData:
		if c.state != connected {
			return refuse(UnexpectedMessage)
		}
		c.event(Event{Kind: ApplicationData, Data: content})
		return nil
	}
	return refuse(UnexpectedMessage)
}

func (c *Conn) receiveAlert(content []byte) error {
	if len(content) != 2 {
		return refuse(DecodeError)
	}
	level, alert := content[0], Alert(content[1])
	if alert != CloseNotify {
		return &AlertError{Alert: alert, Remote: true}
	}
	if level != levelWarning {
		return refuse(IllegalParameter)
	}
	c.recvClosed = true
	c.event(Event{Kind: Closed})
	return nil
}

// receiveChangeCipherSpec accepts the one compatibility record that may stand between the hellos
// and what follows them (RFC 8446, appendix D.4).
func (c *Conn) receiveChangeCipherSpec(content []byte) error {
	due := c.state == waitEncryptedExtensions || (!c.client && c.state == waitFinished)
	if !due || c.sawCCS || len(content) != 1 || content[0] != 1 {
		return refuse(UnexpectedMessage)
	}
	c.sawCCS = true
	return nil
}

// receiveHandshake handles the messages of one record. Messages never span records here.
func (c *Conn) receiveHandshake(content []byte) error {
	s := cryptobyte.String(content)
	if s.Empty() {
		return refuse(UnexpectedMessage)
	}
	for !s.Empty() {
		start := s
		var msgType uint8
		var body cryptobyte.String
		if !s.ReadUint8(&msgType) || !s.ReadUint24LengthPrefixed(&body) {
			return refuse(DecodeError)
		}
		msg, err := parseMessage(msgType, body)
		if err != nil {
			return err
		}
		c.keyChanged = false
		if err := c.handle(msg, start[:len(start)-len(s)]); err != nil {
			return err
		}
		if c.keyChanged && !s.Empty() {
			return refuse(UnexpectedMessage) // RFC 8446, section 5.1
		}
	}
	return nil
}

func (c *Conn) handle(msg any, raw []byte) error {
	switch m := msg.(type) {
	case *clientHello:
		if c.state == waitClientHello {
			return c.handleClientHello(m, raw)
		}
	case *serverHello:
		if c.state == waitServerHello {
			return c.handleServerHello(m, raw)
		}
	case *encryptedExtensions:
		if c.state == waitEncryptedExtensions {
			return c.handleEncryptedExtensions(m, raw)
		}
	case *finished:
		if c.state == waitFinished && c.client {
			return c.handleServerFinished(m, raw)
		}
		if c.state == waitFinished {
			return c.handleClientFinished(m)
		}
	case *newSessionTicket:
		if c.state == connected && c.client {
			return nil // allowed, and of no use to an external PSK
		}
	}
	return refuse(UnexpectedMessage)
}

// Send makes the record that carries payload, at most MaxPlaintext bytes; a larger one kills the
// connection, and the record returned beside the error is the alert to send.
func (c *Conn) Send(payload []byte) ([]byte, error) {
	switch {
	case c.failed != nil:
		return nil, c.failed
	case c.sendClosed:
		return nil, ErrSendClosed
	case c.state != connected:
		return nil, ErrNotConnected
	}
	record, err := c.out.seal(typeApplicationData, payload)
	if err != nil {
		c.result = Result{}
		c.fail(err)
		if len(c.result.Out) > 0 {
			record = c.result.Out[0]
		}
		c.result = Result{}
		return record, err
	}
	return record, nil
}

// Close makes the close_notify record and ends this side's sending. A handshake that is not over
// is given up: only the other side's close_notify or alert is looked at from then on.
func (c *Conn) Close() ([]byte, error) {
	switch {
	case c.failed != nil:
		return nil, c.failed
	case c.sendClosed:
		return nil, ErrSendClosed
	}
	record, err := c.out.seal(typeAlert, []byte{levelWarning, byte(CloseNotify)})
	if err != nil {
		return nil, err
	}
	c.sendClosed = true
	return record, nil
}

// Wipe destroys every secret the connection still holds. All later calls fail.
func (c *Conn) Wipe() {
	c.wipeHandshake()
	c.in.wipe()
	c.out.wipe()
	if c.failed == nil {
		c.failed = ErrWiped
	}
}

// wipeHandshake destroys what only the handshake needs.
func (c *Conn) wipeHandshake() {
	clear(c.psk)
	clear(c.peerFinished)
	clear(c.clientTraffic)
	clear(c.pendingReceive)
	if c.schedule != nil {
		c.schedule.wipe()
	}
}

// fail ends the connection for good: one fatal alert goes out, all secrets are wiped. A received
// alert is answered with the same one, as the other implementations do.
func (c *Conn) fail(err error) {
	alert := InternalError
	var alertErr *AlertError
	if errors.As(err, &alertErr) {
		alert = alertErr.Alert
	}
	if !c.sendClosed {
		if record, sealErr := c.out.seal(typeAlert, []byte{levelFatal, byte(alert)}); sealErr == nil {
			c.emit(record)
		}
	}
	c.failed = err
	c.Wipe()
}

func (c *Conn) emit(record []byte) { c.result.Out = append(c.result.Out, record) }

func (c *Conn) event(e Event) { c.result.Events = append(c.result.Events, e) }

// sealTo makes a record with the current send key and emits it.
func (c *Conn) sealTo(contentType byte, content []byte) error {
	record, err := c.out.seal(contentType, content)
	if err != nil {
		return err
	}
	c.emit(record)
	return nil
}
