package agent

import (
	"context"

	"github.com/tabferry/tabferry/account/agent/wake"
	"github.com/tabferry/tabferry/account/push"
)

// watchNetwork follows what is told of the network, if anybody tells.
func (a *Agent) watchNetwork(ctx context.Context) {
	if a.params.Wake == nil {
		return
	}
	a.background.Go(func() {
		if err := a.params.Wake.Watch(ctx, a.NetworkChanged); err != nil && ctx.Err() == nil {
			a.params.Logger.Warn("the network cannot be watched", "error", err)
		}
	})
}

// NetworkChanged tells the agent about the network, or that the machine slept. With Params.Wake it is
// called by itself.
func (a *Agent) NetworkChanged(event wake.Event) {
	a.mu.Lock()
	e := a.engine
	a.mu.Unlock()
	if e == nil {
		return
	}
	a.params.Logger.Info("the network or the machine changed", "event", string(event))
	switch event {
	case wake.Online:
		e.push.Wake(push.Online)
	case wake.Resumed:
		e.push.Wake(push.Resumed)
		e.poller.mark()
	case wake.Changed:
		e.push.Wake(push.RouteChanged)
		return
	case wake.Offline:
		e.push.Wake(push.NoNetwork)
		e.offline()
		return
	}
	e.wakeAll()
}
