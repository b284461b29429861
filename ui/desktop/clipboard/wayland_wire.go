//go:build !windows && !darwin

package clipboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// The wire format of Wayland (The Wayland Protocol, chapter 4, "Wire Format"): messages of
// 32-bit words in the machine's order, file descriptors beside them.

const (
	waylandHeader = 8
	// maxWaylandMessage is the longest message: its size has 16 bits.
	maxWaylandMessage = 1<<16 - 1
	// maxWaylandFDs is how many descriptors come with one read; libwayland sends at most 28.
	maxWaylandFDs = 28
)

var errWayland = errors.New("wayland: the compositor sent something unexpected")

// waylandMessage is one event.
type waylandMessage struct {
	object uint32
	opcode uint16
	args   waylandArgs
}

// waylandArgs are a message's arguments, read one after another. The first that is not there
// makes all further ones zero, and err tells.
type waylandArgs struct {
	rest []byte
	err  error
}

func (a *waylandArgs) uint() uint32 {
	if a.err != nil || len(a.rest) < 4 {
		a.err = errWayland
		return 0
	}
	v := binary.NativeEndian.Uint32(a.rest)
	a.rest = a.rest[4:]
	return v
}

// string reads a text: its length with the final zero, the bytes, filled up to a whole word.
func (a *waylandArgs) string() string {
	n := int(a.uint())
	padded := (n + 3) &^ 3
	if a.err != nil || n < 0 || padded < n || padded > len(a.rest) {
		a.err = errWayland
		return ""
	}
	if n == 0 {
		return "" // a null string
	}
	text := a.rest[:n]
	a.rest = a.rest[padded:]
	if text[n-1] != 0 {
		a.err = errWayland
		return ""
	}
	return string(text[:n-1])
}

// nextWayland takes one message off the front of data; false when it is not complete yet.
func nextWayland(data []byte) (m waylandMessage, rest []byte, complete bool, err error) {
	if len(data) < waylandHeader {
		return m, data, false, nil
	}
	m.object = binary.NativeEndian.Uint32(data)
	word := binary.NativeEndian.Uint32(data[4:])
	size := int(word >> 16)
	m.opcode = uint16(word) // #nosec G115 -- its lower half is meant
	if size < waylandHeader || size%4 != 0 {
		return m, data, false, errWayland
	}
	if len(data) < size {
		return m, data, false, nil
	}
	m.args.rest = data[waylandHeader:size]
	return m, data[size:], true, nil
}

// waylandRequest builds a request.
type waylandRequest struct{ words []byte }

func newWaylandRequest(object uint32, opcode uint16) *waylandRequest {
	r := &waylandRequest{}
	return r.uint(object).uint(uint32(opcode))
}

func (r *waylandRequest) uint(v uint32) *waylandRequest {
	r.words = binary.NativeEndian.AppendUint32(r.words, v)
	return r
}

func (r *waylandRequest) string(s string) *waylandRequest {
	r.uint(uint32(len(s) + 1)) // #nosec G115 -- our own short strings
	r.words = append(r.words, s...)
	r.words = append(r.words, make([]byte, 4-len(s)%4)...) // the final zero and the filling
	return r
}

// bytes returns the request with its size filled in.
func (r *waylandRequest) bytes() []byte {
	size := uint32(len(r.words)) // #nosec G115 -- our own short requests
	word := binary.NativeEndian.Uint32(r.words[4:])
	binary.NativeEndian.PutUint32(r.words[4:], word|size<<16)
	return r.words
}

// waylandConn is a connection to a compositor. One goroutine reads, any may write.
type waylandConn struct {
	socket *net.UnixConn
	data   []byte
	fds    []int

	mu   sync.Mutex // orders requests, and the ids in them
	last uint32     // the newest object id of ours; 1 is the display
}

// dialWayland connects to the compositor of the environment (libwayland's wl_display_connect).
func dialWayland() (*waylandConn, error) {
	path := os.Getenv("WAYLAND_DISPLAY")
	if !filepath.IsAbs(path) {
		path = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), path)
	}
	socket, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("wayland: %w", err)
	}
	return &waylandConn{socket: socket, last: 1}, nil
}

// request sends what build makes of the next free object ids; fd below zero sends none.
func (c *waylandConn) request(fd int, build func(id func() uint32) []*waylandRequest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := func() uint32 { c.last++; return c.last }
	var all []byte
	for _, r := range build(id) {
		all = append(all, r.bytes()...)
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	// A few hundred bytes into a socket's buffer: this waits for nobody but a dead compositor.
	if _, _, err := c.socket.WriteMsgUnix(all, rights, nil); err != nil {
		return fmt.Errorf("wayland: %w", err)
	}
	return nil
}

// next returns the next event.
func (c *waylandConn) next() (waylandMessage, error) {
	for {
		m, rest, complete, err := nextWayland(c.data)
		if err != nil {
			return m, err
		}
		if complete {
			c.data = rest
			return m, nil
		}
		// A fresh buffer each time: what was cut off the old one is still being read.
		buffer := make([]byte, len(c.data), len(c.data)+maxWaylandMessage)
		copy(buffer, c.data)
		rights := make([]byte, unix.CmsgSpace(maxWaylandFDs*4))
		n, nr, _, _, err := c.socket.ReadMsgUnix(buffer[len(buffer):cap(buffer)], rights)
		if err != nil {
			return m, fmt.Errorf("wayland: %w", err)
		}
		if n == 0 {
			return m, fmt.Errorf("wayland: %w", net.ErrClosed)
		}
		c.data = buffer[:len(buffer)+n]
		if err := c.keepFDs(rights[:nr]); err != nil {
			return m, err
		}
	}
}

// keepFDs takes over the descriptors that came beside the data; they must not leak into programs
// that we start.
func (c *waylandConn) keepFDs(rights []byte) error {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return fmt.Errorf("wayland: %w", err)
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return fmt.Errorf("wayland: %w", err)
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
		}
		c.fds = append(c.fds, fds...)
	}
	return nil
}

// fd returns the oldest descriptor that came; the caller closes it.
func (c *waylandConn) fd() (int, error) {
	if len(c.fds) == 0 {
		return -1, errWayland
	}
	fd := c.fds[0]
	c.fds = c.fds[1:]
	return fd, nil
}

// dropFDs closes descriptors that nobody took; the reading goroutine calls it at its end.
func (c *waylandConn) dropFDs() {
	for _, fd := range c.fds {
		_ = unix.Close(fd) // a pipe's end: nothing to lose
	}
	c.fds = nil
}
