package localapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

// oneCall makes each request on a connection of its own, which ends with the answer or with the request's
// context. Connecting to a socket of this computer takes the system 20 µs; keeping connections, as
// [http.Transport] does, takes two goroutines for each and the threads that run them, of which a command that
// makes one call pays for every one.
type oneCall struct {
	dial func(context.Context) (net.Conn, error)
}

// RoundTrip implements [http.RoundTripper].
func (o oneCall) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := context.Cause(r.Context()); err != nil {
		return nil, err // nobody is asked on behalf of nobody
	}
	conn, err := o.dial(r.Context())
	if err != nil {
		return nil, err
	}
	hangUp := func() { _ = conn.Close() } // it is given up, whatever was on its way
	a := &answering{conn: conn, stop: context.AfterFunc(r.Context(), hangUp)}
	r.Close = true
	sent := r.Write(conn)
	// One that refuses a call before it has come whole has answered, and takes no more of it.
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		return nil, errors.Join(sent, err, a.Close())
	}
	a.Reader, response.Body = response.Body, a
	return response, nil
}

// answering is an answer's body, and the connection that it comes over.
type answering struct {
	io.Reader
	conn net.Conn
	stop func() bool
}

// Close ends the connection. What has not been read of the answer is of no use to anybody.
func (a *answering) Close() error {
	if !a.stop() {
		return nil // its context has closed it
	}
	return a.conn.Close()
}
