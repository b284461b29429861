//go:build linux

package browsers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Marionette is the remote control of a running Firefox: JSON over TCP, each message after its length. One
// order is given at a time.
type Marionette struct {
	conn net.Conn
	read *bufio.Reader
	last int
}

// StartMarionette starts a Firefox with this profile, takes hold of it and begins a session. Its preference
// marionette.port must be 0: Firefox then writes the number into the profile. launch starts it and returns what
// ends it. Now and then, once in some hundred starts on a busy machine, a new Firefox neither listens nor says
// anything, however long one waits; another is started then, startTries in all.
func StartMarionette(ctx context.Context, profile string, launch func() (end func(), err error)) (*Marionette, error) {
	var failed error
	for range startTries {
		if err := os.Remove(portFile(profile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		end, err := launch()
		if err != nil {
			return nil, errors.Join(failed, err)
		}
		m, err := dialMarionette(ctx, profile)
		if err == nil {
			return m, nil
		}
		end()
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

func portFile(profile string) string { return filepath.Join(profile, "MarionetteActivePort") }

// dialMarionette waits until a Firefox with this profile listens.
func dialMarionette(ctx context.Context, profile string) (*Marionette, error) {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	m := &Marionette{}
	err := Until(ctx, "Firefox listens", func() (bool, string) {
		port, err := os.ReadFile(portFile(profile)) // #nosec G304 -- a profile of our own
		if err == nil {
			var dialer net.Dialer
			m.conn, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strings.TrimSpace(string(port))))
		}
		return err == nil, fmt.Sprint(err)
	})
	if err != nil {
		return nil, err
	}
	m.read = bufio.NewReader(m.conn)
	if _, err := m.receive(); err != nil { // the greeting
		return nil, errors.Join(err, m.conn.Close())
	}
	err = m.Call("WebDriver:NewSession", map[string]any{}, nil)
	if err == nil {
		err = m.Call("WebDriver:SetTimeouts", map[string]any{"script": callTime.Milliseconds()}, nil)
	}
	if err != nil {
		return nil, errors.Join(err, m.conn.Close())
	}
	return m, nil
}

// Quit tells the browser to end.
func (m *Marionette) Quit() error {
	return errors.Join(m.Call("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}}, nil), m.conn.Close())
}

// receive reads one LENGTH:JSON message.
func (m *Marionette) receive() ([]byte, error) {
	if err := m.conn.SetReadDeadline(time.Now().Add(callTime + quitTime)); err != nil {
		return nil, err
	}
	head, err := m.read.ReadString(':')
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil {
		return nil, err
	}
	body := make([]byte, size)
	_, err = io.ReadFull(m.read, body)
	return body, err
}

// Call gives one order, reads its answer into out unless that is nil, and waits a minute at most.
func (m *Marionette) Call(name string, params, out any) error {
	m.last++
	text, err := toJSON([]any{0, m.last, name, params})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(text), text); err != nil {
		return err
	}
	body, err := m.receive()
	if err != nil {
		return err
	}
	var got [4]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if failure := string(got[2]); failure != "null" {
		return fmt.Errorf("%s: %.500s", name, failure)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(got[3], out)
}
