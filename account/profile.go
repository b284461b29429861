package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// profileFresh is how long a profile is taken for current, as Mozilla's component
// does.
const profileFresh = 2 * time.Minute

// Profile is who is signed in. Records about a person are keyed by UID: the
// e-mail can change.
type Profile struct {
	UID             string `json:"uid"`
	Email           string `json:"email"`
	DisplayName     string `json:"display_name,omitempty"`
	Avatar          string `json:"avatar,omitempty"` // address of the picture
	IsDefaultAvatar bool   `json:"is_default_avatar,omitempty"`
	Locale          string `json:"locale,omitempty"`
	// MetricsEnabled is the person's own choice about usage data; nil when the
	// server does not say, which must be taken for no.
	MetricsEnabled *bool `json:"metrics_enabled,omitempty"`
	// TwoFactor says whether two-step sign-in is on; nil when the server does not say.
	TwoFactor *bool `json:"two_factor,omitempty"`
	// Subscriptions are the capabilities of this client that the person's subscriptions give.
	Subscriptions []string `json:"subscriptions,omitempty"`
}

// String hides who it is.
func (Profile) String() string { return "profile" }

// Format hides who it is from every verb.
func (p Profile) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// Profile returns the profile, from memory when it was confirmed less than two
// minutes ago and [Fresh] is not asked for. The server sends it only when it
// changed. When it cannot be had, the last one known is in
// [Account.CachedProfile].
//
// GET /v1/profile; fxa-client get_profile; docs/protocol/accounts-client.md §6.7.
func (a *Account) Profile(ctx context.Context, opts ...ReadOption) (Profile, error) {
	o := applied[readOptions](opts)
	if p, ok := a.freshProfile(a.state()); ok && !o.fresh {
		return p, nil
	}
	var p Profile
	err := a.change(ctx, func(ctx context.Context, t *tx) error {
		if known, ok := a.freshProfile(t.state); ok && !o.fresh {
			p = known // fetched while we waited for our turn
			return nil
		}
		if err := t.fetchProfile(ctx); err != nil {
			return err
		}
		p = t.state.Profile.Profile.clone()
		return nil
	})
	if err != nil {
		return Profile{}, err
	}
	return p, nil
}

// CachedProfile returns the last profile known and when it was confirmed, without
// asking anybody; ok is false when there is none. It stays after the server ended
// the sign-in, and goes with [Account.Disconnect]; see [Account.LastSeenProfile].
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §6.7.
func (a *Account) CachedProfile() (p Profile, at time.Time, ok bool) {
	s := a.state()
	if s.Profile == nil {
		return Profile{}, time.Time{}, false
	}
	return s.Profile.Profile.clone(), s.Profile.FetchedAt, true
}

// LastSeenProfile returns the profile seen last, also after signing out; ok is false
// when there is none, or it was forgotten. While a sign-in is new it is still the one
// before. Once the new profile is known, [Account.PreviousUID] tells whether somebody
// else came.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §11.
func (a *Account) LastSeenProfile() (p Profile, ok bool) {
	switch s := a.state(); {
	case s.Profile != nil:
		return s.Profile.Profile.clone(), true
	case s.LastSeen != nil:
		return s.LastSeen.clone(), true
	}
	return Profile{}, false
}

// PreviousUID is who was signed in here before, when that was somebody else than now;
// else empty. It is known once the profile of the present sign-in was fetched.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §11.
func (a *Account) PreviousUID() string { return a.state().PreviousUID }

// ForgetLastSeen removes what is kept of people who signed out: profile, e-mail and
// uid. A sign-in that is held stays.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §11.
func (a *Account) ForgetLastSeen(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.state.forgetLastSeen()
		return nil
	})
}

func (s *persisted) forgetLastSeen() { s.LastSeen, s.PreviousUID, s.EmailHint = nil, "", "" }

// clone keeps callers from reaching into the state.
func (p Profile) clone() Profile {
	if p.MetricsEnabled != nil {
		v := *p.MetricsEnabled
		p.MetricsEnabled = &v
	}
	if p.TwoFactor != nil {
		v := *p.TwoFactor
		p.TwoFactor = &v
	}
	p.Subscriptions = slices.Clone(p.Subscriptions)
	return p
}

// freshProfile returns the cached profile while it is fresh. Within this process its
// age is measured on the monotonic clock; across a restart only the wall clock is
// left, and a time in the future counts as old.
func (a *Account) freshProfile(s *persisted) (Profile, bool) {
	if s.Profile == nil || s.Profile.Stale || s.RefreshToken == nil && s.SessionToken == "" {
		return Profile{}, false
	}
	var age time.Duration
	a.remember(func(m *memory) {
		if m.profileAt != nil {
			age = a.clock.Monotonic() - *m.profileAt
		} else {
			age = a.clock.Now().Sub(s.Profile.FetchedAt)
		}
	})
	if age < 0 || age >= profileFresh {
		return Profile{}, false
	}
	return s.Profile.Profile.clone(), true
}

// fetchProfile asks the profile server, a second time with a new access token when
// the first one is refused.
func (t *tx) fetchProfile(ctx context.Context) error {
	err := t.fetchProfileOnce(ctx, tokenOptions{})
	if remote := (*RemoteError)(nil); errors.Is(err, ErrAuthentication) && errors.As(err, &remote) && remote.Space == wire.SpaceProfile.String() {
		t.dropAccessTokens()
		t.forgetLists()
		err = t.fetchProfileOnce(ctx, tokenOptions{noCache: true})
	}
	return err
}

func (t *tx) fetchProfileOnce(ctx context.Context, o tokenOptions) error {
	token, err := t.accessToken(ctx, ScopeProfile, o)
	if err != nil {
		return err
	}
	// The token is worth keeping whatever becomes of the request it is for.
	if err := t.commit(ctx); err != nil {
		return err
	}
	etag := ""
	if t.state.Profile != nil {
		etag = t.state.Profile.ETag
	}
	told, err := t.a.wire.Profile(ctx, token.Token, etag)
	if err != nil {
		return err
	}
	now, mono := t.a.clock.Now().UTC(), t.a.clock.Monotonic()
	if told.NotModified {
		kept := *t.state.Profile
		kept.FetchedAt, kept.Stale = now, false
		t.state.Profile = &kept
	} else {
		t.state.Profile = &storedProfile{ETag: told.ETag, FetchedAt: now, Profile: Profile{
			UID: told.UID, Email: told.Email, DisplayName: told.DisplayName, Locale: told.Locale,
			Avatar: told.Avatar, IsDefaultAvatar: told.AvatarDefault,
			MetricsEnabled: told.MetricsEnabled, TwoFactor: told.TwoFactor, Subscriptions: told.Subscriptions,
		}}
		t.state.EmailHint = told.Email
	}
	if last := t.state.LastSeen; last != nil {
		t.state.PreviousUID = ""
		if last.UID != t.state.uid() {
			t.state.PreviousUID = last.UID
		}
		t.state.LastSeen = nil
	}
	said := t.state.Profile.Profile
	t.state.MetricsRefused = said.MetricsEnabled != nil && !*said.MetricsEnabled
	t.onCommit(func(m *memory) {
		m.profileAt = &mono
		t.a.gate.Say(said.UID, said.MetricsEnabled)
	})
	return nil
}

// EmailHint is the e-mail of the last sign-in, also after signing out, to offer it
// at the next one; empty when there was none or it was forgotten.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §11.
func (a *Account) EmailHint() string { return a.state().EmailHint }

// ForgetEmailHint removes the e-mail of the last sign-in, and of the profile seen last
// all but the uid, with which the next sign-in is compared.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §11.
func (a *Account) ForgetEmailHint(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.state.EmailHint = ""
		if last := t.state.LastSeen; last != nil {
			t.state.LastSeen = &Profile{UID: last.UID}
		}
		return nil
	})
}

// UserExists asks whether an account with this uid exists on the server, for one
// that was signed in here before; false means that records about the person must go.
//
// GET /v1/account/status; not in fxa-client; docs/protocol/accounts-server.md §4.
func (a *Account) UserExists(ctx context.Context, uid string) (exists bool, err error) {
	err = a.view(ctx, func(ctx context.Context, _ *persisted) error {
		exists, err = a.wire.AccountExists(ctx, uid)
		return err
	})
	return exists, err
}

// AccountExists asks whether the account signed in to last still exists; false
// means that it was deleted and that records about the person must go.
// ErrNoRefreshToken when no account is known.
//
// GET /v1/account/status; not in fxa-client; docs/protocol/accounts-server.md §4.
func (a *Account) AccountExists(ctx context.Context) (exists bool, err error) {
	err = a.view(ctx, func(ctx context.Context, s *persisted) error {
		if s.uid() == "" {
			return ErrNoRefreshToken
		}
		exists, err = a.wire.AccountExists(ctx, s.uid())
		return err
	})
	return exists, err
}
