package subscription

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/push"
)

// Live writes what is read anew for each snapshot: a pong is not worth waking the faces for.
func (s *Subscription) Live(shown *localapi.Snapshot) {
	h := s.push.Health()
	p := &shown.Connection.Push
	p.LastMessage, p.LastPong, p.NextRetry = of(h, h.LastMessage), of(h, h.LastPong), h.NextAttempt
	s.mu.Lock()
	p.Expired = s.dead
	s.mu.Unlock()
}

// of is a moment of the connection there is: one of an earlier connection says nothing of it, and is zero.
func of(h push.Health, at time.Time) time.Time {
	if h.State != push.Connected || at.Before(h.Since) {
		return time.Time{}
	}
	return at
}

// changed hears of a subscription that the push client made anew.
func (s *Subscription) changed(_ context.Context, _ string, sub push.Subscription) {
	s.mu.Lock()
	s.sub = sub
	s.mu.Unlock()
	s.Poke()
	s.Missed()
}

// healthChanged shows the state of the connection, and looks for what an outage made us miss.
func (s *Subscription) healthChanged(_ context.Context, h push.Health) {
	connected := h.State == push.Connected
	s.Board.Change(func(shown *localapi.Snapshot) {
		p := &shown.Connection.Push
		p.Connected, p.NextRetry, p.ConnectedSince = connected, h.NextAttempt, time.Time{}
		if connected {
			p.ConnectedSince = h.Since
		}
	})
	if connected && h.Outage >= outageWorthPolling {
		s.Returned()
		return
	}
	s.Changed()
}

// hint has a command fetched before the push client records what it was told. The command itself is stored before
// anybody hears of it, and the index that was stored with it keeps it from being shown twice. The faces are told
// of the message with what the poll brings.
func (s *Subscription) hint(msg push.Message) bool {
	event, ok := s.Account.Announced(msg.Text)
	if ok && !event.Seen { // else an earlier poll, or the one before the push, has brought it
		s.Command(event.Index)
	}
	return ok
}

// commandReceived names a message that tells of a command; whatever else it says may be new to us.
const commandReceived = "fxaccounts:command_received"

// unread looks for what a message may have told that could not be read: there is no poll by itself for a day.
func (s *Subscription) unread(context.Context) { s.Missed() }

// handle takes any other push message. What it tells is a hint; the account looks after the rest.
func (s *Subscription) handle(ctx context.Context, msg push.Message) {
	s.Board.Tell() // the time of the last message
	event, err := s.Account.HandlePush(ctx, msg.Text)
	if err != nil {
		s.Logger.Info("a push message was not used", "error", err)
		s.Missed()
		return
	}
	switch event := event.(type) {
	case account.ProfileUpdated:
		s.ProfileChanged()
	case account.DeviceConnected:
		s.DeviceJoined()
		if !s.Expected() {
			s.Board.Tell(localapi.Event{Kind: localapi.DeviceConnected, Device: link.Clean(event.Name)})
		}
	case account.DeviceDisconnected:
		if event.Local {
			s.SignedOut()
			s.Board.Tell(localapi.Event{Kind: localapi.SignedOutElsewhere})
			return
		}
		s.DevicesChanged()
	case account.AuthStateChanged:
		s.PasswordChanged()
	case account.AccountDestroyed:
		s.Deleted()
	case account.UnknownEvent:
		if event.Command == commandReceived {
			s.Missed()
		}
	case account.CommandReceived:
	}
}
