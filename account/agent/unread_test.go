package agent_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A push message that cannot be read, in whatever way, may have told of a tab: it is looked for, and does not wait for
// the poll of the next day.
func TestUnreadablePushIsAHint(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]string{
		"no message":        `what is this?`,
		"another shape":     `{"messageType":"notification","channelID":"CHANNEL","version":1}`,
		"not for our keys":  `{"messageType":"notification","channelID":"CHANNEL","version":"v","data":"AAAA","headers":{"encoding":"aes128gcm"}}`,
		"another encoding":  `{"messageType":"notification","channelID":"CHANNEL","version":"v","data":"AAAA","headers":{"encoding":"new"}}`,
		"without a version": `{"messageType":"notification","channelID":"CHANNEL"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				desk, from := w.station("Desk", w.inBubble).run().signIn(), w.phone()
				rest(time.Minute)
				ctl := w.svc.Push()
				ctl.AnswerEndpoints(http.StatusInternalServerError) // the real message is lost
				desk.tab(from, desk.snapshot().Account.DeviceID, 1)
				rest(time.Minute)
				if n := desk.snapshot().Inbox.Total; n != 0 {
					t.Fatalf("%d tabs without a word of any", n)
				}
				ctl.Send(strings.ReplaceAll(odd, "CHANNEL", ctl.Channels(ctl.Connected()[0])[0]))
				rest(time.Minute)
				if n := desk.snapshot().Inbox.Total; n != 1 {
					t.Errorf("%d tabs a minute later", n)
				}
			})
		})
	}
}
