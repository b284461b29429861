//go:build !windows && !darwin

package xserver

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// Dial connects to the X server of a display, named as DISPLAY names it. The connection ends with ctx, which is
// also how to close it: everything that waits for an answer on it fails then, and its events end.
func Dial(ctx context.Context, display string) (*xgb.Conn, error) {
	xgb.Logger.SetOutput(io.Discard) // what it writes on standard error is in the errors too
	a, err := parse(display)
	if err != nil {
		return nil, err
	}
	socket, err := a.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("xserver: %w", err)
	}
	hangUp := func() {
		_ = socket.Close() // it is given up, whatever was on its way
	}
	stop := context.AfterFunc(ctx, hangUp)
	conn, err := xgb.NewConnNet(&introduced{Conn: socket, cookie: cookieOf(a)})
	if err != nil {
		if stop() {
			hangUp()
			return nil, fmt.Errorf("xserver: %w", err)
		}
		return nil, fmt.Errorf("xserver: %w", context.Cause(ctx))
	}
	if roots := len(xproto.Setup(conn).Roots); a.screen >= roots {
		stop()
		hangUp()
		return nil, fmt.Errorf("xserver: screen %d of %d", a.screen, roots)
	}
	conn.DefaultScreen = a.screen
	return conn, nil
}

// introduced is a connection whose first message is ours. xgb looks for a cookie only on connections that it
// makes itself, so the words with which it begins here lack one.
type introduced struct {
	net.Conn
	cookie []byte
	begun  bool
}

func (c *introduced) Write(b []byte) (int, error) {
	if c.begun {
		return c.Conn.Write(b)
	}
	c.begun = true
	if _, err := c.Conn.Write(introduction(c.cookie)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// introduction is the first message (X Window System Protocol, section 8, "Connection Setup"), in the order of
// bytes that xgb uses.
func introduction(secret []byte) []byte {
	name := cookie
	if secret == nil {
		name = ""
	}
	b := make([]byte, 12+xgb.Pad(len(name))+xgb.Pad(len(secret)))
	b[0] = 'l'
	xgb.Put16(b[2:], 11)
	xgb.Put16(b[6:], uint16(len(name)))   // #nosec G115 -- our own
	xgb.Put16(b[8:], uint16(len(secret))) // #nosec G115 -- its length was two bytes in the file
	copy(b[12:], name)
	copy(b[12+xgb.Pad(len(name)):], secret)
	return b
}
