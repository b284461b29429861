package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// base is the made-up origin of all calls; the transport decides where they go.
const base = "http://agent.tabferry.invalid"

// maxAnswer bounds an answer held in memory: an inbox page of 500 entries with long links.
const maxAnswer = 32 << 20

// askHTTP makes a call over a socket.
func askHTTP[In, Out any](ctx context.Context, c *Client, call call[In, Out], in In) (out Out, err error) {
	var body any
	method, path := call.at("")
	switch in := any(in).(type) {
	case nothing:
	case string:
		_, path = call.at(url.PathEscape(in))
	case InboxQuery:
		path += "?" + in.values().Encode()
	default:
		body = in
	}
	text, err := c.exchange(ctx, method, path, body)
	if err != nil {
		return out, err
	}
	switch out := any(&out).(type) {
	case *nothing:
	case *[]byte:
		*out = text
	case *string:
		*out = string(text)
	default:
		if json.Unmarshal(text, out) != nil {
			err = &Error{Code: CodeInternal, Message: "Tabferry's answer cannot be read.", Hint: "another version may be running: quit it and start again"}
		}
	}
	return out, err
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
		return nil, &Error{Code: CodeInternal, Message: "Tabferry's answer is too large."}
	}
	return body, nil
}

// send makes the request and turns every refusal into an [*Error].
func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, &Error{Code: CodeInternal, Message: fmt.Sprintf("a call to %s cannot be written: %v", path, err)}
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Message: "Tabferry cannot be asked this."}
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, notReachable(ctx, err)
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	refusal := &Error{Code: CodeInternal, Message: "Tabferry refused this with status " + strconv.Itoa(response.StatusCode) + "."}
	if text, err := io.ReadAll(io.LimitReader(response.Body, 1<<16)); err == nil {
		var e Error
		if json.Unmarshal(text, &e) == nil && e.Code != "" {
			refusal = &e
		}
	}
	return nil, refusal
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
	return &Error{
		Code:    CodeNotReachable,
		Message: "Tabferry does not answer: it is not running, or is just ending.",
		Hint:    "start it with `tabferry agent`, or open Tabferry",
	}
}
