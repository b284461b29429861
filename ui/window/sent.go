package window

import (
	"context"
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

// sentShown is how many sent tabs are listed before "show all".
const sentShown = 5

// offerUndo says that links wait to leave, and takes them back on request.
func (w *Window) offerUndo(entries []localapi.OutboxEntry, aims []localapi.Device) {
	words := w.words.N("window.toast.sending_many", len(aims))
	if len(aims) == 1 {
		words = w.t("window.toast.sending", "Device", w.name(aims[0], maxName))
	}
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		list = append(list, e.ID)
	}
	w.toasts.put(widget.ToneInfo, words, w.t("window.undo"), func() { w.undo(list) }, localapi.HoldTime)
}

func (w *Window) undo(list []string) {
	w.call(func(ctx context.Context) error { return w.p.Agent.Undo(ctx, list...) }, func(err error) {
		if !w.failed(err) {
			w.toasts.say(widget.ToneFine, w.t("window.toast.undone"))
		}
	})
}

func (p *sendPane) updateSent() {
	w := p.w
	recent := w.model.snap.Outbox.Recent
	widget.SetVisible(p.sentBox, len(recent) > 0)
	shown := recent
	if !p.allSent && len(shown) > sentShown {
		shown = shown[:sentShown]
	}
	specs := make([]widget.RowSpec, 0, len(shown))
	for _, e := range shown {
		specs = append(specs, p.sentRow(e))
	}
	p.sentRows.Set(specs)
	widget.SetVisible(p.sentMore, len(recent) > sentShown)
	label := w.words.N("window.send.show_all", len(recent))
	if p.allSent {
		label = w.t("window.send.show_fewer")
	}
	p.sentMore.Relabel(label)
}

func (p *sendPane) sentRow(e localapi.OutboxEntry) widget.RowSpec {
	w := p.w
	now := w.p.Now()
	v := viewSent(w.words, e, now)
	title := titleOf(e.Title, e.URL)
	if e.Close {
		title = w.t("window.sent.close", "Title", title)
	}
	spec := widget.RowSpec{
		ID: e.ID, Icon: v.icon, IconColor: v.tone.Color(), Title: title, DetailTone: v.tone,
		Detail: widget.Dotted(w.nameOf(e.ToID, e.To), v.words, when(w.words, e.At, now)),
		More:   w.t("window.more"),
	}
	switch {
	case v.undo:
		spec.Detail = widget.Dotted(w.nameOf(e.ToID, e.To), v.words)
		spec.Action = widget.Action{Label: w.t("window.undo"), Do: func() { w.undo([]string{e.ID}) }}
	case v.retry:
		spec.Action = widget.Action{Label: w.t("window.retry"), Do: func() {
			w.do(func(ctx context.Context) error { return w.p.Agent.Retry(ctx, e.ID) })
		}}
	}
	remove := w.t("window.sent.remove")
	if e.State == localapi.SendWaiting {
		remove = w.t("window.sent.do_not_send")
	}
	spec.Menu = []widget.MenuEntry{
		{Label: w.t("window.copy_link"), Do: func() { w.copy(e.URL) }},
		{Label: w.t("window.sent.again"), Do: func() {
			p.setLinks([]localapi.Link{{URL: e.URL, Title: e.Title}}, e.ToID)
		}},
		{Label: remove, Do: func() {
			w.do(func(ctx context.Context) error { return w.p.Agent.DeleteSent(ctx, e.ID) })
		}},
	}
	return spec
}
