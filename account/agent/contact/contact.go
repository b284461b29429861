// Package contact is what the agent knows about its way to the accounts server: it hears the end of
// each remote call, and shows whether the server answers and whether it wants to be left alone.
package contact

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// Params is what a contact may touch.
type Params struct {
	Board  *board.Board
	Clock  kit.Clock
	Logger *slog.Logger
	// Doubt hears that the server refused a credential, Unknown that it does not know the account, Back that
	// it answers again, ClockSet that the clock was set during a wait. None may block.
	Doubt, Unknown, Back, ClockSet func()
}

// Contact hears of remote calls. Its worker keeps what is shown of a wait true. Make it with [New].
type Contact struct {
	Params
	*worker.Worker

	mu    sync.Mutex
	waits map[string]wait // by service of the server
}

// wait is the end of a wait: on the monotonic clock, and as it is told.
type wait struct {
	end  time.Duration
	told time.Time
}

// New returns a contact.
func New(p Params) *Contact {
	c := &Contact{Params: p, waits: make(map[string]wait)}
	c.Worker = worker.New(c.work)
	return c
}

// lookEvery is how often the clock is looked at while a wait is shown: its end is shown as a time of
// day, and nobody tells when the clock is set.
const lookEvery = 5 * time.Second

// work ends what is shown of a wait with the wait, and sets it right when the clock was set.
func (c *Contact) work(context.Context) time.Duration {
	until, next := c.waiting()
	shown, said := time.Time{}, false
	c.Board.Read(func(s *localapi.Snapshot) {
		shown, said = s.Connection.BackoffUntil, s.Connection.ProblemSaid.Key == board.Backoff.Say().Said.Key
	})
	switch {
	case until.IsZero() && (said || !shown.IsZero()):
		c.Board.Change(c.show)
	case !shown.IsZero() && !until.IsZero() && !until.Equal(shown):
		c.Board.Change(c.show)
		c.ClockSet()
	}
	return min(next, lookEvery)
}

// waiting returns when the last of the waits ends, on the wall clock as it is set now, and how long it is until
// the first one does; zero when there is none.
func (c *Contact) waiting() (until time.Time, next time.Duration) {
	now := c.Clock.Monotonic()
	c.mu.Lock()
	defer c.mu.Unlock()
	var last wait
	for service, w := range c.waits {
		left := w.end - now
		if left <= 0 {
			delete(c.waits, service)
			continue
		}
		w.told = kit.Wall(c.Clock, w.end, w.told)
		c.waits[service] = w
		if w.end > last.end {
			last = w
		}
		if next == 0 || left < next {
			next = left
		}
	}
	if next == 0 {
		return time.Time{}, 0
	}
	return last.told.UTC(), next
}

// show writes the wait, or that there is none any more.
func (c *Contact) show(s *localapi.Snapshot) {
	conn := &s.Connection
	conn.BackoffUntil, _ = c.waiting()
	said := board.Backoff.Say()
	switch {
	case !conn.BackoffUntil.IsZero() && conn.Online:
		conn.Problem, conn.ProblemSaid = said.Parts()
	case conn.BackoffUntil.IsZero() && conn.ProblemSaid.Key == said.Said.Key:
		conn.Problem, conn.ProblemSaid = localapi.Sentence{}.Parts()
	}
}

// Heard takes note of how a remote call of the account ended; it is for [account.WithOutcome].
func (c *Contact) Heard(err error) {
	if board.Ended(err) {
		return
	}
	var silence *account.BackoffError
	var remote *account.RemoteError
	switch {
	case err == nil:
		c.answered(true, localapi.Sentence{})
	case errors.As(err, &silence):
		c.begin(silence)
		c.answered(silence.Remote != nil, localapi.Sentence{})
		c.Poke()
	case errors.Is(err, account.ErrNetwork):
		c.Lost()
	case errors.As(err, &remote):
		problem := localapi.Sentence{}
		if errors.Is(err, account.ErrUnavailable) {
			problem = board.Busy.Say()
		}
		c.answered(true, problem)
	}
	if err != nil {
		c.Logger.Info("a call to the accounts server failed", "error", err)
	}
	if board.Doubtful(err) {
		c.Doubt()
	}
	if errors.Is(err, account.ErrAccountGone) {
		c.Unknown()
	}
}

// begin notes a wait.
func (c *Contact) begin(e *account.BackoffError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits[e.Service] = wait{end: c.Clock.Monotonic() + e.Until.Sub(c.Clock.Now()), told: e.Until}
}

// answered notes that the server can be reached; now says that it just answered, and was not spared the question.
// The wish of one of its services to be left alone stands while another one answers.
func (c *Contact) answered(now bool, problem localapi.Sentence) {
	at := c.Clock.Now().UTC()
	back := false
	c.Board.Change(func(s *localapi.Snapshot) {
		conn := &s.Connection
		if now {
			conn.LastContact = at
		}
		if !conn.Online && (now || conn.Since.IsZero()) {
			back = !conn.Since.IsZero()
			conn.Online, conn.Since = true, at
		}
		if conn.Online {
			conn.Problem, conn.ProblemSaid = problem.Parts()
		}
		c.show(s)
	})
	if back {
		c.Back()
	}
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
