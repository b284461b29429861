package window

import (
	"cmp"
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

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
		v = sentView{icon: "failed", tone: widget.ToneBad, words: c.T("window.sent.failed"), retry: true}
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

// offerUndo says that links wait to leave, or a request to close tabs, and takes them back on request.
func (w *Window) offerUndo(entries []localapi.OutboxEntry, aims []localapi.Device) {
	if len(entries) == 0 {
		return
	}
	device := w.words.N("window.toast.devices", len(aims))
	if len(aims) == 1 {
		device = w.name(aims[0], maxName)
	}
	key := "window.toast.sending"
	if entries[0].Close {
		key = "window.toast.closing"
	}
	words := func(seconds int) string { return w.words.N(key, seconds, "Device", device) }
	w.toasts.count(widget.ToneInfo, words, w.t("window.undo"), func() { w.undo(entries) }, localapi.HoldTime)
}

// undo takes entries back, and gives their links back to the field they came from.
func (w *Window) undo(entries []localapi.OutboxEntry) {
	list := make([]string, 0, len(entries))
	var links []localapi.Link
	for _, e := range entries {
		list = append(list, e.ID)
		if link := (localapi.Link{URL: e.URL, Title: e.Title}); !e.Close && !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	w.call(func(ctx context.Context) error { return w.p.Agent.Undo(ctx, list...) }, func(err error) {
		if w.failed(err) {
			return
		}
		if p := w.sendPane(); p.link.Text == "" && p.list.links == nil {
			p.setLinks(links, "")
		}
		w.toasts.say(widget.ToneFine, w.t("window.toast.undone"))
	})
}

// waitingSends says above the list of sent tabs that some wait, for what, since when and until when.
type waitingSends struct {
	w      *Window
	object *fyne.Container
	words  *widget.Text
	why    *widget.Text
	act    *widget.Button
}

func (s *waitingSends) build(w *Window) fyne.CanvasObject {
	s.w, s.words, s.why, s.act = w, widget.NewText(""), widget.NewMuted(""), w.button("", nil)
	s.object = widget.Inset(0, 0, 4, 0, widget.Border(nil, nil, nil, widget.Middle(s.act), widget.VStack(widget.GapTiny, s.words, s.why)))
	return s.object
}

// waits returns the newest of the sent tabs that wait, and how many do: neither those that can still be taken
// back nor those that are just on their way, of which nothing is known yet.
func waits(o localapi.Outbox, now time.Time) (some []localapi.OutboxEntry, count int) {
	count = o.Waiting
	for _, e := range o.Recent {
		switch {
		case e.State != localapi.SendWaiting:
		case e.HeldUntil.After(now), e.Reason == "" && e.NextTry.IsZero():
			count--
		default:
			some = append(some, e)
		}
	}
	return some, max(count, len(some))
}

func (s *waitingSends) update() {
	w, snap, now := s.w, s.w.model.snap, s.w.p.Now()
	some, count := waits(snap.Outbox, now)
	widget.SetVisible(s.object, count > 0)
	if count == 0 {
		return
	}
	since, reason, next := now, snap.Connection.Problem, time.Time{}
	for _, e := range some {
		since, reason = earlier(since, e.At), cmp.Or(reason, e.Reason)
		if e.NextTry.After(now) {
			next = earlier(next, e.NextTry)
		}
	}
	key, label, act := "window.sent.wait_server", w.t("window.sent.retry_now"), s.retry
	switch {
	case snap.Account.State == localapi.NeedsSignIn:
		key, label, act = "window.sent.wait_sign_in", w.t("window.signin.title"), func() { w.show(PaneSignIn) }
	case snap.Connection.Lost():
		key, since = "window.sent.wait_offline", snap.Connection.Since
	case snap.Connection.BackoffUntil.After(now):
		next, label = snap.Connection.BackoffUntil, "" // asking before would only make it longer
	}
	s.words.Set(w.words.N(key, count))
	facts := []string{i18n.Plain(reason), w.t("window.sent.since", "Time", clockTime(since, now))}
	if !next.IsZero() {
		facts = append(facts, w.t("window.sent.next_try", "Time", clockTime(next, now)))
	}
	s.why.Say(widget.Dotted(facts...))
	s.act.OnTapped = act
	s.act.Relabel(label)
	widget.SetVisible(s.act, label != "")
}

// earlier returns the earlier of two times of which the first may be unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// retry tries everything that waits, also what is not listed.
func (s *waitingSends) retry() {
	w := s.w
	w.do(func(ctx context.Context) error {
		all, err := w.p.Agent.Outbox(ctx)
		if err != nil {
			return err
		}
		some, _ := waits(localapi.Outbox{Recent: all}, w.p.Now())
		list := make([]string, 0, len(some))
		for _, e := range some {
			list = append(list, e.ID)
		}
		if len(list) == 0 {
			return nil // meanwhile they have left
		}
		return w.p.Agent.Retry(ctx, list...)
	})
}

func (p *sendPane) updateSent() {
	w := p.w
	p.waiting.update()
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
		spec.Action = widget.Action{Label: w.t("window.undo"), Do: func() { w.undo([]localapi.OutboxEntry{e}) }}
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
