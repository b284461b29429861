package pairing

import (
	"errors"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/pairing"
)

func TestRefusal(t *testing.T) {
	for err, want := range map[error]localapi.Code{
		pairing.ErrBadAddress: localapi.CodeUsage, pairing.ErrTwoStepNeeded: localapi.CodeUsage, pairing.ErrTwoStepWrong: localapi.CodeUsage, pairing.ErrTwoStepUnchecked: localapi.CodeUsage,
		pairing.ErrRelayUnreachable: localapi.CodeOffline, pairing.ErrNotNow: localapi.CodeConflict, pairing.ErrEnded: localapi.CodeConflict,
		pairing.ErrTimedOut: localapi.CodeConflict, error(&pairing.OtherServerError{Here: "https://a", There: "https://b"}): localapi.CodeUsage,
	} {
		var e *localapi.Error
		if !errors.As(refusal(err), &e) || e.Code != want || e.Message == "" {
			t.Errorf("%v becomes %#v", err, e)
		}
	}
}
