package notify

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

// TestEveryNotificationIsTranslated makes each kind of notification in the language for tests: a plain
// letter that is no data comes from no translation.
func TestEveryNotificationIsTranslated(t *testing.T) {
	const data = "Phone Tablet a.test b.test Page other offline Firefox Tabferry send@example.test"
	plain := regexp.MustCompile(`[A-Za-z]{2,}`)
	unreadable := tab("3", "Phone", "", "")
	unreadable.Kind, unreadable.CanOpen = localapi.KindUnreadable, false
	nameless, closed := tab("4", "", "a.test", ""), tab("5", "Phone", "a.test", "Page")
	closed.CanOpen = false
	closing := tab("6", "Phone", "", "")
	closing.Kind, closing.URLs = localapi.KindClose, []string{"https://a.test/", "https://b.test/"}
	now := time.Now()
	var made []Notification
	for _, clicks := range []bool{true, false} {
		c := composer{words: i18n.New(i18n.Pseudo), clicks: clicks}
		one, two := tab("1", "Phone", "a.test", "Page"), tab("2", "Tablet", "b.test", "other")
		for _, entries := range [][]localapi.InboxEntry{{one}, {unreadable}, {nameless}, {closed}, {one, two}, {one, closed}, {one, two, unreadable, nameless, closed}} {
			made = append(made, c.tabs(newBurst(entries...)))
		}
		sent := localapi.OutboxEntry{To: "Tablet", Host: "a.test", State: localapi.SendFailed, Reason: "offline"}
		for _, e := range []localapi.Event{
			{Kind: localapi.DeviceConnected, Device: "Phone"},
			{Kind: localapi.SignedOutElsewhere},
			{Kind: localapi.AccountDeleted},
			{Kind: localapi.SignInAgain},
			{Kind: localapi.CloseRequested, Entries: []localapi.InboxEntry{closing}},
			{Kind: localapi.SendGivenUp, Send: &sent},
			{Kind: localapi.CallerAsks, Caller: &localapi.Caller{ID: "Firefox:send@example.test", Name: "Page"}},
		} {
			n, ok := c.event(e)
			if !ok {
				t.Fatalf("%s makes no notification", e.Kind)
			}
			made = append(made, n)
		}
		for _, state := range []localapi.SendState{localapi.SendWaiting, localapi.SendPushOff, localapi.SendAlerted, localapi.SendAccepted} {
			sent := localapi.OutboxEntry{To: "Tablet", Host: "a.test", State: state, Reason: "offline"}
			made = append(made, c.sent(sent, now))
			sent.HeldUntil = now.Add(localapi.HoldTime)
			made = append(made, c.sent(sent, now))
		}
	}
	for _, n := range made {
		texts := []string{n.Title, n.Body, n.Default}
		for _, b := range n.Buttons {
			texts = append(texts, b.Label)
		}
		if n.Title == "" {
			t.Errorf("%s has no title", n.Kind)
		}
		for _, text := range texts {
			for _, word := range plain.FindAllString(text, -1) {
				if !strings.Contains(data, word) {
					t.Errorf("%s: %q in %q is no translation", n.Kind, word, text)
				}
			}
		}
	}
}
