package account

import (
	"context"
	"errors"
	"time"
)

// AuthorizationInfo says whether the sign-in is alive.
type AuthorizationInfo struct {
	// Active false means that the server ended it: call [Account.OnAuthIssues].
	Active bool
}

// CheckAuthorization asks the server whether the refresh token is alive. It is the
// only thing that may be taken for the end of a sign-in; a refusal elsewhere may
// have other reasons. It changes nothing.
//
// ErrNoRefreshToken when none is held. More than five checks in a row, or one in 20
// seconds after that, are not sent and fail with ErrCircuitOpen.
//
// POST /v1/introspect; fxa-client check_authorization_status; docs/protocol/accounts-client.md §5,
// RFC 7662.
func (a *Account) CheckAuthorization(ctx context.Context) (AuthorizationInfo, error) {
	var info AuthorizationInfo
	err := a.view(ctx, func(ctx context.Context, s *persisted) error {
		token, err := s.refresh()
		if err != nil {
			return err
		}
		allowed := false
		a.remember(func(m *memory) { allowed = m.checks.allow(a.clock.Monotonic()) })
		if !allowed {
			return ErrCircuitOpen
		}
		i, err := a.wire.Introspect(ctx, token)
		if wait := (*BackoffError)(nil); errors.As(err, &wait) && wait.Remote == nil {
			a.remember(func(m *memory) { m.checks.refund() }) // nothing was sent
		}
		info.Active = i.Active
		return err
	})
	return info, err
}

const (
	// checkCapacity and checkRefill bound how often the authorization is checked:
	// five times in a row, then once in 20 seconds, as Mozilla's component does.
	checkCapacity = 5
	checkRefill   = 20 * time.Second
)

// rateLimiter is a token bucket on the monotonic clock.
type rateLimiter struct {
	tokens int
	mark   time.Duration
}

// fill makes the bucket full.
func (r *rateLimiter) fill(now time.Duration) { r.tokens, r.mark = checkCapacity, now }

// refund gives back a token that was taken for nothing.
func (r *rateLimiter) refund() { r.tokens = min(r.tokens+1, checkCapacity) }

// allow takes a token, if there is one. Only whole tokens are refilled, and the mark
// moves only then, so that checking often does not starve the bucket.
func (r *rateLimiter) allow(now time.Duration) bool {
	if whole := int(min((now-r.mark)/checkRefill, checkCapacity)); whole > 0 {
		r.tokens = min(r.tokens+whole, checkCapacity)
		r.mark = now
	}
	if r.tokens == 0 {
		return false
	}
	r.tokens--
	return true
}
