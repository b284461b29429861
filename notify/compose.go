package notify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/assets/i18n"
)

const (
	// listedTabs is how many tabs of a burst are named; servers show about five lines.
	listedTabs = 3
	// openAtOnce is the most tabs one click opens; more is asked in the window.
	openAtOnce = 10
)

// composer makes notifications in one language, for a desktop with clicks or without.
type composer struct {
	words  *i18n.Catalogue
	clicks bool
}

// tabs makes the notification for received tabs that are still unseen, oldest first.
func (c composer) tabs(b burst) Notification {
	n := Notification{Kind: KindTabs, Slot: string(KindTabs)}
	if entries := b.all(); len(entries) == 1 {
		c.oneTab(&n, entries[0])
	} else {
		c.manyTabs(&n, b)
	}
	if c.clicks {
		n.Buttons = append(n.Buttons, Button{ActionLater, c.words.T("notify.later")})
	} else {
		n.Body += "\n" + c.words.T("notify.in_inbox")
		n.Default, n.Buttons = "", nil
	}
	return n
}

func (c composer) oneTab(n *Notification, e localapi.InboxEntry) {
	t := c.words.T
	n.Title = t("notify.tab.title", "Device", c.device(e.From))
	n.Default = t("notify.show")
	switch {
	case e.Kind == localapi.KindUnreadable:
		n.Body = t("notify.tab.unreadable")
		n.Buttons = []Button{{ActionShow, t("notify.show")}}
		return
	case e.CanOpen:
		n.Default = t("notify.open")
		n.Buttons = []Button{{ActionOpen, t("notify.open")}, {ActionCopy, t("notify.copy")}}
	default:
		n.Buttons = []Button{{ActionCopy, t("notify.copy")}}
	}
	n.Body = lines(i18n.OneLine(e.Host, maxHost), i18n.OneLine(e.Title, maxTitle))
}

func (c composer) manyTabs(n *Notification, b burst) {
	t := c.words.T
	n.Title = c.words.N("notify.tabs.title", b.count())
	if from := b.sender(); from != "" {
		n.Title = c.words.N("notify.tabs.title_from", b.count(), "Device", c.device(from))
	}
	n.Default = t("notify.show")
	n.Buttons = []Button{{ActionShow, t("notify.show")}}
	if openable(b.all()) {
		n.Buttons = append([]Button{{ActionOpen, t("notify.open_all")}}, n.Buttons...)
	}
	var listed []string
	for _, e := range slices.Backward(b.recent) { // the newest is the news
		if len(listed) < listedTabs {
			listed = append(listed, c.tabLine(e))
		}
	}
	if rest := b.count() - len(listed); rest > 0 {
		listed = append(listed, c.words.N("notify.tabs.more", rest))
	}
	n.Body = lines(listed...)
}

// tabLine is one tab of a burst: host first.
func (c composer) tabLine(e localapi.InboxEntry) string {
	if e.Kind == localapi.KindUnreadable {
		return c.words.T("notify.tab.unreadable")
	}
	host, title := i18n.OneLine(e.Host, maxHost), i18n.OneLine(e.Title, maxTitle/2)
	if host == "" || title == "" {
		return host + title
	}
	return host + " · " + title
}

// event makes the notification for everything but received tabs; false when it makes none.
func (c composer) event(e localapi.Event) (Notification, bool) {
	t := c.words.T
	n := Notification{Default: t("notify.show")}
	show := Button{ActionShow, t("notify.show")}
	switch e.Kind {
	case localapi.DeviceConnected:
		n.Kind, show.Label = KindDevice, t("notify.device.manage")
		n.Title, n.Body = t("notify.device.title", "Device", c.device(e.Device)), t("notify.device.body")
	case localapi.CallerAsks:
		if e.Caller == nil {
			return n, false
		}
		n.Kind, show.Label = KindCaller, t("notify.caller.answer")
		n.Title = t("notify.caller.title")
		n.Body = lines(i18n.OneLine(e.Caller.Name, maxDevice), i18n.OneLine(e.Caller.ID, maxText), t("notify.caller.body"))
	case localapi.SignedOutElsewhere:
		n.Kind, show.Label = KindSignedOut, t("notify.sign_in")
		n.Title, n.Body = t("notify.signed_out.title"), t("notify.signed_out.body")
	case localapi.AccountDeleted:
		n.Kind = KindSignedOut
		n.Title, n.Body = t("notify.deleted.title"), t("notify.deleted.body")
	case localapi.SignInAgain:
		n.Kind, show.Label = KindSignIn, t("notify.sign_in")
		n.Title, n.Body = t("notify.sign_in_again.title"), t("notify.sign_in_again.body")
	case localapi.CloseRequested:
		if len(e.Entries) == 0 {
			return n, false
		}
		n.Kind = KindClose
		n.Title, n.Body = c.closing(e.Entries)
	case localapi.SendGivenUp:
		if e.Send == nil {
			return n, false
		}
		n.Kind = KindSend
		n.Title = t("notify.send.title", "Device", c.device(e.Send.To))
		n.Body = lines(i18n.OneLine(e.Send.Host, maxHost), i18n.OneLine(e.Send.Reason, maxText))
	default:
		return n, false
	}
	n.Slot = string(n.Kind)
	n.Default = show.Label
	if c.clicks {
		n.Buttons = []Button{show}
	} else {
		n.Default = ""
	}
	return n, true
}

// closing says who asks to close which tabs.
func (c composer) closing(entries []localapi.InboxEntry) (title, body string) {
	count := 0
	var hosts []string
	for _, e := range entries {
		count += len(e.URLs)
		for _, address := range e.URLs {
			if host, _ := link.Read(address); host != "" && !slices.Contains(hosts, host) && len(hosts) < listedTabs {
				hosts = append(hosts, i18n.OneLine(host, maxHost))
			}
		}
	}
	return c.words.N("notify.close.title", count, "Device", c.device(entries[len(entries)-1].From)), lines(hosts...)
}

// sent says what has become of a send so far.
func (c composer) sent(e localapi.OutboxEntry, now time.Time) Notification {
	t := c.words.T
	n := Notification{Kind: KindSend, Slot: string(KindSend), Body: i18n.OneLine(e.Host, maxHost)}
	device := c.device(e.To)
	switch {
	case e.State == localapi.SendWaiting && e.HeldUntil.After(now):
		n.Title = t("notify.sending.title", "Device", device)
		n.Buttons = []Button{{ActionUndo, t("notify.undo")}}
	case e.State == localapi.SendWaiting:
		n.Title, n.Body = t("notify.waiting.title", "Device", device), lines(n.Body, i18n.OneLine(e.Reason, maxText))
	case e.State == localapi.SendPushOff:
		n.Title, n.Body = t("notify.sent.title", "Device", device), lines(n.Body, t("notify.sent.push_off"))
	default:
		n.Title = t("notify.sent.title", "Device", device)
	}
	if c.clicks {
		n.Default = t("notify.show")
	} else {
		n.Buttons = nil
	}
	return n
}

// problem says that a click could not be followed.
func (c composer) problem(p problem) Notification {
	return Notification{Kind: KindProblem, Slot: string(KindProblem), Title: c.words.T(p.key), Body: cmp.Or(p.reason, c.words.T("notify.in_inbox"))}
}

func (c composer) device(name string) string {
	if name = i18n.OneLine(name, maxDevice); name != "" {
		return name
	}
	return c.words.T("common.unknown_device")
}

// lines joins what is not empty.
func lines(all ...string) string {
	var kept []string
	for _, l := range all {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}
