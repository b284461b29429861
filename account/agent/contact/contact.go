// Package contact is what the agent knows about its way to the accounts server: it hears the end of
// each remote call, and shows whether the server answers and whether it wants to be left alone.
package contact

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Params is what a contact may touch.
type Params struct {
	Board  *board.Board
	Clock  kit.Clock
	Logger *slog.Logger
	// Doubt hears that the server refused a credential, Back that it answers again. Neither may block.
	Doubt, Back func()
}

// Contact hears of remote calls. Make it with [New].
type Contact struct {
	Params

	mu      sync.Mutex
	backoff time.Duration // the end of the wait that is shown, on the monotonic clock
}

// New returns a contact.
func New(p Params) *Contact { return &Contact{Params: p} }

// Heard takes note of how a remote call of the account ended; it is for [account.WithOutcome].
func (c *Contact) Heard(err error) {
	if board.Ended(err) {
		return
	}
	var wait *account.BackoffError
	var remote *account.RemoteError
	switch {
	case err == nil:
		c.answered(true, time.Time{}, localapi.Sentence{})
	case errors.As(err, &wait):
		c.answered(wait.Remote != nil, wait.Until, board.Backoff.Say())
	case errors.Is(err, account.ErrNetwork):
		c.Lost()
	case errors.As(err, &remote):
		problem := localapi.Sentence{}
		if errors.Is(err, account.ErrUnavailable) {
			problem = board.Busy.Say()
		}
		c.answered(true, time.Time{}, problem)
	}
	if err != nil {
		c.Logger.Info("a call to the accounts server failed", "error", err)
	}
	if board.Doubtful(err) {
		c.Doubt()
	}
}

// answered notes that the server can be reached.
func (c *Contact) answered(now bool, backoff time.Time, problem localapi.Sentence) {
	at := c.Clock.Now().UTC()
	waits := c.waits(backoff.Sub(at), !backoff.IsZero())
	back := false
	c.Board.Change(func(s *localapi.Snapshot) {
		conn := &s.Connection
		if now {
			conn.LastContact = at
		}
		if !conn.Online {
			back = !conn.Since.IsZero()
			conn.Online, conn.Since = true, at
		}
		if backoff.IsZero() && waits {
			return // another service of the server answers; the wish of the first one stands
		}
		conn.BackoffUntil = backoff
		conn.Problem, conn.ProblemSaid = problem.Parts()
	})
	if back {
		c.Back()
	}
}

// waits notes a wait that begins, and reports whether one goes on.
func (c *Contact) waits(wait time.Duration, begins bool) bool {
	now := c.Clock.Monotonic()
	c.mu.Lock()
	defer c.mu.Unlock()
	if begins {
		c.backoff = now + wait
	}
	return now < c.backoff
}

// Lost notes that the server cannot be reached.
func (c *Contact) Lost() {
	at := c.Clock.Now().UTC()
	c.Board.Change(func(s *localapi.Snapshot) {
		conn := &s.Connection
		if conn.Online || conn.Since.IsZero() {
			conn.Online, conn.Since = false, at
		}
		conn.Problem, conn.ProblemSaid = board.Offline.Say().Parts()
	})
}
