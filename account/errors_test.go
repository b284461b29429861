package account_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
)

// TestErrorClasses: every particular error belongs to exactly one class, and no class
// to another.
func TestErrorClasses(t *testing.T) {
	particular := map[error]error{
		account.ErrNoRefreshToken: account.ErrAuthentication, account.ErrNoSessionToken: account.ErrAuthentication,
		account.ErrNoScopedKey: account.ErrAuthentication, account.ErrScopeMissing: account.ErrAuthentication,
		account.ErrDevicesUnavailable: account.ErrForbidden,
		account.ErrSignInExpired:      account.ErrOther, account.ErrOtherAccount: account.ErrOther, account.ErrReauthenticate: account.ErrOther,
		account.ErrAccountGone: account.ErrOther, account.ErrScopeNotAllowed: account.ErrOther, account.ErrClientConfiguration: account.ErrOther,
		account.ErrUnavailable: account.ErrOther, account.ErrUnsupported: account.ErrOther, account.ErrBlocked: account.ErrOther,
		account.ErrTooLarge: account.ErrOther, account.ErrCircuitOpen: account.ErrOther, account.ErrUnknownDevice: account.ErrOther,
		account.ErrNoDevice: account.ErrOther, account.ErrInvalidTransition: account.ErrOther, account.ErrInvalidPush: account.ErrOther,
		account.ErrInvalidAnswer: account.ErrOther, account.ErrInvalidState: account.ErrOther, account.ErrInvalidArgument: account.ErrOther,
		account.ErrCrypto: account.ErrOther,
		&account.BackoffError{Until: time.Unix(0, 0), Service: "auth"}: account.ErrOther,
	}
	for _, class := range classes {
		particular[class] = class
	}
	texts := make(map[string]bool)
	for err, class := range particular {
		for name, other := range classes {
			if errors.Is(fmt.Errorf("wrapped: %w", err), other) != (other == class) { // the very value is meant
				t.Errorf("%v is of class %s: %t", err, name, other != class)
			}
		}
		if texts[err.Error()] {
			t.Errorf("two errors say %q", err)
		}
		texts[err.Error()] = true
	}
}

func TestErrorTexts(t *testing.T) {
	until := time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("", 3600))
	for text, err := range map[string]error{
		"the auth server asked to wait until 2026-11-21T11:00:00Z":                    &account.BackoffError{Until: until, Service: "auth"},
		"/v1/x answered with status 400, auth errno 107":                              &account.RemoteError{Route: "/v1/x", Status: 400, Errno: 107, Space: "auth"},
		"/v1/x answered with status 200 by something that is not the accounts server": &account.RemoteError{Route: "/v1/x", Status: 200, Foreign: true},
		"save the account state: the disk is full":                                    &account.SaveError{Err: errDiskFull},
	} {
		if err.Error() != text {
			t.Errorf("%T says %q, want %q", err, err, text)
		}
	}
}
