//go:build !windows && !darwin

package clipboard

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// receive lets the owner write its text into a pipe and reads it beside the loop, which must go
// on: the owner may be this clipboard itself.
func (c *waylandClipboard) receive(offer uint32, form string, turn uint64) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("clipboard: %w", err)
	}
	err = c.conn.request(int(w.Fd()), func(func() uint32) []*waylandRequest { // a descriptor fits
		return []*waylandRequest{newWaylandRequest(offer, offerReceive).string(form)}
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return errors.Join(err, r.Close())
	}
	c.working.Go(func() {
		defer func() { _ = r.Close() }() // it was only read
		if r.SetReadDeadline(time.Now().Add(transferTime)) != nil {
			return
		}
		stop := c.onQuit(func() { _ = r.SetReadDeadline(time.Now()) }) // Close does not wait for others
		defer stop()
		text, err := io.ReadAll(io.LimitReader(r, c.content.limit+1))
		if err != nil || int64(len(text)) > c.content.limit {
			text = nil
		}
		if !c.content.everyTime {
			text = []byte(decodeText(form, string(text)))
		}
		c.set(turn, form, string(text))
	})
	return nil
}

// onQuit calls f when the clipboard is closed, unless stopped before.
func (c *waylandClipboard) onQuit(f func()) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-c.quit:
			f()
		case <-stopped:
		}
	}()
	return func() { close(stopped); <-ended }
}

// set takes over a text unless a newer selection has come since.
func (c *waylandClipboard) set(turn uint64, form, text string) {
	c.mu.Lock()
	differs := turn == c.turn && (c.text != text || c.content.everyTime)
	if turn == c.turn {
		c.form, c.text = form, text
	}
	c.mu.Unlock()
	if differs {
		signal(c.changed)
	}
}

// sourceEvent answers those who want what we offer, and forgets what was replaced.
func (c *waylandClipboard) sourceEvent(m *waylandMessage) error {
	c.mu.Lock()
	text, ours := c.sources[m.object]
	c.mu.Unlock()
	if !ours {
		return nil // an object whose events are of no interest
	}
	switch m.opcode {
	case eventSend:
		fd, err := c.conn.fd()
		if err != nil {
			return err
		}
		c.give(fd, text)
	case eventCancelled:
		c.mu.Lock()
		delete(c.sources, m.object)
		c.mu.Unlock()
		return c.conn.request(-1, func(func() uint32) []*waylandRequest {
			return []*waylandRequest{newWaylandRequest(m.object, sourceDestroy)}
		})
	}
	return nil
}

// give writes our text into another program's pipe, beside the loop.
func (c *waylandClipboard) give(fd int, text string) {
	if unix.SetNonblock(fd, true) != nil {
		_ = unix.Close(fd) // the other side sees an empty text
		return
	}
	pipe := os.NewFile(uintptr(fd), "clipboard") // a descriptor fits
	c.working.Go(func() {
		defer func() { _ = pipe.Close() }()                                // whether they got it all is their business
		_ = pipe.SetWriteDeadline(time.Now().Add(transferTime))            // not every pipe has deadlines
		stop := c.onQuit(func() { _ = pipe.SetWriteDeadline(time.Now()) }) // Close does not wait for others
		defer stop()
		_, _ = io.WriteString(pipe, text) // as above
	})
}
