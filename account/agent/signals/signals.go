// Package signals looks after what the accounts server tells relying parties about the person, for a
// program that webhooks cannot reach.
//
// Most of it we see ourselves: pushes, profiles, refused tokens. Pushes live for hours only, so after a
// suspend, and daily, the profile and the sign-in are looked at anew; the start does both by itself. Where
// the owner of the OAuth client runs an events server (account/events/mailbox), our own events are fetched
// there too.
//
// Nothing here is believed: an event is a reason to ask the accounts server what is true. So events may come
// twice, late and in any order, and a lying events server can do no more than have us ask. The one thing
// that is done without asking is to stop collecting usage data.
//
// docs/protocol/relying-party.md §5.
package signals

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

const (
	// lookEvery is how often the sign-in is looked at while nothing happens.
	lookEvery = 24 * time.Hour
	// fetchEvery is how often the events server is asked; each time it asks the accounts server about our token.
	fetchEvery = 6 * time.Hour
	// retryFirst and retryMost are the waits after a fetch that failed.
	retryFirst = time.Minute
	retryMost  = 6 * time.Hour
	// jitter spreads what many installations repeat, in parts of the interval.
	jitter = 0.1
)

// Account is what the signals ask of the account.
type Account interface {
	AccessToken(ctx context.Context, scope string, opts ...account.TokenOption) (account.AccessToken, error)
}

// Params is what the signals may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Store   *store.Vault
	// Owner is whose memory this is; see [store.Table.Of].
	Owner  string
	Board  *board.Board
	Clock  kit.Clock
	Random io.Reader
	Logger *slog.Logger
	// Server is the base of the events server, empty for none.
	Server    string
	HTTP      *http.Client
	UserAgent string

	// ProfileChanged has the profile fetched, SignInDoubtful the sign-in checked, AccountGone asked whether the
	// account still exists.
	ProfileChanged, SignInDoubtful, AccountGone func()
	// MetricsOff stops the collection of usage data, and deletes what there is.
	MetricsOff func()
}

// Signals decides when to look. Make it with [New].
type Signals struct {
	Params
	*worker.Worker
	turn chan struct{} // has an element while somebody fetches

	mu      sync.Mutex
	resumed bool // the computer has slept
	eager   bool // earlier failures no longer count

	// Of the worker's goroutine alone. Times are monotonic.
	began bool
	look  time.Duration // when the sign-in is next looked at
	next  time.Duration // when the events server is next asked
	wait  kit.Growth
}

// New returns signals that do not work yet.
func New(p Params) *Signals {
	p.Server = strings.TrimRight(p.Server, "/")
	s := &Signals{Params: p, turn: make(chan struct{}, 1), wait: kit.Growth{First: retryFirst, Most: retryMost}}
	s.Worker = worker.New(s.work)
	return s
}

// Resumed says that the computer has slept: what was told meanwhile is gone.
func (s *Signals) Resumed() {
	s.mu.Lock()
	s.resumed = true
	s.mu.Unlock()
	s.Poke()
}

// Resume has a fetch that failed tried again.
func (s *Signals) Resume() {
	s.mu.Lock()
	s.eager = true
	s.mu.Unlock()
	s.Poke()
}

func (s *Signals) work(ctx context.Context) time.Duration {
	s.mu.Lock()
	resumed, eager := s.resumed, s.eager
	s.resumed, s.eager = false, false
	s.mu.Unlock()
	if !s.Board.SignedIn() {
		s.began = false
		return 0
	}
	now := s.Clock.Monotonic()
	switch {
	case !s.began: // the start, or the sign-in, has looked
		s.began, s.look, s.next = true, now+s.spread(lookEvery), now
		s.wait.Reset()
	case resumed:
		s.look, s.next = now+s.spread(lookEvery), now
		s.ProfileChanged()
		s.SignInDoubtful()
	case now >= s.look: // the profile has a day of its own
		s.look, s.next = now+s.spread(lookEvery), now
		s.SignInDoubtful()
	case eager && s.wait.Failures > 0:
		s.next = now
	}
	due := s.look
	if s.Server != "" {
		if s.next <= now {
			rest := s.fetch(ctx)
			s.next = s.Clock.Monotonic() + rest
		}
		due = min(due, s.next)
	}
	return max(due-s.Clock.Monotonic(), time.Millisecond)
}

// fetch asks the events server, and returns when to come again.
func (s *Signals) fetch(ctx context.Context) time.Duration {
	_, err := s.Fetch(ctx)
	if err == nil {
		s.wait.Reset()
		return s.spread(fetchEvery)
	}
	again := s.spread(s.wait.Next())
	if ctx.Err() == nil && !board.Ended(err) {
		s.Logger.Info("events could not be fetched", "error", err)
	}
	var busy *busyError
	if errors.As(err, &busy) {
		again = max(again, busy.wait)
	}
	if until := board.Until(err); !until.IsZero() {
		again = max(again, until.Sub(s.Clock.Now()))
	}
	return again
}

// spread draws a time around t.
func (s *Signals) spread(t time.Duration) time.Duration {
	var b [4]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return t // a source that fails spreads nothing
	}
	part := float64(binary.BigEndian.Uint32(b[:])) / float64(1<<32)
	return time.Duration(float64(t) * (1 - jitter + 2*jitter*part))
}

// What is said of a fetch that a person asked for.
var (
	noServer   = localapi.NewPhrase("signals.no_server", "No events server is set.", "its owner is whoever registered the client id: see docs/registration.md")
	busyServer = localapi.NewPhrase("signals.busy", "The events server asked us to wait.", "Tabferry goes on by itself")
	notServed  = localapi.NewPhrase("signals.failed", "The events server does not answer as it should.", "`tabferry diagnostics` tells more")
)
