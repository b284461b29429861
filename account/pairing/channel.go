package pairing

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

// channel is the secure channel on a link. It belongs to one goroutine.
type channel struct {
	link   *link
	tls    *tlspsk.Conn
	closed bool // the other side has said that it will send no more
	bye    bool // we have said so
}

// arrival is what one message of the relay brought.
type arrival struct {
	sender    sender
	connected bool // the handshake is over since this message
	messages  []message
	closed    bool
}

// envelope is a message of the relay.
type envelope struct {
	Message *string `json:"message"`
	Sender  sender  `json:"sender"`
}

// unwrap reads an envelope. Padding of the record's text is optional.
func unwrap(raw []byte) (record []byte, from sender, err error) {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil || e.Message == nil {
		return nil, sender{}, fmt.Errorf("%w: unreadable envelope", ErrDisturbed)
	}
	record, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(*e.Message, "="))
	if err != nil {
		return nil, sender{}, fmt.Errorf("%w: unreadable record", ErrDisturbed)
	}
	return record, e.Sender, nil
}

// sendRecord wraps a record as the other implementations do, with padding.
func (c *channel) sendRecord(record []byte) {
	c.link.send(base64.URLEncoding.EncodeToString(record))
}

// receive handles one message of the relay. Text that is no record never reaches TLS: it ends the
// pairing without an alert.
func (c *channel) receive(raw []byte) (arrival, error) {
	record, from, err := unwrap(raw)
	if err != nil {
		return arrival{}, err
	}
	was := c.tls.Connected()
	result, err := c.tls.Receive(record)
	for _, out := range result.Out {
		c.sendRecord(out)
	}
	if err != nil {
		return arrival{}, channelError(err, was)
	}
	a := arrival{sender: from}
	for _, event := range result.Events {
		switch event.Kind {
		case tlspsk.Connected:
			a.connected = true
		case tlspsk.Closed:
			c.closed, a.closed = true, true
		case tlspsk.ApplicationData:
			var m message
			if err := json.Unmarshal(event.Data, &m); err != nil || m.Name == "" {
				return arrival{}, fmt.Errorf("%w: unreadable message", ErrDisturbed)
			}
			a.messages = append(a.messages, m)
		}
	}
	return a, nil
}

// send sends one message. data is any value, or nil for an empty object.
func (c *channel) send(name string, data any) error {
	if data == nil {
		data = struct{}{}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("pairing: %s: %w", name, err)
	}
	payload, err := json.Marshal(message{Name: name, Data: body})
	if err != nil {
		return fmt.Errorf("pairing: %s: %w", name, err)
	}
	record, err := c.tls.Send(payload)
	if record != nil {
		c.sendRecord(record)
	}
	return err
}

// sayBye sends close_notify, once, if the connection still can.
func (c *channel) sayBye() {
	if c.bye {
		return
	}
	c.bye = true
	if record, err := c.tls.Close(); err == nil {
		c.sendRecord(record)
	}
}

// leave says goodbye and gives the other side a moment to do the same: an early end of the
// connection could overtake the last messages. Then everything is released and wiped.
func (c *channel) leave(wait time.Duration) {
	c.sayBye()
	c.awaitBye(wait)
	c.drop()
}

// awaitBye waits for the other side's close_notify, the end of the stream or anything wrong.
func (c *channel) awaitBye(wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for !c.closed {
		select {
		case raw, ok := <-c.link.incoming:
			if !ok {
				return
			}
			if _, err := c.receive(raw); err != nil {
				return
			}
		case <-timer.C:
			return
		}
	}
}

// drop ends the channel without a word.
func (c *channel) drop() {
	c.tls.Wipe()
	c.link.close()
}
