package account

import "context"

// invalidToken is no token any server made.
const invalidToken = "invalid-data"

// SimulateNetworkError makes the next API request fail with ErrNetwork, once. For
// trying out how an application copes.
//
// No request; fxa-client simulate_network_error; docs/protocol/accounts-client.md §10.
func (a *Account) SimulateNetworkError() { a.wire.FailNext() }

// SimulateTemporaryAuthIssue spoils the cached access tokens, which the account
// should recover from by itself.
//
// No request; fxa-client simulate_temporary_auth_token_issue;
// docs/protocol/accounts-client.md §10.
func (a *Account) SimulateTemporaryAuthIssue(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		for key, token := range t.state.AccessTokens {
			t.revoke(revocation{Kind: revokeAccess, Token: token.Token})
			token.Token = invalidToken
			t.state.AccessTokens[key] = token
		}
		return nil
	})
}

// SimulatePermanentAuthIssue drops session and refresh token, which only a new
// sign-in can mend. The tokens stay alive on the server.
//
// No request; fxa-client simulate_permanent_auth_token_issue;
// docs/protocol/accounts-client.md §10.
func (a *Account) SimulatePermanentAuthIssue(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.dropAccessTokens()
		t.state.RefreshToken = nil
		t.state.setSession("", "")
		t.forgetLists()
		return nil
	})
}
