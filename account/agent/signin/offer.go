package signin

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// offerTime is how long the accounts server may take to answer that the sign-in was shown
// (docs/protocol/relying-party.md §4).
const offerTime = 3 * time.Second

// offer is a sign-in that is being shown to somebody, as the accounts server's statistics count it.
type offer struct {
	end  context.CancelFunc // gives up the question to the server
	flow account.MetricsFlow
	at   time.Duration // when the flow came, on the monotonic clock; it holds nothing before
}

// Shown hears that a view which offers the sign-in has become visible, and tells the accounts server
// where that is allowed and configured: each view is a new flow. Nobody waits for the answer; what has
// come of it when the sign-in begins goes along.
func (s *SignIn) Shown(form localapi.SignInForm) {
	if s.Metrics.Origin == "" || s.Board.SignedIn() {
		return
	}
	params := s.Metrics
	params.Form = string(form)
	o := &offer{end: func() {}}
	s.offer(o)
	s.Go(func(ctx context.Context) {
		ctx, end := context.WithTimeout(ctx, offerTime)
		defer end()
		if !s.asking(o, end) {
			return
		}
		flow, err := s.Account.MetricsFlow(ctx, params)
		switch {
		case err == nil:
			s.offered(o, flow)
		case !errors.Is(err, account.ErrMetricsOff) && ctx.Err() == nil:
			s.Logger.Info("the accounts server took no note of the sign-in that is shown", "error", err)
		}
	})
}

// offer makes o the present offer, nil for none, and gives up the one before.
func (s *SignIn) offer(o *offer) (before *offer) {
	s.mu.Lock()
	before, s.shown = s.shown, o
	s.mu.Unlock()
	if before != nil {
		before.end()
	}
	return before
}

// asking notes how to give up the question to the server, and reports whether it is to be asked.
func (s *SignIn) asking(o *offer, end context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown != o {
		return false
	}
	o.end = end
	return true
}

// offered keeps the answer for the sign-in that may follow.
func (s *SignIn) offered(o *offer, flow account.MetricsFlow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown == o {
		o.flow, o.at = flow, s.Clock.Monotonic()
	}
}

// Withdraw forgets what the accounts server told of a sign-in that is shown.
func (s *SignIn) Withdraw() { s.offer(nil) }

// takeFlow returns the flow of the view that is shown, for one sign-in: none while there is no answer, or
// when its time is over.
func (s *SignIn) takeFlow() account.MetricsFlow {
	o := s.offer(nil)
	if o == nil || s.Clock.Monotonic()-o.at >= account.MetricsFlowLife {
		return account.MetricsFlow{}
	}
	return o.flow
}
