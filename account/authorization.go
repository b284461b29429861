package account

import "context"

// AuthorizationInfo tells whether the sign-in is alive.
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
		info.Active = i.Active
		return err
	})
	return info, err
}
