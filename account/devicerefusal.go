package account

import (
	"context"
	"errors"
	"net/http"
)

// ErrDevicesUnavailable says that the server lets this client have no device
// features, although the sign-in is alive: sending and receiving tabs is not
// possible here, everything else is. Class ErrForbidden.
var ErrDevicesUnavailable = newSentinel(ErrForbidden, "devices are not available to this client on this server")

// DevicesAvailable tells whether device features can be expected to work. It is
// false after the server has kept this client from them, until it lets it.
func (a *Account) DevicesAvailable() bool { return !a.state().DevicesUnavailable }

// onDeviceRoute makes a call on a device route. On these routes a server refuses
// clients it does not list with the very number that means a dead token. So a
// refusal is looked into: the token is introspected; if it is active the call is
// made once more, and if that is refused too, the error is ErrDevicesUnavailable.
// In every other case the error is that of the call.
//
// It must not be called while a change is being made.
func (a *Account) onDeviceRoute(ctx context.Context, call func(context.Context) error) error {
	return a.refused(ctx, a.twiceIfRefused(looking(ctx), call))
}

func (a *Account) twiceIfRefused(ctx context.Context, call func(context.Context) error) error {
	err := call(ctx)
	if _, refused := deviceRefusal(err); !refused {
		return err
	}
	info, failed := a.CheckAuthorization(ctx)
	if failed != nil || !info.Active {
		return err
	}
	err = call(ctx)
	remote, refused := deviceRefusal(err)
	if !refused {
		return err
	}
	unavailable := *remote
	unavailable.meanings = []error{ErrDevicesUnavailable}
	if err := a.change(ctx, func(_ context.Context, t *tx) error {
		t.state.DevicesUnavailable = true
		return nil
	}); err != nil {
		return errors.Join(&unavailable, err)
	}
	return &unavailable
}

// deviceRefusal tells whether err may mean that this client has no right to device
// routes: a token said to be invalid, or, by older servers, a scope said to be
// missing.
func deviceRefusal(err error) (*RemoteError, bool) {
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Foreign || remote.Space != "auth" {
		return nil, false
	}
	refused := remote.Status == http.StatusUnauthorized && remote.Errno == 110 ||
		errors.Is(remote, ErrScopeNotAllowed)
	return remote, refused
}
