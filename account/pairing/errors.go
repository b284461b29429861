package pairing

import (
	"errors"
	"fmt"

	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

// The ways a pairing ends without success. All texts are free of secrets. Sentence gives the words
// for a person.
var (
	// ErrCancelled: this side cancelled or declined.
	ErrCancelled = errors.New("pairing: cancelled")
	// ErrPeerCancelled: the other side cancelled or declined.
	ErrPeerCancelled = errors.New("pairing: the other side cancelled")
	// ErrTimedOut: the code or the attempt came to the end of its life.
	ErrTimedOut = errors.New("pairing: out of time")
	// ErrRelayUnreachable: no connection to the pairing relay.
	ErrRelayUnreachable = errors.New("pairing: the relay cannot be reached")
	// ErrRelayDropped: the relay ended the connection: too many messages, a restart, a lost network.
	ErrRelayDropped = errors.New("pairing: the relay ended the connection")
	// ErrCodeUnknown: the relay does not know the channel: the code expired or was used.
	ErrCodeUnknown = errors.New("pairing: the relay does not know this code")
	// ErrNoAnswer: the relay knows the channel, but nobody answers on it.
	ErrNoAnswer = errors.New("pairing: the other side does not answer")
	// ErrNotAccepted: the request was sent and not answered, which is all that a refusal looks like.
	ErrNotAccepted = errors.New("pairing: the other side did not accept the request")
	// ErrNotConfirmed: nobody confirmed on the other side in time.
	ErrNotConfirmed = errors.New("pairing: not confirmed on the other side")
	// ErrWrongKey: the two sides have different keys: the code was not read whole.
	ErrWrongKey = errors.New("pairing: the code's key is wrong")
	// ErrDisturbed: something on the channel was not what the other side may send; perhaps a third
	// party or a second phone.
	ErrDisturbed = errors.New("pairing: the channel was disturbed")
	// ErrRequestRefused: the supplicant's request breaks the rules.
	ErrRequestRefused = errors.New("pairing: the request is not acceptable")
	// ErrGrant: the accounts server or the account did not make a code.
	ErrGrant = errors.New("pairing: no permission could be made")
	// ErrRedeem: the code could not be redeemed.
	ErrRedeem = errors.New("pairing: the sign-in could not be completed")
	// ErrUnnamed: the other side does not say which account it would give access to, so that the person
	// here cannot judge it, and what is signed in could not be compared with it.
	ErrUnnamed = errors.New("pairing: the other side names no account")
	// ErrOtherAccount: the account signed in is not the one shown, or not the one held here. The
	// new sign-in was abandoned.
	ErrOtherAccount = errors.New("pairing: another account than the one shown")
	// ErrBadAddress: the text is no pairing address.
	ErrBadAddress = errors.New("pairing: not a pairing address")

	// ErrNotNow is returned by Confirm when there is nothing to confirm.
	ErrNotNow = errors.New("pairing: nothing to confirm now")
	// ErrTwoStepNeeded is returned by Confirm when a two-step code is needed and none was given.
	ErrTwoStepNeeded = errors.New("pairing: a two-step code is needed")
	// ErrTwoStepWrong is returned by Confirm when the two-step code was not accepted.
	ErrTwoStepWrong = errors.New("pairing: the two-step code was not accepted")
	// ErrTwoStepUnchecked is returned by Confirm when the two-step code could not be checked.
	ErrTwoStepUnchecked = errors.New("pairing: the two-step code could not be checked")
	// ErrEnded is returned by Confirm when the pairing is over.
	ErrEnded = errors.New("pairing: already over")
)

// OtherServerError says that a code belongs to another accounts server.
type OtherServerError struct {
	// Here and There are the origins of the configured server and of the code.
	Here, There string
}

func (e *OtherServerError) Error() string {
	return fmt.Sprintf("pairing: the code is for %s, not for %s", e.There, e.Here)
}

// channelError turns a failure of the secure channel into one of ours. connected says whether the
// handshake was over when it happened.
func channelError(err error, connected bool) error {
	var alert *tlspsk.AlertError
	if errors.As(err, &alert) {
		if !connected && (alert.Alert == tlspsk.DecryptError || alert.Alert == tlspsk.UnknownPSKIdentity) {
			return ErrWrongKey
		}
		return fmt.Errorf("%w: %w", ErrDisturbed, err)
	}
	return err
}
