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
