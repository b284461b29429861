package account

import (
	"cmp"
	"context"
	"crypto/ecdh"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// forceAuthPath is the page for signing in to one given account.
const forceAuthPath = "oauth/force_auth"

// flow is a sign-in under way: what must be remembered to redeem its code. It is
// never saved: its secrets are worthless a quarter of an hour later.
type flow struct {
	verifier string
	key      *ecdh.PrivateKey
	// session is the session token that was held when the sign-in began.
	session string
	// redeemed is what the code was exchanged for when a later step failed. The
	// code is spent then, and completing goes on from here.
	redeemed *wire.Tokens
	// lost is a code for which no answer came: it may be spent.
	lost string
	// sessionDead says that the session token held then was refused.
	sessionDead bool
}

// FlowOption adds to the address of a sign-in page.
type FlowOption func(*flowOptions)

type flowOptions struct {
	service, email string
	metrics        MetricsFlow
	extra          []parameter
}

// WithService names the service that the sign-in is for, at most 16 characters of
// A-Za-z0-9-.
func WithService(service string) FlowOption { return func(o *flowOptions) { o.service = service } }

// WithEmail fills in the e-mail that the person typed. An account that is known
// already comes first.
func WithEmail(email string) FlowOption { return func(o *flowOptions) { o.email = email } }

// WithMetricsFlow ties the sign-in to a flow begun with [Account.MetricsFlow]. The
// flow's entrypoint stands in when the sign-in names none.
func WithMetricsFlow(f MetricsFlow) FlowOption { return func(o *flowOptions) { o.metrics = f } }

// WithCampaign says where the person came from, in the utm parameters of the web.
func WithCampaign(source, campaign string) FlowOption {
	return func(o *flowOptions) {
		o.extra = append(o.extra, parameter{"utm_source", source}, parameter{"utm_campaign", campaign})
	}
}

// parameter is a member of a query. Queries are lists here, because the order is
// part of what Mozilla's clients send.
type parameter struct{ name, value string }

// query writes parameters in their order, form-encoded; empty ones are left out.
func query(list []parameter) string {
	var b strings.Builder
	for _, p := range list {
		if p.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

// addQuery appends parameters to what the address has already.
func addQuery(u *url.URL, list []parameter) {
	if added := query(list); added != "" && u.RawQuery != "" {
		u.RawQuery += "&" + added
	} else if added != "" {
		u.RawQuery = added
	}
}

// BeginOAuthFlow returns the address of the page where the person signs in and
// remembers what is needed to complete the sign-in with [Account.CompleteOAuthFlow].
// The address holds secrets of the sign-in: do not log it. Several sign-ins may be
// under way at once; completing one ends the others, a restart of the program ends
// all.
//
// scopes are what the sign-in is for. Ask only for what is new when an account is
// held: what it covers already is kept. After the server ended a sign-in
// (AuthStateAuthIssues) what it had covered is asked for again.
//
// entrypoint tells Mozilla from where in the application the person came. It may be
// empty, and should be for a person who has not allowed usage data.
//
// It needs the network for the discovery of the server.
//
// GET /.well-known/fxa-client-configuration and /.well-known/openid-configuration, once a day;
// fxa-client begin_oauth_flow; docs/protocol/accounts-client.md §4.1, RFC 7636.
func (a *Account) BeginOAuthFlow(ctx context.Context, scopes []string, entrypoint string, opts ...FlowOption) (string, error) {
	o := applied[flowOptions](opts)
	var address string
	err := a.change(ctx, func(ctx context.Context, t *tx) error {
		page, err := t.signInPage(ctx)
		if err != nil {
			return err
		}
		email := o.email
		if t.state.Profile != nil {
			email = t.state.Profile.Profile.Email
		}
		addQuery(page, []parameter{
			{"action", "email"},
			{"response_type", "code"},
			{"entrypoint", cmp.Or(entrypoint, o.metrics.Entrypoint)},
			{"service", o.service},
			{"email", email},
		})
		addQuery(page, o.metrics.parameters())
		addQuery(page, o.extra)
		address, err = t.beginFlow(page, scopes)
		return err
	})
	if err != nil {
		return "", err
	}
	return address, nil
}

// signInPage is where a sign-in begins: the page for one account when that account
// is known and has no session with which the page could recognise it.
func (t *tx) signInPage(ctx context.Context) (*url.URL, error) {
	if t.state.Profile != nil && t.state.SessionToken == "" {
		return t.a.wire.Content(forceAuthPath), nil
	}
	e, err := t.a.wire.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	page, err := url.Parse(e.Authorization)
	if err != nil || page.Host == "" {
		return nil, fmt.Errorf("authorization endpoint: %w", ErrInvalidAnswer)
	}
	return page, nil
}

// beginFlow adds what every sign-in has to the page's address and remembers the
// flow.
func (t *tx) beginFlow(page *url.URL, scopes []string) (string, error) {
	if t.state.RefreshToken == nil && t.state.AuthIssues {
		scopes = append(slices.Clone(scopes), t.state.Scopes...)
	}
	wanted := uniqueScopes(scopes)
	if len(wanted) == 0 {
		return "", fmt.Errorf("no scope is asked for: %w", ErrInvalidArgument)
	}
	state, err := keys.NewState(t.a.random)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	verifier, challenge, err := keys.NewPKCE(t.a.random)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	private, err := keys.NewPrivateKey(t.a.random)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	jwk, err := keys.KeysJWK(private.PublicKey())
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInternal, err)
	}
	config := t.state.Config
	last := parameter{"redirect_uri", config.RedirectURI}
	if config.RedirectURI == webChannelRedirect {
		last = parameter{"context", webChannelContext}
	}
	addQuery(page, []parameter{
		{"client_id", config.ClientID},
		{"scope", strings.Join(wanted, " ")},
		{"state", state},
		{"code_challenge_method", "S256"},
		{"code_challenge", challenge},
		{"access_type", "offline"},
		{"keys_jwk", jwk},
		last,
	})
	t.dropAccessTokens()
	session := t.state.SessionToken
	t.onCommit(func(m *memory) {
		if m.flows == nil {
			m.flows = make(map[string]flow)
		}
		m.flows[state] = flow{verifier: verifier, key: private, session: session}
	})
	return page.String(), nil
}

// uniqueScopes keeps the order in which scopes were asked for.
func uniqueScopes(scopes []string) []string {
	var list []string
	for _, s := range strings.Fields(strings.Join(scopes, " ")) {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// CancelOAuthFlows forgets every sign-in under way. Tokens that one of them had
// obtained already are put up for revocation.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §10.
func (a *Account) CancelOAuthFlows(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.dropFlows()
		return nil
	})
}

// dropFlows ends all sign-ins under way.
func (t *tx) dropFlows() {
	t.a.remember(func(m *memory) {
		for _, f := range m.flows {
			if f.redeemed != nil {
				t.revokeTokens(*f.redeemed)
			}
		}
	})
	t.onCommit(func(m *memory) { m.flows = nil })
}

// flowFor finds the sign-in that a state belongs to.
func (a *Account) flowFor(state string) (f flow, err error) {
	a.remember(func(m *memory) {
		var ok bool
		f, ok = m.flows[state]
		switch {
		case ok:
		case len(m.flows) == 0:
			err = ErrNoAuthFlow
		default:
			err = ErrWrongAuthFlow
		}
	})
	return f, err
}
