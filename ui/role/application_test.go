package role

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// TestSendCopied: whoever sends the copied link from a menu sees nothing of ours. So it is told, and can be
// taken back, as from the tray; where it cannot be sent the window opens, which says why.
func TestSendCopied(t *testing.T) {
	used := time.Unix(1, 0).UTC()
	phone := localapi.Device{ID: "phone", CanReceiveTabs: true, LastSentTo: used}
	const link, sent = "https://a.example/", `Send {"links":[{"url":"https://a.example/"}],"devices":["phone"],"hold":true,"tell":true}`
	const titled, withTitle = "https://titled.example/", `Send {"links":[{"url":"https://titled.example/","title":"A title"}],"devices":["phone"],"hold":true,"tell":true}`
	const unread = "https://unread.example/"
	title := func(_ context.Context, address string) (string, error) {
		switch address {
		case titled:
			return "A title", nil
		case unread:
			return "", errors.New("the clipboard does not answer")
		}
		return "", nil
	}
	for _, c := range []struct {
		name, text string
		device     localapi.Device
		account    localapi.AccountState
		refused    bool
		sends      string
		asks       int
	}{
		{"a link", link, phone, localapi.SignedIn, false, sent, 0},
		{"a link with a title", titled, phone, localapi.SignedIn, false, withTitle, 0},
		{"a title that cannot be read", unread, phone, localapi.SignedIn, false, strings.Replace(sent, link, unread, 1), 0},
		{"no link", "hello", phone, localapi.SignedIn, false, "", 1},
		{"nothing sent yet", link, localapi.Device{ID: "phone", CanReceiveTabs: true}, localapi.SignedIn, false, "", 1},
		{"signed out", link, phone, localapi.SignedOut, false, "", 1},
		{"refused", link, phone, localapi.SignedIn, true, sent, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			agent, client := localapitest.New(t)
			agent.Set(localapi.Snapshot{Account: localapi.Account{State: c.account}, Devices: localapi.DeviceList{Items: []localapi.Device{c.device}}})
			if c.refused {
				agent.Refuse("Send", &localapi.Error{Code: localapi.CodeNoDevice, Message: "gone"})
			}
			asked := 0
			f := &faces{client: client, title: title, log: slog.New(slog.DiscardHandler)}
			if err := f.sendCopied(t.Context(), c.text, func(context.Context) error { asked++; return nil }); err != nil {
				t.Error(err)
			}
			if got := strings.Join(agent.Log("Send"), "; "); got != c.sends || asked != c.asks {
				t.Errorf("asked the agent %q, the person %d times", got, asked)
			}
		})
	}
}
