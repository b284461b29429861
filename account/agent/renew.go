package agent

import (
	"context"

	"golang.org/x/mod/semver"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

var (
	notReplaced = localapi.NewPhrase("renew.not_replaced", "Tabferry {running} runs from another place, and nothing newer was installed there.", "end it with `tabferry quit`, and start {version}")
	wouldLose   = localapi.NewPhrase("renew.would_lose", "Tabferry {running} goes on: a restart would lose or lock what it holds.", "end it with `tabferry quit` when it suits you, and start {version}")
)

// Renew promises to give way to the program that was put in this one's place, if that is newer. An agent
// that was unlocked with a passphrase, or keeps nothing, stays: its person would have to be asked first.
func (a *Agent) Renew(ctx context.Context, version string) error {
	refuse := func(why localapi.Phrase) error {
		return why.Refuse(localapi.CodeConflict, "running", a.params.Version, "version", version)
	}
	if a.params.Successor == nil {
		return refuse(notReplaced)
	}
	next, err := a.params.Successor(ctx)
	if err != nil {
		a.params.Logger.Warn("the program in our place could not be asked for its version", "error", err)
	}
	if err != nil || semver.Compare("v"+next, "v"+a.params.Version) <= 0 {
		return refuse(notReplaced)
	}
	switch s := a.board.Now().Storage; {
	case s.Protection == localapi.MemoryOnly, s.Protection == localapi.ProtectedByPassphrase && !s.Locked:
		return refuse(wouldLose)
	}
	select {
	case a.renewal <- struct{}{}:
		a.params.Logger.Info("a newer version is installed: giving way when idle", "version", next)
	default: // promised already
	}
	return nil
}

// Renewed reports whether Run ended for a successor, which whoever runs us has to start.
func (a *Agent) Renewed() bool { return a.renewed.Load() }

// giveWay ends the agent when it has been asked to give way and is idle.
func (a *Agent) giveWay() {
	select {
	case <-a.renewal:
	case <-a.life.Done():
		return
	}
	changes := a.board.Watch(localapi.FaceCommand)
	defer changes.Close()
	for !a.idle() {
		if _, ok := changes.Next(a.life); !ok {
			return
		}
	}
	if a.life.Err() == nil {
		a.renewed.Store(true)
		a.endLife()
	}
}

// idle reports whether nothing is under way that an end would break off: a sign-in, a pairing, a request
// that sends a tab. What only waits goes on with the next agent.
func (a *Agent) idle() bool {
	s := a.board.Now()
	if s.SignIn != nil || s.Account.State == localapi.SigningIn || s.Pairing != nil && !s.Pairing.State.Ended() {
		return false
	}
	w := a.storage.Present()
	return w == nil || !w.outbox.Sending()
}
