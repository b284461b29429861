package account

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tabferry/tabferry/account/internal/keys"
)

// The scopes that a client of the whole account asks for.
const (
	// ScopeProfile gives the profile.
	ScopeProfile = "profile"
	// ScopeOldSync gives the key that the devices of an account share, and with it
	// sending and receiving tabs.
	ScopeOldSync = "https://identity.mozilla.com/apps/oldsync"
	// ScopeSession gives a session token, with which this client can let other
	// devices in and see what is attached to the account.
	ScopeSession = "https://identity.mozilla.com/tokens/session"
)

// ScopedKey is the symmetric key that belongs to a scope. Printing it shows the
// scope only.
type ScopedKey struct {
	// KTY is "oct".
	KTY   string `json:"kty"`
	Scope string `json:"scope"`
	// K is the key, base64url without padding.
	K string `json:"k"`
	// KID is "<time of the last key rotation in ms>-<base64url fingerprint>".
	KID string `json:"kid"`
}

// String shows the scope only.
func (k ScopedKey) String() string { return "key of " + k.Scope }

// Format shows the scope only, whatever the verb.
func (k ScopedKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// KeyBytes is the raw key: 64 bytes for ScopeOldSync, of which the first 32 are
// for encryption and the others for authentication.
func (k ScopedKey) KeyBytes() ([]byte, error) {
	b, err := keys.ScopedKey(k).Bytes()
	if err != nil {
		return nil, fmt.Errorf("%v: %w: %w", k, ErrCrypto, err)
	}
	return b, nil
}

// normalScopes sorts scopes, without repetition or blanks; each element may itself
// be a list with white space.
func normalScopes(scopes ...string) []string {
	list := strings.Fields(strings.Join(scopes, " "))
	slices.Sort(list)
	return slices.Compact(list)
}

// scopeKey is the form of a scope list under which access tokens are kept.
func scopeKey(scopes string) string { return strings.Join(normalScopes(scopes), " ") }

// joinScopes writes a list of scopes as requests hold it.
func joinScopes(scopes []string) string { return strings.Join(scopes, " ") }

// missingScopes is what of the list wanted the scopes held do not cover.
func missingScopes(held, wanted []string) []string {
	var missing []string
	for _, s := range wanted {
		if !slices.ContainsFunc(held, func(h string) bool { return covers(h, s) }) {
			missing = append(missing, s)
		}
	}
	return missing
}

// covers reports whether a scope includes another: profile includes profile:uid, which names less, and not
// profile:display_name:write, which does more. Tokens for others should name no more than they need.
func covers(held, wanted string) bool {
	if held == wanted {
		return true
	}
	return !strings.Contains(held, "://") && strings.HasPrefix(wanted, held+":") && !strings.HasSuffix(held, ":write") && !strings.HasSuffix(wanted, ":write")
}
