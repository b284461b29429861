package board

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// What is said in more than one place.
var (
	Offline = localapi.NewPhrase("offline", "The accounts server cannot be reached.", "check the connection; Tabferry keeps trying")
	Busy    = localapi.NewPhrase("busy", "The accounts server is busy.", "try again later")
	Backoff = localapi.NewPhrase("backoff", "The accounts server asked us to wait.", "Tabferry goes on by itself")

	unsaved     = localapi.NewPhrase("unsaved", "This could not be saved.", "look whether the disk is full")
	unknown     = localapi.NewPhrase("unknown", "Something went wrong.", "`tabferry diagnostics` tells more")
	interrupted = localapi.NewPhrase("interrupted", "This was interrupted.", "")
)

// disk are the sentences for what is wrong with the place where the data lies.
var disk = []struct {
	err    error
	phrase localapi.Phrase
}{
	{store.ErrReplaced, localapi.NewPhrase("storage.replaced", "Tabferry's data file was moved away or replaced.", "`tabferry unlock` goes on with what is there now")},
	{store.ErrCorrupt, localapi.NewPhrase("storage.damaged", "Tabferry's data file is damaged. It is left as it is.", "`tabferry unlock`, or the window, begins anew and keeps the damaged file")},
	{store.ErrFull, localapi.NewPhrase("disk.full", "The disk is full.", "make room; what is sent to this computer meanwhile stays on the server")},
	{store.ErrDisk, localapi.NewPhrase("disk.fails", "The disk does not read or write what it should.", "look after the disk; Tabferry tries again by itself")},
	{store.ErrReadOnly, localapi.NewPhrase("disk.read_only", "The disk with Tabferry's data takes no changes.", "make it writable; Tabferry tries again by itself")},
	{store.ErrDenied, localapi.NewPhrase("disk.denied", "Tabferry may not read or change its own data.", "look whose the file and its folder are")},
	{store.ErrBusy, localapi.NewPhrase("disk.busy", "The system has too many files open, or too little memory.", "quit other programs; Tabferry tries again by itself")},
}

// Disk says what is wrong with the place where the data lies, if that is what an error is about.
func Disk(err error) (phrase localapi.Phrase, ok bool) {
	for _, d := range disk {
		if errors.Is(err, d.err) {
			return d.phrase, true
		}
	}
	return phrase, false
}

// DiskPhrases are all that Disk says.
func DiskPhrases() (all []localapi.Phrase) {
	for _, d := range disk {
		all = append(all, d.phrase)
	}
	return all
}

// The refusals that several parts give.
var (
	ErrNoEntry   = localapi.NewPhrase("no_entry", "There is no such entry.", "").Refuse(localapi.CodeNotFound)
	ErrSignedOut = localapi.NewPhrase("signed_out", "Nobody is signed in.", "sign in first: `tabferry signin`, or in the window").Refuse(localapi.CodeNotSignedIn)
	ErrSignedIn  = localapi.NewPhrase("signed_in", "Somebody is signed in already.", "sign out first to change the account").Refuse(localapi.CodeConflict)
)

// meaning is what a failure of the account means to a person.
type meaning struct {
	err    error
	code   localapi.Code
	phrase localapi.Phrase
}

// meanings is asked from the top: the particular before the general.
var meanings = []meaning{
	{account.ErrSignInExpired, localapi.CodeSignIn, localapi.NewPhrase("account.sign_in_expired", "This sign-in has expired.", "begin again")},
	{account.ErrNoAuthFlow, localapi.CodeSignIn, localapi.NewPhrase("account.no_auth_flow", "There is no sign-in that could be completed.", "begin again")},
	{account.ErrWrongAuthFlow, localapi.CodeSignIn, localapi.NewPhrase("account.wrong_auth_flow", "This address belongs to another sign-in.", "use the page that was opened last, or begin again")},
	{account.ErrOtherAccount, localapi.CodeSignIn, localapi.NewPhrase("account.other_account", "That is another account than the one signed in here.", "sign out first to change the account")},
	{account.ErrReauthenticate, localapi.CodeSignIn, localapi.NewPhrase("account.reauthenticate", "The server wants a fresh sign-in.", "sign in again in the browser")},
	{account.ErrOriginMismatch, localapi.CodeUsage, localapi.NewPhrase("account.origin_mismatch", "This code is for another accounts server.", "show a code of the server that Tabferry uses")},
	{account.ErrScopeNotAllowed, localapi.CodeUnsupported, localapi.NewPhrase("account.scope_not_allowed", "The server does not give this application what it needs.", "check the client id in the advanced settings")},
	{account.ErrClientConfiguration, localapi.CodeUnsupported, localapi.NewPhrase("account.client_configuration", "The server does not accept this application.", "check the client id and the redirect address in the advanced settings")},
	{account.ErrNoSessionToken, localapi.CodeUnsupported, localapi.NewPhrase("account.no_session_token", "The accounts server does not let this sign-in do that.", "the account's page on the web can")},
	{account.ErrSyncKeyMissing, localapi.CodeUnsupported, localapi.NewPhrase("account.sync_key_missing", "The server did not hand over the key for tabs.", "sign out and in again")},
	{account.ErrNoScopedKey, localapi.CodeUnsupported, localapi.NewPhrase("account.no_scoped_key", "The key for tabs is missing.", "sign out and in again")},
	{account.ErrDevicesUnavailable, localapi.CodeUnsupported, localapi.NewPhrase("account.devices_unavailable", "This server does not offer devices to this application.", "")},
	{account.ErrUnknownDevice, localapi.CodeNoDevice, localapi.NewPhrase("account.unknown_device", "This device is no longer part of the account.", "see the list with `tabferry devices`")},
	{account.ErrNoDevice, localapi.CodeConflict, localapi.NewPhrase("account.no_device", "This computer is not registered yet.", "wait a moment and try again")},
	{account.ErrTooLarge, localapi.CodeUsage, localapi.NewPhrase("account.too_large", "This is too long to be sent.", "shorten title or link")},
	{account.ErrBlocked, localapi.CodeUnsupported, localapi.NewPhrase("account.blocked", "The server blocked this for reasons of security.", "sign in on the web and look at the account's activity")},
	{account.ErrAccountGone, localapi.CodeNotSignedIn, localapi.NewPhrase("account.account_gone", "This account no longer exists.", "sign out")},
	{account.ErrCircuitOpen, localapi.CodeBackoff, localapi.NewPhrase("account.circuit_open", "The sign-in was checked very often.", "wait a minute")},
	{account.ErrUnsupported, localapi.CodeUnsupported, localapi.NewPhrase("account.unsupported", "This is not offered.", "")},
	{account.ErrNoRefreshToken, localapi.CodeNotSignedIn, localapi.NewPhrase("account.no_refresh_token", "Nobody is signed in.", "sign in first")},
	{account.ErrAuthentication, localapi.CodeNotSignedIn, localapi.NewPhrase("account.authentication", "The accounts server no longer accepts this sign-in.", "sign in again")},
	{account.ErrForbidden, localapi.CodeUnsupported, localapi.NewPhrase("account.forbidden", "The server does not allow this.", "")},
	{account.ErrNetwork, localapi.CodeOffline, Offline},
	{account.ErrUnavailable, localapi.CodeOffline, Busy},
	{account.ErrDeviceName, localapi.CodeUsage, localapi.NewPhrase("account.device_name", "A device name has 1 to 255 characters, all of them visible.", "")},
	{account.ErrInvalidArgument, localapi.CodeUsage, localapi.NewPhrase("account.invalid_argument", "This cannot be used.", "")},
	{account.ErrInvalidAnswer, localapi.CodeInternal, localapi.NewPhrase("account.invalid_answer", "The server's answer cannot be understood.", "update Tabferry")},
}

// Refusal turns any failure into a refusal for a face: one sentence, one hint, no secret.
func Refusal(err error) error {
	var done *localapi.Error
	var wait *account.BackoffError
	var save *account.SaveError
	if phrase, ok := Disk(err); ok {
		return phrase.Refuse(localapi.CodeInternal)
	}
	switch {
	case err == nil, Ended(err):
		return err
	case errors.As(err, &done):
		return done
	case errors.As(err, &wait):
		refusal := Backoff.Refuse(localapi.CodeBackoff)
		refusal.Until = wait.Until
		return refusal
	case errors.As(err, &save), errors.Is(err, store.ErrClosed):
		return unsaved.Refuse(localapi.CodeInternal)
	}
	for _, m := range meanings {
		if errors.Is(err, m.err) {
			return m.phrase.Refuse(m.code)
		}
	}
	return unknown.Refuse(localapi.CodeInternal)
}

// Sentence is the sentence of a failure.
func Sentence(err error) localapi.Sentence {
	var e *localapi.Error
	if errors.As(Refusal(err), &e) {
		return localapi.Sentence{Text: e.Message, Said: e.Said}
	}
	return interrupted.Say()
}

// Until is when the server lets us ask again; zero when it did not say.
func Until(err error) time.Time {
	var wait *account.BackoffError
	if errors.As(err, &wait) {
		return wait.Until
	}
	return time.Time{}
}

// connecting is what net and net/http call the steps before there is a connection to the server: also by a proxy.
var connecting = []string{"dial", "proxyconnect", "socks connect"}

// NeverLeft reports whether a request certainly did not reach the server: no connection was made, or one to somebody
// else, who could not show the server's certificate.
func NeverLeft(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && slices.Contains(connecting, op.Op) || errors.As(err, new(*net.DNSError)) ||
		errors.As(err, new(*tls.CertificateVerificationError))
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
