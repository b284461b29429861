package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// base is the made-up origin of all calls; the transport decides where they go.
const base = "http://agent.tabferry.invalid"

// What a call comes to when the agent does not answer it, or not so that it can be understood.
var (
	absent      = NewPhrase("absent", "Tabferry does not answer: it is not running, or is just ending.", "start it with `tabferry agent`, or open Tabferry")
	silent      = NewPhrase("silent", "Tabferry runs but does not answer.", "end it with `tabferry quit --force`: nothing that was kept is lost")
	badAnswer   = NewPhrase("bad_answer", "Tabferry's answer cannot be read.", "another version may be running: quit it and start again")
	longAnswer  = NewPhrase("long_answer", "Tabferry's answer is too large.", "")
	badCall     = NewPhrase("bad_call", "Tabferry cannot be asked this.", "")
	refused     = NewPhrase("refused", "Tabferry refused this with status {status}.", "")
	unknownCall = NewPhrase("unknown_call", "The running Tabferry has no call {call}.", "another version may be running: quit it and start again")
	failed      = NewPhrase("failed", "Something went wrong in Tabferry.", "`tabferry diagnostics` tells more")
)

// maxAnswer bounds an answer held in memory: an inbox page of 500 entries with long links.
const maxAnswer = 32 << 20

// askHTTP makes a call over a socket.
func (c *Client) askHTTP(ctx context.Context, call untyped, in, out any) error {
	var body any
	method, path := call.at("")
	switch in := in.(type) {
	case *nothing:
	case *string:
		_, path = call.at(url.PathEscape(*in))
	case *InboxQuery:
		path += "?" + in.values().Encode()
	case *RefreshRequest:
		if asked := in.values(); len(asked) > 0 {
			path += "?" + asked.Encode()
		}
	default:
		body = in
	}
	text, err := c.exchange(ctx, method, path, body)
	if err != nil {
		return err
	}
	switch out := out.(type) {
	case *nothing:
	case *[]byte:
		*out = text
	case *string:
		*out = string(text)
	case *Summary:
		err = readOnce(text, out)
	default:
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		return badAnswer.Refuse(CodeInternal)
	}
	return nil
}

// exchange sends in as JSON, unless it is nil, and returns the answer's body.
func (c *Client) exchange(ctx context.Context, method, path string, in any) ([]byte, error) {
	response, err := c.send(ctx, method, path, in)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, notReachable(ctx, err)
	}
	if len(body) > maxAnswer {
		return nil, longAnswer.Refuse(CodeInternal)
	}
	return body, nil
}

// send makes the request and turns every refusal into an [*Error].
func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, badCall.Refuse(CodeInternal)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, badCall.Refuse(CodeInternal)
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.RoundTrip(request)
	if err != nil {
		return nil, notReachable(ctx, err)
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	code := CodeInternal
	if response.StatusCode == http.StatusNotFound {
		code = CodeUnsupported // unless it says itself what it has not
	}
	refusal := refused.Refuse(code, "status", strconv.Itoa(response.StatusCode))
	if text, err := io.ReadAll(io.LimitReader(response.Body, 1<<16)); err == nil {
		var e Error
		if json.Unmarshal(text, &e) == nil && e.Code != "" {
			refusal = &e
		}
	}
	return nil, refusal
}

// Silent reports whether an error says that an agent is there but does not answer.
func Silent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Said.Key == silent.Key
}

// HasQuit reports whether an error says that there is no agent and that it left nothing behind: the last one ended by
// itself. What is left of one that was killed is a socket on which nobody answers. A client of several sockets tells it
// of the last of them.
func HasQuit(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.quit
}

// notReachable tells a cancelled call from an agent that is not there.
func notReachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, socket.ErrSilent) {
		return silent.Refuse(CodeNotReachable)
	}
	e = absent.Refuse(CodeNotReachable)
	e.quit = errors.Is(err, fs.ErrNotExist)
	return e
}
