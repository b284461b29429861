package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

func TestRefusal(t *testing.T) {
	for err, want := range map[error]localapi.Code{
		store.ErrWrongKey: localapi.CodeLocked, store.ErrKeyMissing: localapi.CodeLocked, store.ErrKeyring: localapi.CodeLocked,
		store.ErrCorrupt: localapi.CodeLocked, store.ErrInUse: localapi.CodeLocked, store.ErrNewer: localapi.CodeLocked,
		store.ErrEmptyPassphrase: localapi.CodeUsage, errors.New("other"): localapi.CodeLocked,
	} {
		var e *localapi.Error
		if !errors.As(refusal(fmt.Errorf("s3cret: %w", err)), &e) || e.Code != want || e.Message == "" || strings.Contains(e.Message, "s3cret") {
			t.Errorf("%v becomes %#v", err, e)
		}
	}
	if !errors.Is(refusal(context.Canceled), context.Canceled) {
		t.Error("the end of a caller is explained")
	}
}

// What is shown of a store that is not open is what calls are refused with, hint and all.
func TestRefusedAsShown(t *testing.T) {
	failures := []error{
		errors.New("other"), store.ErrReplaced, store.ErrCorrupt, store.ErrFull, store.ErrDisk, store.ErrReadOnly, store.ErrDenied,
	}
	for _, p := range problems {
		failures = append(failures, p.err)
	}
	for _, err := range failures {
		if got, want := shownAs(problem(err).Key), problem(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	if got := shownAs(patience.Key); got != patience {
		t.Errorf("%q, want %q", got, patience)
	}
	if got := shownAs(""); got != locked {
		t.Errorf("%q, want %q", got, locked)
	}
}
