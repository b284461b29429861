package window

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

// The times between attempts to reach the agent: it is a process on the same machine, so the first
// comes at once and the later ones stay close.
const (
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 5 * time.Second
)

// watch feeds the model until ctx ends, and connects again when the agent was restarted.
func (w *Window) watch(ctx context.Context) {
	wait := firstReconnect
	for ctx.Err() == nil {
		for u, err := range w.p.Agent.Watch(ctx, localapi.FaceWindow) {
			if err != nil {
				if ctx.Err() == nil {
					w.post(func() { w.lose(err) })
				}
				break
			}
			wait = firstReconnect
			w.post(func() { w.apply(u) })
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake:
		}
		timer.Stop()
		wait = min(2*wait, lastReconnect)
	}
}

// lose notes that the agent went away.
func (w *Window) lose(err error) {
	w.model.loseAgent(err, w.p.Now())
	w.refresh()
	w.schedule()
}

// reconnect tries at once to reach the agent, and starts it if that is possible.
func (w *Window) reconnect() {
	wake := func() {
		select {
		case w.wake <- struct{}{}:
		default: // one wish waits already
		}
	}
	if w.p.StartAgent == nil {
		wake()
		return
	}
	w.call(w.p.StartAgent, func(err error) {
		if err != nil {
			w.toasts.say(widget.ToneBad, w.t("window.error.start_agent"))
		}
		wake()
	})
}

// retryServers asks the agent to look anew, or looks for the agent when it is gone.
func (w *Window) retryServers() {
	if w.model.lost != nil {
		w.reconnect()
		return
	}
	w.do(w.p.Agent.Refresh)
}
