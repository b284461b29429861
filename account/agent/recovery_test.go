package agent_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// recovery is how long it may take until tabs move again once a fault has ended.
const recovery = 10 * time.Second

// One fault of any kind, of a poll or of a send, holds a tab up for ten seconds at most.
func TestRecovery(t *testing.T) {
	t.Parallel()
	with := func(options ...accounttest.FaultOption) []accounttest.FaultOption { return options }
	body := func(text string) []accounttest.FaultOption {
		return with(accounttest.RawBody("application/json", text))
	}
	for name, c := range map[string]struct {
		status  int
		options []accounttest.FaultOption
	}{
		"an error":        {http.StatusInternalServerError, nil},
		"a proxy's error": {http.StatusBadGateway, with(accounttest.HTML())},
		"a hotel's page":  {http.StatusOK, with(accounttest.RawBody("text/html", "<html>hotel</html>"))},
		"a redirect":      {http.StatusFound, with(accounttest.HTML())},
		"a lost reply":    {0, with(accounttest.LoseReply())},
		"a reset":         {0, with(accounttest.DropConnection())},
		"null":            {http.StatusOK, body("null")},
		"half an answer":  {http.StatusOK, body(`{"index":1,"last":tr`)},
		"ten megabytes":   {http.StatusOK, body(`"` + strings.Repeat("x", 10<<20) + `"`)},
		"a hung request":  {0, with(accounttest.Delay(time.Hour))},
	} {
		for _, route := range []string{invoke, commands} {
			t.Run(name+" of "+route, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T, w *world) {
					desk, lap := w.station("Desk", w.inBubble).run().signIn(), w.station("Laptop", w.inBubble).run().signIn()
					to := desk.alertable("Laptop")
					rest(time.Hour)
					w.svc.Faults.Next(route, c.status, c.options...)
					sent := desk.send(to, "https://example.com/", "")
					rest(recovery)
					got, err := desk.face.Sent(t.Context(), sent.ID)
					n := lap.snapshot().Inbox.Total
					if err != nil || got.State != localapi.SendAlerted || n != 1 && !(n == 2 && got.MayBeTwice) {
						t.Errorf("ten seconds later %d tabs; %+v, %v", n, got, err)
					}
				})
			})
		}
	}
}

// Who signs out while the server wants silence is signed out there as soon as that has ended.
func TestSignOutWithinBackoff(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		desk := w.station("Desk", w.inBubble).run().signIn()
		rest(time.Hour)
		w.svc.Faults.Next(commands, http.StatusTooManyRequests, accounttest.RetryAfter(100))
		if err := desk.face.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		rest(time.Second)
		if err := desk.face.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		rest(98 * time.Second)
		if w.liveTokens() == 0 {
			t.Error("asked within the silence")
		}
		rest(4 * time.Second)
		if n := w.liveTokens(); n != 0 {
			t.Errorf("%d tokens live after it", n)
		}
	})
}
