package board_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// What is wrong with the place of the data has words of its own, also where the account was to be saved.
func TestDisk(t *testing.T) {
	for cause, want := range map[error]string{
		store.ErrFull: "The disk is full.", store.ErrDisk: "The disk does not read or write what it should.",
		store.ErrReadOnly: "The disk with Tabferry's data takes no changes.", store.ErrDenied: "Tabferry may not read or change its own data.",
		store.ErrBusy:    "The system has too many files open, or too little memory.",
		store.ErrCorrupt: "Tabferry's data file is damaged. It is left as it is.", store.ErrReplaced: "Tabferry's data file was moved away or replaced.",
		store.ErrClosed: "This could not be saved.",
	} {
		for _, err := range []error{cause, &account.SaveError{Err: fmt.Errorf("saving: %w", cause)}} {
			var e *localapi.Error
			if !errors.As(board.Refusal(err), &e) || e.Message != want || e.Hint == "" || e.Code != localapi.CodeInternal {
				t.Errorf("%v becomes %#v", err, e)
			}
		}
	}
}

// Every failure of the account becomes a refusal with a code, a sentence and nothing of its own text.
func TestRefusal(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		err  error
		code localapi.Code
	}{
		{&account.BackoffError{Until: at, Service: "auth"}, localapi.CodeBackoff},
		{&account.SaveError{Err: errors.New("disk full")}, localapi.CodeInternal},
		{store.ErrClosed, localapi.CodeInternal},
		{account.ErrSignInExpired, localapi.CodeSignIn},
		{account.ErrNoAuthFlow, localapi.CodeSignIn},
		{account.ErrWrongAuthFlow, localapi.CodeSignIn},
		{account.ErrOtherAccount, localapi.CodeSignIn},
		{account.ErrReauthenticate, localapi.CodeSignIn},
		{account.ErrOriginMismatch, localapi.CodeUsage},
		{account.ErrScopeNotAllowed, localapi.CodeUnsupported},
		{account.ErrClientConfiguration, localapi.CodeUnsupported},
		{account.ErrNoSessionToken, localapi.CodeUnsupported},
		{account.ErrSyncKeyMissing, localapi.CodeUnsupported},
		{account.ErrNoScopedKey, localapi.CodeUnsupported},
		{account.ErrDevicesUnavailable, localapi.CodeUnsupported},
		{account.ErrUnknownDevice, localapi.CodeNoDevice},
		{account.ErrNoDevice, localapi.CodeConflict},
		{account.ErrTooLarge, localapi.CodeUsage},
		{account.ErrBlocked, localapi.CodeUnsupported},
		{account.ErrAccountGone, localapi.CodeNotSignedIn},
		{account.ErrCircuitOpen, localapi.CodeBackoff},
		{account.ErrUnsupported, localapi.CodeUnsupported},
		{account.ErrNoRefreshToken, localapi.CodeNotSignedIn},
		{account.ErrAuthentication, localapi.CodeNotSignedIn},
		{account.ErrForbidden, localapi.CodeUnsupported},
		{account.ErrNetwork, localapi.CodeOffline},
		{account.ErrUnavailable, localapi.CodeOffline},
		{account.ErrInvalidArgument, localapi.CodeUsage},
		{account.ErrInvalidAnswer, localapi.CodeInternal},
		{errors.New("anything"), localapi.CodeInternal},
	} {
		wrapped := fmt.Errorf("at https://a.example/?code=s3cret: %w", c.err)
		var e *localapi.Error
		if !errors.As(board.Refusal(wrapped), &e) || e.Code != c.code {
			t.Errorf("%v becomes %#v, want %s", c.err, e, c.code)
			continue
		}
		if e.Message == "" || !strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message+e.Hint, "s3cret") || strings.Contains(e.Message+e.Hint, "errno") {
			t.Errorf("%v becomes %q, %q", c.err, e.Message, e.Hint)
		}
		if got := board.Sentence(wrapped); got.Text != e.Message || got.Said.Key == "" {
			t.Errorf("%v: the sentence is %q", c.err, got)
		}
	}
	if !errors.Is(board.Refusal(context.Canceled), context.Canceled) || board.Refusal(nil) != nil {
		t.Error("the end of a caller, or no error at all, is explained")
	}
	done := &localapi.Error{Code: localapi.CodeUsage, Message: "As it is."}
	if got := board.Refusal(fmt.Errorf("%w", done)); got != error(done) {
		t.Errorf("a refusal becomes %v", got)
	}
	if got := board.Refusal(&account.BackoffError{Until: at}); !got.(*localapi.Error).Until.Equal(at) || !board.Until(got).IsZero() {
		t.Errorf("a wait becomes %#v", got)
	}
}

// What is passing is tried again; what is not is a failure for good.
func TestPassing(t *testing.T) {
	for err, want := range map[error]bool{
		account.ErrNetwork: true, account.ErrUnavailable: true, account.ErrAuthentication: true, account.ErrNoRefreshToken: true,
		account.ErrCircuitOpen: true, context.Canceled: true,
		account.ErrUnknownDevice: false, account.ErrUnsupported: false, account.ErrTooLarge: false, account.ErrNoScopedKey: false,
		account.ErrForbidden: false, account.ErrInvalidAnswer: false, account.ErrOther: false, account.ErrCrypto: false,
	} {
		if got := board.Passing(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: passing is %v", err, got)
		}
	}
	if !board.Passing(&account.BackoffError{}) || !board.Passing(&account.SaveError{Err: errors.New("x")}) {
		t.Error("a wait or a full disk is taken for good")
	}
}

// Only a request that certainly made no connection is known not to have arrived.
func TestNeverLeft(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"refused":    {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		"no name":    {&net.DNSError{Err: "no such host"}, true},
		"a proxy":    {&net.OpError{Op: "proxyconnect", Err: errors.New("EOF")}, true},
		"by SOCKS":   {&net.OpError{Op: "socks connect", Err: errors.New("host unreachable")}, true},
		"a portal":   {&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, true},
		"reset":      {&net.OpError{Op: "read", Err: errors.New("connection reset")}, false},
		"broken":     {&net.OpError{Op: "write", Err: errors.New("broken pipe")}, false},
		"timed out":  {context.DeadlineExceeded, false},
		"who knows":  {account.ErrNetwork, false},
		"the server": {&account.RemoteError{Status: 502, Foreign: true}, false},
	} {
		if got := board.NeverLeft(fmt.Errorf("%w: %w", account.ErrNetwork, c.err)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
