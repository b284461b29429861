package board

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// The sentences for failures that stand in more than one place.
const (
	Offline = "The accounts server cannot be reached."
	Busy    = "The accounts server is busy."
	Backoff = "The accounts server asked us to wait."

	againSentence = "The accounts server no longer accepts this sign-in."
)

// The refusals that several parts give.
var (
	ErrNoEntry   = &localapi.Error{Code: localapi.CodeNotFound, Message: "There is no such entry."}
	ErrSignedOut = &localapi.Error{Code: localapi.CodeNotSignedIn, Message: "Nobody is signed in.", Hint: "sign in first: `tabferry signin`, or in the window"}
	ErrSignedIn  = &localapi.Error{Code: localapi.CodeConflict, Message: "Somebody is signed in already.", Hint: "sign out first to change the account"}
)

// meaning is what a failure of the account means to a person.
type meaning struct {
	err  error
	code localapi.Code
	text string
	hint string
}

// meanings is asked from the top: the particular before the general.
var meanings = []meaning{
	{account.ErrSignInExpired, localapi.CodeSignIn, "This sign-in has expired.", "begin again"},
	{account.ErrNoAuthFlow, localapi.CodeSignIn, "There is no sign-in that could be completed.", "begin again"},
	{account.ErrWrongAuthFlow, localapi.CodeSignIn, "This address belongs to another sign-in.", "use the page that was opened last, or begin again"},
	{account.ErrOtherAccount, localapi.CodeSignIn, "That is another account than the one signed in here.", "sign out first to change the account"},
	{account.ErrReauthenticate, localapi.CodeSignIn, "The server wants a fresh sign-in.", "sign in again in the browser"},
	{account.ErrOriginMismatch, localapi.CodeUsage, "This code is for another accounts server.", "show a code of the server that Tabferry uses"},
	{account.ErrScopeNotAllowed, localapi.CodeUnsupported, "The server does not give this application what it needs.", "check the client id in the advanced settings"},
	{account.ErrClientConfiguration, localapi.CodeUnsupported, "The server does not accept this application.", "check the client id and the redirect address in the advanced settings"},
	{account.ErrNoSessionToken, localapi.CodeUnsupported, "The server did not let this sign-in do that.", "sign out and in again"},
	{account.ErrSyncKeyMissing, localapi.CodeUnsupported, "The server did not hand over the key for tabs.", "sign out and in again"},
	{account.ErrNoScopedKey, localapi.CodeUnsupported, "The key for tabs is missing.", "sign out and in again"},
	{account.ErrDevicesUnavailable, localapi.CodeUnsupported, "This server does not offer devices to this application.", ""},
	{account.ErrUnknownDevice, localapi.CodeNoDevice, "This device is no longer part of the account.", "refresh the list of devices"},
	{account.ErrNoDevice, localapi.CodeConflict, "This computer is not registered yet.", "wait a moment and try again"},
	{account.ErrTooLarge, localapi.CodeUsage, "This is too long to be sent.", "shorten title or link"},
	{account.ErrBlocked, localapi.CodeUnsupported, "The server blocked this for reasons of security.", "sign in on the web and look at the account's activity"},
	{account.ErrAccountGone, localapi.CodeNotSignedIn, "This account no longer exists.", "sign out"},
	{account.ErrCircuitOpen, localapi.CodeBackoff, "The sign-in was checked very often.", "wait a minute"},
	{account.ErrUnsupported, localapi.CodeUnsupported, "This is not offered.", ""},
	{account.ErrNoRefreshToken, localapi.CodeNotSignedIn, "Nobody is signed in.", "sign in first"},
	{account.ErrAuthentication, localapi.CodeNotSignedIn, againSentence, "sign in again"},
	{account.ErrForbidden, localapi.CodeUnsupported, "The server does not allow this.", ""},
	{account.ErrNetwork, localapi.CodeOffline, Offline, "check the connection; Tabferry keeps trying"},
	{account.ErrUnavailable, localapi.CodeOffline, Busy, "try again later"},
	{account.ErrInvalidArgument, localapi.CodeUsage, "This cannot be used.", ""},
	{account.ErrInvalidAnswer, localapi.CodeInternal, "The server's answer cannot be understood.", "update Tabferry"},
}

// Refusal turns any failure into a refusal for a face: one sentence, one hint, no secret.
func Refusal(err error) error {
	var done *localapi.Error
	var wait *account.BackoffError
	var save *account.SaveError
	switch {
	case err == nil, Ended(err):
		return err
	case errors.As(err, &done):
		return done
	case errors.As(err, &wait):
		return &localapi.Error{Code: localapi.CodeBackoff, Message: Backoff, Hint: "Tabferry goes on by itself", Until: wait.Until}
	case errors.As(err, &save), errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrCorrupt):
		return &localapi.Error{Code: localapi.CodeInternal, Message: "This could not be saved.", Hint: "look whether the disk is full"}
	}
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return &localapi.Error{Code: m.code, Message: m.text, Hint: m.hint}
		}
	}
	return &localapi.Error{Code: localapi.CodeInternal, Message: "Something went wrong.", Hint: "`tabferry diagnostics` tells more"}
}

// Sentence is the sentence of a failure.
func Sentence(err error) string {
	var e *localapi.Error
	if errors.As(Refusal(err), &e) {
		return e.Message
	}
	return "This was interrupted."
}

// Until is when the server lets us ask again; zero when it did not say.
func Until(err error) time.Time {
	var wait *account.BackoffError
	if errors.As(err, &wait) {
		return wait.Until
	}
	return time.Time{}
}

// NeverLeft reports whether a request certainly did not reach the server: no connection was made.
func NeverLeft(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &name)
}

// Doubtful reports whether a failure is a reason to ask the server whether the sign-in lives.
func Doubtful(err error) bool {
	return errors.Is(err, account.ErrAuthentication) &&
		!errors.Is(err, account.ErrNoScopedKey) && !errors.Is(err, account.ErrNoSessionToken) &&
		!errors.Is(err, account.ErrScopeMissing)
}

// Ended reports whether a call ended because its caller did.
func Ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Passing reports whether trying again by itself can help.
func Passing(err error) bool {
	var wait *account.BackoffError
	var save *account.SaveError
	return errors.As(err, &wait) || errors.As(err, &save) || Ended(err) || Doubtful(err) ||
		errors.Is(err, account.ErrNetwork) || errors.Is(err, account.ErrUnavailable) ||
		errors.Is(err, account.ErrNoRefreshToken) || errors.Is(err, account.ErrCircuitOpen)
}
