package notify

import (
	"context"
	"strings"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// respond does what a person chose. What takes time runs beside the loop; Run waits for it.
func (n *Notifier) respond(ctx context.Context, r Response) {
	about, ok := n.open[r.Serial]
	if !ok {
		return // replaced meanwhile: it does not say any more what was clicked
	}
	delete(n.open, r.Serial)
	if about.kind == KindTabs && about.slot == string(KindTabs) {
		n.unseen = burst{} // looked at or put away: the next tab begins a new count
	}
	if r.Action != "" {
		n.withdraw(ctx, about.slot) // not every server takes away what was answered
	}
	if r.Action == ActionCopy && len(about.entries) == 0 {
		r.Action = ActionShow // too many to hold: the window has them
	}
	n.follow(ctx, r.Action, about)
}

// follow does what an action asks for.
func (n *Notifier) follow(ctx context.Context, action Action, about shown) {
	switch action {
	case ActionOpen, ActionDefault:
		if about.kind == KindTabs && openable(about.entries) && (action == ActionOpen || len(about.entries) == 1) {
			browser := n.settings.Browser
			n.do(ctx, "notify.problem.open", func(ctx context.Context) error { return n.openTabs(ctx, browser, about.entries) })
			return
		}
		n.do(ctx, windowProblem, func(ctx context.Context) error { return n.p.Show(ctx, about.pane) })
	case ActionShow:
		n.do(ctx, windowProblem, func(ctx context.Context) error { return n.p.Show(ctx, about.pane) })
	case ActionCopy:
		n.do(ctx, "notify.problem.copy", func(ctx context.Context) error { return n.copyTabs(ctx, about.entries) })
	case ActionUndo:
		delete(n.telling, about.send)
		n.do(ctx, "notify.problem.undo", func(ctx context.Context) error { return n.p.Agent.Undo(ctx, about.send) })
	case ActionLater:
		// It stays unread in the inbox.
	}
}

// do runs what a click asked for, and lets the loop tell when it did not work.
func (n *Notifier) do(ctx context.Context, key string, f func(ctx context.Context) error) {
	n.doing.Go(func() {
		err := f(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		n.p.Logger.Warn("a click on a notification could not be followed", "problem", key, "error", err)
		if key == windowProblem {
			n.WindowFailed(ctx, err)
			return
		}
		select {
		case n.failed <- problem{key: key}:
		case <-ctx.Done():
		}
	})
}

func openable(entries []localapi.InboxEntry) bool {
	for _, e := range entries {
		if !e.CanOpen {
			return false
		}
	}
	return len(entries) > 0 && len(entries) <= openAtOnce
}

// openTabs opens each tab and marks it as read; one that does not open stays unread.
func (n *Notifier) openTabs(ctx context.Context, browser string, entries []localapi.InboxEntry) error {
	for _, e := range entries {
		if err := n.p.Open(ctx, browser, e.URL); err != nil {
			return err
		}
		if err := n.p.Agent.MarkRead(ctx, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// copyTabs puts the links on the clipboard, one a line, and marks them as read.
func (n *Notifier) copyTabs(ctx context.Context, entries []localapi.InboxEntry) error {
	var links, ids []string
	for _, e := range entries {
		links, ids = append(links, e.URL), append(ids, e.ID)
	}
	if err := n.p.Copy(ctx, strings.Join(links, "\n")); err != nil {
		return err
	}
	return n.p.Agent.MarkRead(ctx, ids...)
}
