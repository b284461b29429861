package pairing

import (
	"errors"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/pairing"
)

// What is said of pairing.
var (
	noCode      = localapi.NewPhrase("pair.no_code", "No code is shown now.", "begin with a new one")
	nothing     = localapi.NewPhrase("pair.nothing", "There is nothing to confirm now.", "")
	otherServer = localapi.NewPhrase("pair.other_server", "This code is for {there}, but this application uses {here}.", "")
	relayBusy   = localapi.NewPhrase("pair.relay_busy", "The pairing service asked us to wait.", "")
	noSession   = localapi.NewPhrase("pair.no_session", "The accounts server does not let Tabferry let other devices in.", "sign in on the other device itself, or show it the code in a Firefox that is signed in")
	nameless    = localapi.NewPhrase("pair.nameless", "It is not known yet whose account this is, and the other device must be shown that.", "try again in a moment")
	gone        = localapi.NewPhrase("pair.silent", "The other device has said nothing for a while. If it has gone, cancel and start again.", "")
	failed      = localapi.NewPhrase("pair.failed", "Pairing failed.", "")
)

// sentences are the words for the end of a pairing, most particular first.
var sentences = []struct {
	err    error
	phrase localapi.Phrase
}{
	{pairing.ErrCancelled, localapi.NewPhrase("pair.cancelled", "Pairing was cancelled.", "")},
	{pairing.ErrPeerCancelled, localapi.NewPhrase("pair.peer_cancelled", "The other device cancelled.", "")},
	{pairing.ErrTimedOut, localapi.NewPhrase("pair.timed_out", "Time ran out. Start again for a new code.", "")},
	{pairing.ErrCodeUnknown, localapi.NewPhrase("pair.code_unknown", "This code has expired or was already used. Show a new one on the other device.", "")},
	{pairing.ErrNoAnswer, localapi.NewPhrase("pair.no_answer", "The other device does not answer. Show a new code there and try again.", "")},
	{pairing.ErrNotAccepted, localapi.NewPhrase("pair.not_accepted", "The other device has not answered the request. If it shows an error, this server does not allow this application to be paired: sign in with the browser instead.", "")},
	{pairing.ErrNotConfirmed, localapi.NewPhrase("pair.not_confirmed", "Nobody confirmed on the other device in time. If it shows an error, this server does not allow this application to be paired: sign in with the browser instead.", "")},
	{pairing.ErrWrongKey, localapi.NewPhrase("pair.wrong_key", "The code was not read completely. Scan it again.", "")},
	{pairing.ErrDisturbed, localapi.NewPhrase("pair.disturbed", "Something else took part in this pairing, so it was stopped. Start again, and scan the code with one device only.", "")},
	{pairing.ErrRequestRefused, localapi.NewPhrase("pair.request_refused", "The other device asked for something that is not allowed.", "")},
	{pairing.ErrUnnamed, localapi.NewPhrase("pair.unnamed", "The other device does not say whose account it would sign you in to, so nothing was signed in. Show a new code there in a moment.", "")},
	{pairing.ErrOtherAccount, localapi.NewPhrase("pair.other_account", "The other device gave access to another account than the one shown, so nothing was signed in.", "")},
	{pairing.ErrGrant, localapi.NewPhrase("pair.grant", "The accounts server did not allow it.", "")},
	{pairing.ErrRedeem, localapi.NewPhrase("pair.redeem", "The sign-in could not be completed.", "")},
	{pairing.ErrBadAddress, localapi.NewPhrase("pair.bad_address", "This is not a pairing code of Mozilla accounts.", "")},
	{pairing.ErrTwoStepNeeded, localapi.NewPhrase("pair.two_step_needed", "Enter a code from your authenticator app.", "")},
	{pairing.ErrTwoStepWrong, localapi.NewPhrase("pair.two_step_wrong", "That two-step code was not accepted.", "")},
	{pairing.ErrTwoStepUnchecked, localapi.NewPhrase("pair.two_step_unchecked", "The two-step code could not be checked. Try again.", "")},
	{pairing.ErrRelayUnreachable, localapi.NewPhrase("pair.relay_unreachable", "The pairing service cannot be reached.", "")},
	{pairing.ErrRelayDropped, localapi.NewPhrase("pair.relay_dropped", "The connection to the pairing service was lost. Start again.", "")},
}

// sentence puts the end of a pairing into words.
func sentence(err error) localapi.Sentence {
	var other *pairing.OtherServerError
	if errors.As(err, &other) {
		return otherServer.Say("there", other.There, "here", other.Here)
	}
	if errors.As(err, new(*pairing.BusyError)) {
		return relayBusy.Say()
	}
	for _, s := range sentences {
		if errors.Is(err, s.err) {
			return s.phrase.Say()
		}
	}
	return failed.Say()
}
