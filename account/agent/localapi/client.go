package localapi

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/tabferry/tabferry/account/agent/localapi/socket"
)

// Client calls the agent, over a socket ([Dial]) or in its own process ([Local]). Its methods may be
// used from several goroutines at once. Every method returns an [*Error], CodeNotReachable when no
// agent answers within [AnswerTime] or [ServerTime], or the cause of a context that has ended.
type Client struct {
	say      func(language string, s Sentence) string // nil leaves sentences in English
	language atomic.Value                             // of the newest settings, a string
	http     http.RoundTripper                        // nil for a client in the agent's process
	local    *server                                  // nil for a client over a socket
}

// Dial returns a client of the agent that listens on one of the sockets at paths, see [socket.Dial]: each call
// goes to the first on which somebody listens then. One that hangs does.
func Dial(paths ...string) *Client {
	return newClient(oneCall{func(ctx context.Context) (conn net.Conn, err error) {
		err = fs.ErrNotExist // without a path
		for _, path := range paths {
			conn, err = socket.Dial(ctx, path)
			if err == nil || errors.Is(err, socket.ErrSilent) || ctx.Err() != nil {
				break
			}
		}
		return conn, err
	}})
}

func newClient(transport http.RoundTripper) *Client {
	return &Client{http: transport}
}

// Snapshot returns the present state.
func (c *Client) Snapshot(ctx context.Context) (Snapshot, error) {
	return ask(ctx, c, callSnapshot, nothing{})
}

// Look says that a person looks at what this face shows: what is older than FreshFor is asked for anew. It
// returns at once and may be called often.
func (c *Client) Look(ctx context.Context) error {
	return tell(ctx, c, callRefresh, RefreshRequest{Why: RefreshLooking})
}

// Refreshed asks as Refresh does, for a reason of its own, and returns once the lists are there, or with why
// they are not. What many ask for at once is asked of the servers once.
func (c *Client) Refreshed(ctx context.Context, why RefreshReason) error {
	return tell(ctx, c, callRefresh, RefreshRequest{Why: why, Wait: true})
}

// Refresh asks the servers for everything anew: commands, devices, profile; or only for what the reason says.
// It returns once asked, or once it is there if it is to wait.
func (c *Client) Refresh(ctx context.Context) error {
	return tell(ctx, c, callRefresh, RefreshRequest{Why: RefreshAll})
}

// ForgetEarlier removes what those left here who were signed in before; see Storage.Earlier.
func (c *Client) ForgetEarlier(ctx context.Context) error {
	return tell(ctx, c, callForgetEarlier, nothing{})
}

// ForgetDamaged removes the stored values that could not be read any more and were put aside.
func (c *Client) ForgetDamaged(ctx context.Context) error {
	return tell(ctx, c, callForgetDamaged, nothing{})
}

// FetchEvents asks the events server of the settings for what the accounts server told of this account, has
// the agent act on it, and returns what was new.
func (c *Client) FetchEvents(ctx context.Context) ([]AccountEvent, error) {
	return ask(ctx, c, callFetchEvents, nothing{})
}

// SignInShown says that a view which offers the sign-in has become visible, each time that it does.
// What the person allowed and what is configured decide whether the accounts server hears of it; the
// answer is there before it does.
func (c *Client) SignInShown(ctx context.Context, form SignInForm) error {
	return tell(ctx, c, callSignInShown, signInShownRequest{form})
}

// BeginSignIn starts a sign-in in the browser, with an e-mail address as a hint or without.
// The face opens the returned page. A sign-in already under way is replaced.
func (c *Client) BeginSignIn(ctx context.Context, email string) (SignIn, error) {
	return ask(ctx, c, callBeginSignIn, signInRequest{email})
}

// CompleteSignIn hands over the final address of a sign-in that has no loopback redirect.
func (c *Client) CompleteSignIn(ctx context.Context, address string) error {
	return tell(ctx, c, callCompleteSignIn, completeSignInRequest{address})
}

// CancelSignIn ends the sign-in under way; none is fine.
func (c *Client) CancelSignIn(ctx context.Context) error {
	return tell(ctx, c, callCancelSignIn, nothing{})
}

// SignOut signs out; with deleteLocalData inbox, outbox, settings and the store's key go too.
func (c *Client) SignOut(ctx context.Context, deleteLocalData bool) error {
	return tell(ctx, c, callSignOut, signOutRequest{deleteLocalData})
}

// Send queues links for devices and returns the outbox entries, one for each link and device; with
// SendRequest.WaitMillis as they are when the server has accepted all, or the time is over.
func (c *Client) Send(ctx context.Context, r SendRequest) ([]OutboxEntry, error) {
	call := callSend
	call.limit = AnswerTime + r.wait()
	return ask(ctx, c, call, r)
}

// Undo takes back entries that are still held. CodeConflict when one has left already.
func (c *Client) Undo(ctx context.Context, ids ...string) error {
	return tell(ctx, c, callUndo, idList{ids})
}

// Retry tries failed or waiting entries now.
func (c *Client) Retry(ctx context.Context, ids ...string) error {
	return tell(ctx, c, callRetry, idList{ids})
}

// DeleteSent removes entries from the list; a waiting one is not sent then.
func (c *Client) DeleteSent(ctx context.Context, ids ...string) error {
	return tell(ctx, c, callDeleteSent, idList{ids})
}

// Sent returns one outbox entry as it is now.
func (c *Client) Sent(ctx context.Context, id string) (OutboxEntry, error) {
	return ask(ctx, c, callSent, id)
}

// Outbox returns all outbox entries, newest first.
func (c *Client) Outbox(ctx context.Context) ([]OutboxEntry, error) {
	return ask(ctx, c, callOutbox, nothing{})
}

// Inbox returns a page of received entries.
func (c *Client) Inbox(ctx context.Context, q InboxQuery) ([]InboxEntry, error) {
	return ask(ctx, c, callInbox, q)
}

// MarkRead marks received entries as read.
func (c *Client) MarkRead(ctx context.Context, ids ...string) error {
	return tell(ctx, c, callMarkRead, idList{ids})
}

// DeleteReceived removes received entries.
func (c *Client) DeleteReceived(ctx context.Context, ids ...string) error {
	return tell(ctx, c, callDeleteReceived, idList{ids})
}

// Admit asks whether a caller may do something, and counts the call.
func (c *Client) Admit(ctx context.Context, r AdmitRequest) (Caller, error) {
	return ask(ctx, c, callAdmit, r)
}

// ChangeCaller does what a person decided about a caller.
func (c *Client) ChangeCaller(ctx context.Context, change CallerChange) (Caller, error) {
	return ask(ctx, c, callChangeCaller, change)
}

// RenameDevice gives this device another name.
func (c *Client) RenameDevice(ctx context.Context, name string) error {
	return tell(ctx, c, callRenameDevice, renameRequest{name})
}

// DisconnectDevice signs another device out of the account.
func (c *Client) DisconnectDevice(ctx context.Context, id string) error {
	return tell(ctx, c, callDisconnectDevice, oneID{idList{[]string{id}}})
}

// DisconnectClient ends the access of another attached client.
func (c *Client) DisconnectClient(ctx context.Context, id string) error {
	return tell(ctx, c, callDisconnectClient, oneID{idList{[]string{id}}})
}

// Avatar returns the account's picture as the server sent it (PNG or JPEG). CodeNotFound when there is none.
func (c *Client) Avatar(ctx context.Context) ([]byte, error) {
	return ask(ctx, c, callAvatar, nothing{})
}

// PageURL returns the address of a page of the accounts server, for the face to open.
func (c *Client) PageURL(ctx context.Context, p Page) (string, error) {
	a, err := ask(ctx, c, callPageURL, string(p))
	return a.URL, err
}

// Unlock opens a store protected by a passphrase, or asks the keyring again when passphrase is empty.
func (c *Client) Unlock(ctx context.Context, passphrase string) error {
	return tell(ctx, c, callUnlock, unlockRequest{passphrase})
}

// Protect chooses how an undecided store is protected: by a passphrase, memory only, or by the keyring.
func (c *Client) Protect(ctx context.Context, p Protection, passphrase string) error {
	return tell(ctx, c, callProtect, protectRequest{passphrase, p})
}

// SetSettings replaces the settings as a whole.
func (c *Client) SetSettings(ctx context.Context, s Settings) error {
	return tell(ctx, c, callSetSettings, s)
}

// Quiet silences notifications for some minutes; zero ends the silence.
func (c *Client) Quiet(ctx context.Context, minutes int) error {
	return tell(ctx, c, callQuiet, quietRequest{minutes})
}

// ShowWindow asks an open window to come to the front with a pane, and reports whether there is one.
func (c *Client) ShowWindow(ctx context.Context, pane string) (bool, error) {
	a, err := ask(ctx, c, callShowWindow, showWindowRequest{pane})
	return a.Shown, err
}

// UseDesktop offers this process's desktop to an agent that has none, or whose own has gone.
func (c *Client) UseDesktop(ctx context.Context, d Desktop) error {
	return tell(ctx, c, callUseDesktop, d)
}

// Quit ends the agent, and with it every face that watches.
func (c *Client) Quit(ctx context.Context) error { return tell(ctx, c, callQuit, nothing{}) }

// Renew asks an agent of an earlier version than the caller's to give way. It returns at once; the agent
// ends as soon as it neither sends, pairs nor signs in, and the program that has been put in its place
// begins with the same data. CodeConflict when it cannot: nothing was put there, or a restart would lose
// or lock what it holds.
func (c *Client) Renew(ctx context.Context, version string) error {
	return tell(ctx, c, callRenew, renewRequest{version})
}

// Kill ends the agent's process at once, for one that does not answer. An agent that is ended like
// this loses nothing that it has told a face. The system says which process it is; where it does not,
// [errors.ErrUnsupported].
func (c *Client) Kill(ctx context.Context) error {
	over, ok := c.http.(oneCall)
	if !ok {
		return errors.ErrUnsupported
	}
	conn, err := over.dial(ctx)
	if err != nil {
		return c.spokenError(notReachable(ctx, err))
	}
	defer conn.Close()
	pid, err := socket.PID(conn)
	if err != nil {
		return err
	}
	if pid <= 1 {
		return errors.ErrUnsupported // in another namespace
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// Diagnostics returns a text about the agent's state with every secret removed.
func (c *Client) Diagnostics(ctx context.Context) (string, error) {
	return ask(ctx, c, callDiagnostics, nothing{})
}

// ShowPairing begins to show a pairing code; see PairingCode.
func (c *Client) ShowPairing(ctx context.Context) error {
	return tell(ctx, c, callShowPairing, nothing{})
}

// PairingCode returns the address to draw as a code while the state is PairShowing. It is a secret:
// it is never part of a Snapshot, never logged, and gone when the code has been used.
func (c *Client) PairingCode(ctx context.Context) (string, error) {
	a, err := ask(ctx, c, callPairingCode, nothing{})
	return a.URL, err
}

// JoinPairing begins to join the device whose code reads as address.
func (c *Client) JoinPairing(ctx context.Context, address string) error {
	return tell(ctx, c, callJoinPairing, joinRequest{address})
}

// ConfirmPairing says yes to the peer shown, with a two-step code when Pairing.NeedsTOTP.
func (c *Client) ConfirmPairing(ctx context.Context, totp string) error {
	return tell(ctx, c, callConfirmPairing, confirmRequest{totp})
}

// CancelPairing declines the peer or ends the pairing; none is fine. It also clears an ended one.
func (c *Client) CancelPairing(ctx context.Context) error {
	return tell(ctx, c, callCancelPairing, nothing{})
}

// ask makes a call over the client's transport.
func ask[In, Out any](ctx context.Context, c *Client, call call[In, Out], in In) (out Out, err error) {
	err = c.ask(ctx, call.untyped, &in, &out)
	return out, err
}

func (c *Client) ask(ctx context.Context, call untyped, in, out any) (err error) {
	ctx, cancel := call.within(ctx)
	defer cancel()
	if c.local != nil {
		err = c.local.askLocal(ctx, call, in, out)
	} else {
		err = c.askHTTP(ctx, call, in, out)
	}
	if err != nil {
		return c.spokenError(err)
	}
	c.speak(out)
	return nil
}

// tell is ask for a call without an answer.
func tell[In any](ctx context.Context, c *Client, call call[In, nothing], in In) error {
	_, err := ask(ctx, c, call, in)
	return err
}
