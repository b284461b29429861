package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// UserData is what the accounts page tells about a person who just signed in there.
type UserData struct {
	// SessionToken is hex of 32 bytes.
	SessionToken string
	// UID is whose session it is; empty if that is not known.
	UID string
	// Email and Verified are not used: the profile tells them.
	Email    string
	Verified bool
}

// String hides the session token.
func (UserData) String() string { return "user data" }

// Format hides the session token from every verb.
func (u UserData) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// SetUserData stores the session token from the page's login message, which comes
// before the code, so that the code can be exchanged within that session, and keeps
// whose it is: a sign-in that turns out to be to another account is refused. A token
// that is not 64 hex digits is ErrInvalidArgument; a session of another account than
// the one held is ErrOtherAccount and changes nothing.
//
// POST /v1/introspect where somebody is signed in whose profile is not known yet, else no
// request; fxa-client set_user_data; docs/protocol/accounts-client.md §4.4.
func (a *Account) SetUserData(ctx context.Context, u UserData) error {
	return a.storeSession(ctx, webMessage{SessionToken: u.SessionToken, UID: u.UID})
}

// HandleWebLogin takes the JSON of the page's login message and stores its session
// token, as [Account.SetUserData] does. ErrNoSessionToken when there is none in it.
//
// No request, or one as in SetUserData; fxa-client handle_web_channel_login;
// docs/protocol/accounts-client.md §4.4.
func (a *Account) HandleWebLogin(ctx context.Context, message []byte) error {
	m, err := parseWebMessage(message)
	if err != nil {
		return err
	}
	return a.storeSession(ctx, m)
}

func (a *Account) storeSession(ctx context.Context, m webMessage) error {
	if _, err := sessionCredential(m.SessionToken); err != nil {
		return err
	}
	return a.change(ctx, func(ctx context.Context, t *tx) error {
		if m.UID != "" {
			held, err := t.heldUID(ctx)
			if err != nil {
				return err
			}
			if held != "" && held != m.UID {
				return ErrOtherAccount
			}
		}
		t.state.setSession(m.SessionToken, m.UID)
		t.onCommit(func(m *memory) { m.clients = cachedClients{} })
		return nil
	})
}

// webMessage is what the messages of the accounts page have in common.
type webMessage struct {
	SessionToken string `json:"sessionToken"`
	UID          string `json:"uid"`
}

func parseWebMessage(text []byte) (webMessage, error) {
	var m webMessage
	if err := json.Unmarshal(text, &m); err != nil {
		return webMessage{}, fmt.Errorf("message of the page is not the promised JSON: %w", ErrInvalidArgument)
	}
	if m.SessionToken == "" {
		return webMessage{}, ErrNoSessionToken
	}
	return m, nil
}

// SessionToken returns the session token; ErrNoSessionToken when none is held. It is
// as good as a password: hand it to nobody but the accounts page.
//
// No request; fxa-client get_session_token; docs/protocol/accounts-client.md §4.4.
func (a *Account) SessionToken() (string, error) {
	token := a.state().SessionToken
	if token == "" {
		return "", ErrNoSessionToken
	}
	return token, nil
}

// SignedInUserJSON is what the accounts page wants to know about who is signed in:
// session token, e-mail, uid. ErrNoSessionToken when no session is held.
//
// No request; fxa-client get_signed_in_user_for_web_channel;
// docs/protocol/accounts-client.md §4.4.
func (a *Account) SignedInUserJSON() ([]byte, error) {
	s := a.state()
	if s.SessionToken == "" {
		return nil, ErrNoSessionToken
	}
	user := struct {
		SessionToken string  `json:"sessionToken"`
		Email        *string `json:"email"`
		UID          *string `json:"uid"`
		Verified     bool    `json:"verified"`
	}{SessionToken: s.SessionToken, Verified: true}
	if s.Profile != nil {
		user.Email, user.UID = &s.Profile.Profile.Email, &s.Profile.Profile.UID
	}
	text, err := json.Marshal(user) // #nosec G117 -- the page asks for it
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	return text, nil
}

// HandleSessionTokenChange takes a new session token, as a password change brings
// it, and gets a new refresh token with it for the scopes held. The device record is
// kept as well as can be. ErrNoRefreshToken when signed out. A session of another
// account is ErrOtherAccount; what it granted is revoked.
//
// POST /v1/oauth/token and /v1/introspect; fxa-client handle_session_token_change;
// docs/protocol/accounts-client.md §4.4.
func (a *Account) HandleSessionTokenChange(ctx context.Context, token string) error {
	return a.changeSession(ctx, webMessage{SessionToken: token}, false)
}

// HandleWebPasswordChange takes the JSON of the page's message about a changed
// password and goes on with the session in it. It also ends the need for a new
// sign-in (AuthStateAuthIssues), with the scopes held before; the sync key, though,
// only a sign-in can bring back, see [Account.SyncKeyMissing].
//
// ErrNoSessionToken when there is no token in the message, ErrOtherAccount when it
// is about another account.
//
// POST /v1/oauth/token; fxa-client handle_web_channel_password_change;
// docs/protocol/accounts-client.md §4.4.
func (a *Account) HandleWebPasswordChange(ctx context.Context, message []byte) error {
	m, err := parseWebMessage(message)
	if err != nil {
		return err
	}
	return a.changeSession(ctx, m, true)
}

// changeSession exchanges a new session token for a new refresh token. revive lets
// it go on where the server ended the sign-in.
func (a *Account) changeSession(ctx context.Context, m webMessage, revive bool) error {
	cred, err := sessionCredential(m.SessionToken)
	if err != nil {
		return err
	}
	return a.change(ctx, func(ctx context.Context, t *tx) error {
		s := t.state
		var scopes []string
		switch {
		case s.RefreshToken != nil:
			scopes = s.RefreshToken.Scopes
		case revive && s.AuthIssues && len(s.Scopes) > 0:
			scopes = s.Scopes
		default:
			return ErrNoRefreshToken
		}
		held := s.uid()
		if held != "" && m.UID != "" && held != m.UID {
			return ErrOtherAccount
		}
		before := t.ownRecord(ctx)
		tokens, err := t.grantBySession(ctx, cred, scopes, held != "" && m.UID != "")
		if err != nil {
			return err
		}
		fresh := sessionRefresh(tokens, scopes)
		t.irrevocable(func(s *persisted) {
			// After a password change the server has ended the old session and the old
			// refresh token already; after anything else nobody else would.
			if s.RefreshToken != nil {
				s.queue(a.clock.Now(), revocation{Kind: revokeRefresh, Token: s.RefreshToken.Token})
			}
			if s.SessionToken != m.SessionToken {
				s.queue(a.clock.Now(), revocation{Kind: revokeSession, Token: s.SessionToken})
			}
			s.queue(a.clock.Now(), revocation{Kind: revokeAccess, Token: tokens.AccessToken})
			s.setSession(m.SessionToken, m.UID)
			s.RefreshToken, s.Scopes = &fresh, fresh.Scopes
			s.LocalDevice, s.AuthIssues, s.DevicesUnavailable = nil, false, false
		})
		t.dropAccessTokens()
		t.forgetLists()
		if err := t.commit(ctx); err != nil {
			return err
		}
		t.settle(ctx, before)
		return nil
	})
}

// grantBySession gets a refresh token with a session. Unless it is known whose session
// that is, the token tells; one of another account is revoked.
func (t *tx) grantBySession(ctx context.Context, cred wire.Credential, scopes []string, known bool) (wire.Tokens, error) {
	tokens, err := t.a.wire.SessionRefresh(ctx, cred, joinScopes(withoutSession(scopes)))
	if err != nil {
		return wire.Tokens{}, err
	}
	switch {
	case tokens.RefreshToken == "":
		err = fmt.Errorf("the session brought no refresh token: %w", ErrNoRefreshToken)
	case !known:
		err = t.sameAccount(ctx, tokens, nil)
	}
	if err != nil {
		t.discard(ctx, tokens)
	}
	return tokens, err
}

// CheckSession asks whether the session token is alive. One that is not is dropped.
// ErrNoSessionToken when none is held.
//
// GET /v1/session/status; not in fxa-client; docs/protocol/accounts-server.md §4.
func (a *Account) CheckSession(ctx context.Context) (alive bool, err error) {
	err = a.change(ctx, func(ctx context.Context, t *tx) error {
		cred, err := t.sessionCredential()
		if err != nil {
			return err
		}
		_, err = a.wire.SessionStatus(ctx, cred)
		var r *RemoteError
		if errors.As(err, &r) && errors.Is(err, ErrAuthentication) && r.Errno == 110 {
			t.state.setSession("", "")
			t.onCommit(func(m *memory) { m.clients = cachedClients{} })
			return nil
		}
		alive = err == nil
		return err
	})
	return alive, err
}

// onSession makes a call with the session's credential. When the server refuses the
// credential it is asked about the session itself, once: only if it says that this is
// dead the session token is dropped, since some routes refuse for other reasons. The
// error is that of the call in any case.
func (a *Account) onSession(ctx context.Context, call func(ctx context.Context, s *persisted, cred wire.Credential) error) error {
	err := a.view(ctx, func(ctx context.Context, s *persisted) error {
		cred, err := s.sessionCredential()
		if err != nil {
			return err
		}
		return call(ctx, s, cred)
	})
	var r *RemoteError
	if errors.As(err, &r) && errors.Is(err, ErrAuthentication) && r.Errno == 110 {
		var save *SaveError
		if _, failed := a.CheckSession(looking(ctx)); errors.As(failed, &save) {
			return errors.Join(err, failed)
		}
	}
	return err
}

// NeedsTOTP reports whether the account has two-step authentication, so that a code
// should be asked for before another device is let in. It needs a session token.
//
// GET /v1/account/profile; not in fxa-client; docs/protocol/pairing.md §8.4.
func (a *Account) NeedsTOTP(ctx context.Context) (needed bool, err error) {
	err = a.onSession(ctx, func(ctx context.Context, _ *persisted, cred wire.Credential) error {
		p, err := a.wire.AccountProfile(ctx, cred)
		for _, method := range p.AuthenticationMethods {
			needed = needed || method == "otp"
		}
		return err
	})
	return needed, err
}

// VerifyTOTP checks a code of two-step authentication for our session; false means
// that it is wrong. Without six to ten digits it is ErrInvalidArgument.
//
// POST /v1/session/verify/totp; not in fxa-client; docs/protocol/pairing.md §8.4.
func (a *Account) VerifyTOTP(ctx context.Context, code string) (right bool, err error) {
	if n := len(code); n < 6 || n > 10 || !digits(code) {
		return false, fmt.Errorf("two-step code: %w", ErrInvalidArgument)
	}
	err = a.onSession(ctx, func(ctx context.Context, _ *persisted, cred wire.Credential) error {
		right, err = a.wire.VerifyTOTP(ctx, cred, code)
		return err
	})
	return right, err
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// sessionCredential is the credential of the session held.
func (s *persisted) sessionCredential() (wire.Credential, error) {
	if s.SessionToken == "" {
		return wire.Credential{}, ErrNoSessionToken
	}
	return sessionCredential(s.SessionToken)
}

func (t *tx) sessionCredential() (wire.Credential, error) { return t.state.sessionCredential() }

// sessionCredential is what a session token is shown as.
func sessionCredential(token string) (wire.Credential, error) {
	id, macKey, err := keys.SessionCredential(token)
	if err != nil {
		return wire.Credential{}, fmt.Errorf("%w: %w", ErrInvalidArgument, err)
	}
	return wire.Session(id, macKey), nil
}
