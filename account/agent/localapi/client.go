package localapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// base is the made-up origin of all calls; the transport decides where they go.
const base = "http://agent.tabferry.invalid"

// maxAnswer bounds an answer held in memory: an inbox page of 500 entries with long links.
const maxAnswer = 32 << 20

// Client calls the agent. Its methods may be used from several goroutines at once.
// Every method returns an [*Error]; CodeNotReachable when no agent answers.
type Client struct {
	http *http.Client
}

// Dial gives a client of the agent that listens on the Unix socket at path.
// It connects on first use.
func Dial(path string) *Client {
	return New(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
		DisableCompression: true,
	})
}

// New gives a client over another transport, for tests and for faces in the agent's own process.
func New(transport http.RoundTripper) *Client {
	return &Client{http: &http.Client{Transport: transport}}
}

// Close lets go of idle connections. Calls and watches under way go on; the client stays usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Snapshot gives the present state.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	var s Snapshot
	return s, c.call(ctx, http.MethodGet, "/v1/snapshot", nil, &s)
}

// Refresh asks the servers for everything anew: commands, devices, profile. It returns once asked.
func (c *Client) Refresh(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/refresh", nil, nil)
}

// BeginSignIn starts a sign-in in the browser, with an e-mail address as a hint or without.
// The face opens the returned page. A sign-in already under way is replaced.
func (c *Client) BeginSignIn(ctx context.Context, email string) (SignIn, error) {
	var s SignIn
	return s, c.call(ctx, http.MethodPost, "/v1/signin", map[string]string{"email": email}, &s)
}

// CompleteSignIn hands over the final address of a sign-in that has no loopback redirect.
func (c *Client) CompleteSignIn(ctx context.Context, address string) error {
	return c.call(ctx, http.MethodPost, "/v1/signin/complete", map[string]string{"address": address}, nil)
}

// CancelSignIn ends the sign-in under way; none is fine.
func (c *Client) CancelSignIn(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/signin", nil, nil)
}

// SignOut signs out; with deleteLocalData inbox, outbox, settings and the store's key go too.
func (c *Client) SignOut(ctx context.Context, deleteLocalData bool) error {
	return c.call(ctx, http.MethodPost, "/v1/signout", map[string]bool{"deleteLocalData": deleteLocalData}, nil)
}

// Send queues links for devices and returns the outbox entries, one for each link and device.
func (c *Client) Send(ctx context.Context, r SendRequest) ([]OutboxEntry, error) {
	var entries []OutboxEntry
	return entries, c.call(ctx, http.MethodPost, "/v1/send", r, &entries)
}

// Undo takes back entries that are still held. CodeConflict when one has left already.
func (c *Client) Undo(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/undo", idList{ids}, nil)
}

// Retry tries failed or waiting entries now.
func (c *Client) Retry(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/retry", idList{ids}, nil)
}

// DeleteSent removes entries from the list; a waiting one is not sent then.
func (c *Client) DeleteSent(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/outbox/delete", idList{ids}, nil)
}

// Sent gives one outbox entry as it is now.
func (c *Client) Sent(ctx context.Context, id string) (OutboxEntry, error) {
	var e OutboxEntry
	return e, c.call(ctx, http.MethodGet, "/v1/outbox/"+url.PathEscape(id), nil, &e)
}

// Outbox gives all outbox entries, newest first.
func (c *Client) Outbox(ctx context.Context) ([]OutboxEntry, error) {
	var entries []OutboxEntry
	return entries, c.call(ctx, http.MethodGet, "/v1/outbox", nil, &entries)
}

// Inbox gives a page of received entries.
func (c *Client) Inbox(ctx context.Context, q InboxQuery) ([]InboxEntry, error) {
	v := url.Values{}
	if q.Text != "" {
		v.Set("text", q.Text)
	}
	if q.Before != "" {
		v.Set("before", q.Before)
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if q.Unread {
		v.Set("unread", "1")
	}
	var entries []InboxEntry
	return entries, c.call(ctx, http.MethodGet, "/v1/inbox?"+v.Encode(), nil, &entries)
}

// MarkRead marks received entries as read.
func (c *Client) MarkRead(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/inbox/read", idList{ids}, nil)
}

// DeleteReceived removes received entries.
func (c *Client) DeleteReceived(ctx context.Context, ids ...string) error {
	return c.call(ctx, http.MethodPost, "/v1/inbox/delete", idList{ids}, nil)
}

// RenameDevice gives this device another name.
func (c *Client) RenameDevice(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, "/v1/devices/rename", map[string]string{"name": name}, nil)
}

// DisconnectDevice signs another device out of the account.
func (c *Client) DisconnectDevice(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/v1/devices/disconnect", idList{[]string{id}}, nil)
}

// DisconnectClient ends the access of another attached client.
func (c *Client) DisconnectClient(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/v1/clients/disconnect", idList{[]string{id}}, nil)
}

// Avatar gives the account's picture as the server sent it (PNG or JPEG). CodeNotFound when there is none.
func (c *Client) Avatar(ctx context.Context) ([]byte, error) {
	var picture []byte
	return picture, c.call(ctx, http.MethodGet, "/v1/avatar", nil, &picture)
}

// PageURL gives the address of a page of the accounts server, for the face to open.
func (c *Client) PageURL(ctx context.Context, p Page) (string, error) {
	var a struct {
		URL string `json:"url"`
	}
	return a.URL, c.call(ctx, http.MethodGet, "/v1/pages/"+url.PathEscape(string(p)), nil, &a)
}

// Unlock opens a store protected by a passphrase, or asks the keyring again when passphrase is empty.
func (c *Client) Unlock(ctx context.Context, passphrase string) error {
	return c.call(ctx, http.MethodPost, "/v1/unlock", map[string]string{"passphrase": passphrase}, nil)
}

// Protect chooses how an undecided store is protected: by a passphrase, or memory only.
func (c *Client) Protect(ctx context.Context, p Protection, passphrase string) error {
	return c.call(ctx, http.MethodPost, "/v1/protect", map[string]string{"protection": string(p), "passphrase": passphrase}, nil)
}

// SetSettings replaces the settings as a whole.
func (c *Client) SetSettings(ctx context.Context, s Settings) error {
	return c.call(ctx, http.MethodPut, "/v1/settings", s, nil)
}

// Quiet silences notifications for some minutes; zero ends the silence.
func (c *Client) Quiet(ctx context.Context, minutes int) error {
	return c.call(ctx, http.MethodPost, "/v1/quiet", map[string]int{"minutes": minutes}, nil)
}

// ShowWindow asks an open window to come to the front with a pane, and tells whether there is one.
func (c *Client) ShowWindow(ctx context.Context, pane string) (bool, error) {
	var a struct {
		Shown bool `json:"shown"`
	}
	return a.Shown, c.call(ctx, http.MethodPost, "/v1/window/show", map[string]string{"pane": pane}, &a)
}

// Quit ends the agent, and with it every face that watches.
func (c *Client) Quit(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/quit", nil, nil)
}

// Diagnostics gives a text about the agent's state with every secret removed.
func (c *Client) Diagnostics(ctx context.Context) (string, error) {
	var text []byte
	err := c.call(ctx, http.MethodGet, "/v1/diagnostics", nil, &text)
	return string(text), err
}

// ShowPairing begins to show a pairing code; see PairingCode.
func (c *Client) ShowPairing(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/pair/show", nil, nil)
}

// PairingCode gives the address to draw as a code while the state is PairShowing. It is a secret:
// it is never part of a Snapshot, never logged, and gone when the code has been used.
func (c *Client) PairingCode(ctx context.Context) (string, error) {
	var a struct {
		URL string `json:"url"`
	}
	return a.URL, c.call(ctx, http.MethodGet, "/v1/pair/code", nil, &a)
}

// JoinPairing begins to join the device whose code reads as address.
func (c *Client) JoinPairing(ctx context.Context, address string) error {
	return c.call(ctx, http.MethodPost, "/v1/pair/join", map[string]string{"address": address}, nil)
}

// ConfirmPairing says yes to the peer shown, with a two-step code when Pairing.NeedsTOTP.
func (c *Client) ConfirmPairing(ctx context.Context, totp string) error {
	return c.call(ctx, http.MethodPost, "/v1/pair/confirm", map[string]string{"totp": totp}, nil)
}

// CancelPairing declines the peer or ends the pairing; none is fine. It also clears an ended one.
func (c *Client) CancelPairing(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/pair", nil, nil)
}

// idList is the body of calls about several entries.
type idList struct {
	IDs []string `json:"ids"`
}

// call sends in as JSON and reads the answer into out: bytes as they are, anything else as JSON.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	response, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return notReachable(ctx, err)
	}
	if len(body) > maxAnswer {
		return &Error{Code: CodeInternal, Message: "Tabferry's answer is too large."}
	}
	switch out := out.(type) {
	case nil:
		return nil
	case *[]byte:
		*out = body
		return nil
	default:
		if err := json.Unmarshal(body, out); err != nil {
			return &Error{Code: CodeInternal, Message: "Tabferry's answer cannot be read.", Hint: "another version may be running: quit it and start again"}
		}
		return nil
	}
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
