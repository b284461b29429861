package pairing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/pairing"
)

func TestRefusal(t *testing.T) {
	for err, want := range map[error]localapi.Code{
		pairing.ErrBadAddress: localapi.CodeUsage, pairing.ErrTwoStepNeeded: localapi.CodeUsage, pairing.ErrTwoStepWrong: localapi.CodeUsage, pairing.ErrTwoStepUnchecked: localapi.CodeUsage,
		pairing.ErrRelayUnreachable: localapi.CodeOffline, pairing.ErrNotNow: localapi.CodeConflict, pairing.ErrEnded: localapi.CodeConflict,
		pairing.ErrTimedOut: localapi.CodeConflict, error(&pairing.OtherServerError{Here: "https://a", There: "https://b"}): localapi.CodeUsage,
		fmt.Errorf("%w: %w", pairing.ErrRelayUnreachable, &pairing.BusyError{Until: time.Now()}): localapi.CodeBackoff,
	} {
		var e *localapi.Error
		if !errors.As(refusal(err), &e) || e.Code != want || e.Message == "" || e.Until.IsZero() != (want != localapi.CodeBackoff) {
			t.Errorf("%v becomes %#v", err, e)
		}
	}
}

// Every end of a pairing has words of its own.
func TestSentences(t *testing.T) {
	texts := map[string]bool{}
	for _, s := range sentences {
		said := sentence(errors.Join(context.Canceled, s.err))
		if texts[said.Text] || !strings.HasSuffix(said.Text, ".") || said.Said.Key != s.phrase.Key {
			t.Errorf("%v becomes %+v", s.err, said)
		}
		texts[said.Text] = true
	}
	if got := sentence(&pairing.OtherServerError{Here: "https://a.example", There: "https://b.example"}); !strings.Contains(got.Text, "b.example") {
		t.Error(got)
	}
}

// otherAccount is an account whose sign-ins turn out to be somebody else's.
type otherAccount struct{ Account }

func (otherAccount) ProcessEvent(context.Context, account.Event) (account.State, error) {
	return account.State{Kind: account.AuthIssues}, account.ErrOtherAccount
}

// A sign-in by pairing that is another person's is refused as that, and is no failure of the channel.
func TestRedeemOfAnother(t *testing.T) {
	_, err := redeemer{Account: otherAccount{}, keep: func(context.Context) {}}.Redeem(t.Context(), "code", "state")
	if !errors.Is(err, pairing.ErrOtherAccount) || !errors.Is(err, account.ErrOtherAccount) {
		t.Errorf("gave %v", err)
	}
	if said := sentence(fmt.Errorf("%w: %w", pairing.ErrRedeem, err)); said.Said.Key != "pair.other_account" {
		t.Errorf("said as %+v", said)
	}
}
