package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/pairing"
	"github.com/tabferry/tabferry/account/store"
)

// Every failure of the account becomes a refusal with a code, a sentence and nothing of its own text.
func TestExplain(t *testing.T) {
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
		if !errors.As(explain(wrapped), &e) || e.Code != c.code {
			t.Errorf("%v becomes %#v, want %s", c.err, e, c.code)
			continue
		}
		if e.Message == "" || !strings.HasSuffix(e.Message, ".") || strings.Contains(e.Message+e.Hint, "s3cret") || strings.Contains(e.Message+e.Hint, "errno") {
			t.Errorf("%v becomes %q, %q", c.err, e.Message, e.Hint)
		}
		if got := sentence(wrapped); got != e.Message {
			t.Errorf("%v: the sentence is %q", c.err, got)
		}
	}
	if !errors.Is(explain(context.Canceled), context.Canceled) || explain(nil) != nil {
		t.Error("the end of a caller, or no error at all, is explained")
	}
	done := &localapi.Error{Code: localapi.CodeUsage, Message: "As it is."}
	if got := explain(fmt.Errorf("%w", done)); got != error(done) {
		t.Errorf("a refusal becomes %v", got)
	}
	if got := explain(&account.BackoffError{Until: at}); !got.(*localapi.Error).Until.Equal(at) || !until(got).IsZero() {
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
		if got := passing(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: passing is %v", err, got)
		}
	}
	if !passing(&account.BackoffError{}) || !passing(&account.SaveError{Err: errors.New("x")}) {
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
		"reset":      {&net.OpError{Op: "read", Err: errors.New("connection reset")}, false},
		"broken":     {&net.OpError{Op: "write", Err: errors.New("broken pipe")}, false},
		"timed out":  {context.DeadlineExceeded, false},
		"who knows":  {account.ErrNetwork, false},
		"the server": {&account.RemoteError{Status: 502, Foreign: true}, false},
	} {
		if got := neverLeft(fmt.Errorf("%w: %w", account.ErrNetwork, c.err)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The outcome of an attempt never claims more than the server said.
func TestOutcome(t *testing.T) {
	now := time.Now().UTC()
	a, err := New(Params{DataDir: t.TempDir(), Version: "1", DeviceName: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{e: &engine{a: a}}
	fresh := sent{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now}}
	old := sent{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now.Add(-8 * 24 * time.Hour)}}
	closing := sent{OutboxEntry: localapi.OutboxEntry{State: localapi.SendWaiting, At: now, Close: true}}
	for name, c := range map[string]struct {
		entry    sent
		delivery account.Delivery
		err      error
		state    localapi.SendState
		twice    bool
		again    bool
	}{
		"alerted":              {fresh, account.Delivery{Known: true, Notified: true}, nil, localapi.SendAlerted, false, false},
		"push is off":          {fresh, account.Delivery{Known: true, NotifyError: "expiredCallback"}, nil, localapi.SendPushOff, false, false},
		"an old server":        {fresh, account.Delivery{}, nil, localapi.SendAccepted, false, false},
		"no network":           {fresh, account.Delivery{}, account.ErrNetwork, localapi.SendWaiting, false, true},
		"a lost answer":        {fresh, account.Delivery{}, errors.Join(errRequest, account.ErrNetwork), localapi.SendWaiting, true, true},
		"an unreadable answer": {fresh, account.Delivery{}, errors.Join(errRequest, account.ErrInvalidAnswer), localapi.SendFailed, true, false},
		"a wait":               {fresh, account.Delivery{}, &account.BackoffError{Until: now.Add(time.Hour)}, localapi.SendWaiting, false, true},
		"a doubtful sign-in":   {fresh, account.Delivery{}, account.ErrAuthentication, localapi.SendWaiting, false, true},
		"a device that left":   {fresh, account.Delivery{}, account.ErrUnknownDevice, localapi.SendFailed, false, false},
		"a week of failures":   {old, account.Delivery{}, account.ErrNetwork, localapi.SendFailed, false, false},
		"closing is unknown":   {closing, account.Delivery{}, account.ErrUnsupported, localapi.SendFailed, false, false},
	} {
		got := c.entry
		s.outcome(&got, c.delivery, c.err)
		if got.State != c.state || got.MayBeTwice != c.twice || got.NextTry.IsZero() == c.again || (c.err != nil) != (got.Reason != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestExplainStorage(t *testing.T) {
	for err, want := range map[error]localapi.Code{
		store.ErrWrongKey: localapi.CodeLocked, store.ErrKeyMissing: localapi.CodeLocked, store.ErrKeyring: localapi.CodeLocked,
		store.ErrCorrupt: localapi.CodeLocked, store.ErrInUse: localapi.CodeLocked, store.ErrNewer: localapi.CodeLocked,
		store.ErrEmptyPassphrase: localapi.CodeUsage, errors.New("other"): localapi.CodeLocked,
	} {
		var e *localapi.Error
		if !errors.As(explainStorage(fmt.Errorf("s3cret: %w", err)), &e) || e.Code != want || e.Message == "" || strings.Contains(e.Message, "s3cret") {
			t.Errorf("%v becomes %#v", err, e)
		}
	}
	if !errors.Is(explainStorage(context.Canceled), context.Canceled) {
		t.Error("the end of a caller is explained")
	}
}

func TestExplainPairing(t *testing.T) {
	for err, want := range map[error]localapi.Code{
		pairing.ErrBadAddress: localapi.CodeUsage, pairing.ErrTwoStepNeeded: localapi.CodeUsage, pairing.ErrTwoStepWrong: localapi.CodeUsage, pairing.ErrTwoStepUnchecked: localapi.CodeUsage,
		pairing.ErrRelayUnreachable: localapi.CodeOffline, pairing.ErrNotNow: localapi.CodeConflict, pairing.ErrEnded: localapi.CodeConflict,
		pairing.ErrTimedOut: localapi.CodeConflict, error(&pairing.OtherServerError{Here: "https://a", There: "https://b"}): localapi.CodeUsage,
	} {
		var e *localapi.Error
		if !errors.As(explainPairing(err), &e) || e.Code != want || e.Message == "" {
			t.Errorf("%v becomes %#v", err, e)
		}
	}
}

func TestRedirects(t *testing.T) {
	for redirect, want := range map[string]bool{
		"http://127.0.0.1:8080/x": true, "http://localhost:1/": true, "http://[::1]:99/a": true, "http://127.9.9.9:1": true,
		"http://127.0.0.1/x": false, "https://127.0.0.1:8080/x": false, "http://example.com:80/": false, "http://10.0.0.1:80/": false,
		"urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel": false, "": false, "http://localhost.evil.example:1/": false,
	} {
		if got := loopbackRedirect(redirect); got != want {
			t.Errorf("%q: %v", redirect, got)
		}
	}
	if got := withEmail("https://a.example/?x=1", "a+b@example.com"); got != "https://a.example/?x=1&email=a%2Bb%40example.com" {
		t.Errorf("with an address: %q", got)
	}
	for _, page := range []string{"https://a.example/?email=other@example.com", "https://a.example/"} {
		if got := withEmail(page, map[bool]string{true: "a@example.com", false: ""}[strings.Contains(page, "email")]); got != page {
			t.Errorf("%q becomes %q", page, got)
		}
	}
}

// Devices a person sent to come first, newest first; then those seen last.
func TestOrderOfDevices(t *testing.T) {
	at := func(hours int) time.Time { return time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC) }
	m := model{notes: notes{SentTo: map[string]time.Time{"b": at(1), "d": at(2)}}}
	items := []localapi.Device{
		{ID: "a", Name: "A", LastAccess: at(9)},
		{ID: "b", Name: "B", LastAccess: at(1)},
		{ID: "c", Name: "C", LastAccess: at(10)},
		{ID: "d", Name: "D"},
		{ID: "f", Name: "F"},
		{ID: "e", Name: "E"},
	}
	order := ""
	for _, d := range m.orderDevices(items) {
		order += d.ID
	}
	if order != "dbcaef" {
		t.Errorf("the order is %s", order)
	}
	if items[0].ID != "a" || !items[1].LastSentTo.IsZero() {
		t.Error("the list given was changed")
	}
}
