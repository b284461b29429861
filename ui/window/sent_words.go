package window

import (
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/widget"
)

// sentView is how a sent tab is shown: never as more than the server said.
type sentView struct {
	icon  string
	tone  widget.Tone
	words string
	// undo and retry tell which of the two makes sense now.
	undo, retry bool
}

// viewSent puts the state of a sent tab into words.
func viewSent(c *i18n.Catalogue, e localapi.OutboxEntry, now time.Time) sentView {
	reason := i18n.Plain(e.Reason)
	var v sentView
	switch e.State {
	case localapi.SendWaiting:
		if e.HeldUntil.After(now) {
			seconds := int((e.HeldUntil.Sub(now) + time.Second - 1) / time.Second)
			return sentView{icon: "clock", words: c.N("window.sent.held", seconds), undo: true}
		}
		v = sentView{icon: "clock", tone: widget.ToneWarn, words: c.T("window.sent.waiting"), retry: true}
		if reason != "" {
			v.words = c.T("window.sent.waiting_why", "Reason", reason)
		}
	case localapi.SendAccepted:
		v = sentView{icon: "tick", words: c.T("window.sent.accepted")}
	case localapi.SendAlerted:
		v = sentView{icon: "ticks", tone: widget.ToneFine, words: c.T("window.sent.alerted")}
	case localapi.SendPushOff:
		v = sentView{icon: "bell_off", tone: widget.ToneWarn, words: c.T("window.sent.push_off")}
	default:
		v = sentView{icon: "clock", tone: widget.ToneBad, words: c.T("window.sent.failed"), retry: true}
		if reason != "" {
			v.words = c.T("window.sent.failed_why", "Reason", reason)
		}
	}
	if v.retry && e.NextTry.After(now) {
		v.words = widget.Dotted(v.words, c.T("window.sent.next_try", "Time", clockTime(e.NextTry, now)))
	}
	if e.MayBeTwice {
		v.words = widget.Dotted(v.words, c.T("window.sent.maybe_twice"))
	}
	return v
}

// titleOf returns what to call a link: its title, or the link without scheme and query.
func titleOf(title, address string) string {
	if t := i18n.Plain(title); t != "" {
		return t
	}
	return shortLink(address)
}
