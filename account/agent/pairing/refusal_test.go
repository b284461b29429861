package pairing

import (
	"context"
	"errors"
	"strings"
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
