package account_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
)

// A request to close pages tells of its delivery what a sent page tells of its own, and nothing when no
// command was accepted.
func TestCloseTabsDelivery(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	urls := []string{"https://example.com/"}
	sent, err := from.SendTab(t.Context(), to.id(), "Page", urls[0])
	ok(t, "SendTab", err)
	closed, unsent, err := from.CloseTabsDelivery(t.Context(), to.id(), urls)
	if err != nil || len(unsent) != 0 || closed != sent || closed == (account.Delivery{}) {
		t.Errorf("closing is delivered as %+v, sending as %+v; %d unsent, %v", closed, sent, len(unsent), err)
	}
	for name, c := range map[string]struct {
		urls   []string
		refuse bool
	}{
		"too long": {[]string{"https://example.com/" + strings.Repeat("x", 20000)}, false},
		"refused":  {urls, true},
		"nothing":  {nil, false},
	} {
		if c.refuse {
			s.Faults.Next(routeInvoke, http.StatusInternalServerError)
		}
		if got, unsent, _ := from.CloseTabsDelivery(t.Context(), to.id(), c.urls); got != (account.Delivery{}) || len(unsent) != len(c.urls) {
			t.Errorf("%s: %+v, %d unsent", name, got, len(unsent))
		}
	}
}
