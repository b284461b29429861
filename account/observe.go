package account

import (
	"context"
	"errors"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// WithObserver has f called after every change of the account: after each state that
// was saved and is current, and after each event that the state machine took. f gets
// what [Account.State] returns at that moment.
//
// It is called by the goroutine that made the change, one call at a time and in the
// order of the changes; no change happens while it runs. It may call every method
// that reads without asking the server (State, AuthState, CachedProfile,
// CurrentDeviceID, SessionToken, DevicesAvailable, SavedDevices, HasScope, Config,
// Snapshot). It must not call one that changes the account, which would wait for
// itself, and must not block.
//
// A change that leaves the state as it was is not told, nor is one that could not be
// saved, nor an event that is [ErrInvalidTransition]. An event whose steps change
// the state has each of these changes told, and its own end. Neither [New] nor
// [Restore] tells anything.
func WithObserver(f func(State)) Option { return func(o *options) { o.observer = f } }

// WithOutcome has f called with the end of every call to the server: nil when it
// answered with what was asked for, else the error in the form that this package
// returns, so that an application can show whether it is online and for how long it
// must wait. A call that is not sent because the server asked for silence is told too,
// as a [BackoffError] whose Remote is nil.
//
// ErrAuthentication is told when a method of the account fails with it because the
// server refused a token, once, at the end of that method: a reason to send
// [EventCheckAuthorization]. The refusal itself is told as nil, because the server
// answered, and many a refusal is healed within the method by new tokens, by asking
// again or by doing without. Within [Account.ProcessEvent] none is told: the state
// machine asks the server itself, and its state is the answer.
//
// Not told is what says nothing about the server: the end of the caller's context,
// answers from memory, discovery that failed while an older answer serves, and errors
// before anything is sent ([ErrNoRefreshToken], [ErrInvalidArgument], [ErrTooLarge]).
//
// f is called by the goroutine that made the call, and several may call at once. It
// may read the account as an observer may, and must neither change it nor block.
func WithOutcome(f func(error)) Option { return func(o *options) { o.outcome = f } }

// tell makes a change and tells the observer, unless apply reports that there is
// nothing to tell. Nobody else changes anything in between; apply must not block.
func (a *Account) tell(apply func() (changed bool)) {
	a.telling.Lock()
	defer a.telling.Unlock()
	if apply() && a.observer != nil {
		a.observer(a.State())
	}
}

// ended tells how a request ended. Whether a refusal of a token stands is known only
// at the end of the method that it was made for; see [Account.refused].
func (o *options) ended(err error) {
	switch {
	case o.outcome == nil:
	case errors.Is(err, ErrAuthentication):
		o.outcome(nil)
	default:
		o.outcome(err)
	}
}

// refused tells of a method that ends with err, if that is the refusal of a token,
// and returns err.
func (a *Account) refused(ctx context.Context, err error) error {
	if a.outcome == nil || ctx.Value(lookingKey{}) != nil {
		return err
	}
	var remote *RemoteError
	content := string(wire.BaseContent) // discovery, for which no token is shown
	if errors.As(err, &remote) && errors.Is(remote, ErrAuthentication) && remote.Space != content {
		a.outcome(err)
	}
	return err
}

// lookingKey marks the context of calls whose caller looks into a refusal by itself.
type lookingKey struct{}

// looking is for the calls of a method that looks into their refusals and tells what
// came of it, so that none of them does.
func looking(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookingKey{}, true)
}
