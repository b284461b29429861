// Package subscription keeps the push subscription and this device's record at the accounts server of
// one mind, and passes on what push messages tell.
package subscription

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/push"
	"github.com/tabferry/tabferry/account/store"
)

// name is the one subscription we hold.
const name = "account"

// outageWorthPolling is how long push must have been away for something to have been missed.
const outageWorthPolling = time.Minute

// How publishing the subscription is tried again.
const (
	retryFirst = time.Minute
	retryMost  = time.Hour
)

// Account is what the subscription asks of the account.
type Account interface {
	SavedDevices() ([]account.Device, time.Time)
	DevicesAvailable() bool
	SetPushSubscription(context.Context, account.PushSubscription) (account.LocalDevice, error)
	Announced(payload []byte) (account.CommandReceived, bool)
	HandlePush(ctx context.Context, payload []byte) (account.AccountEvent, error)
}

// Params is what a subscription may touch.
type Params struct {
	Account   Account
	Calls     *worker.Calls
	Store     *store.Vault
	Board     *board.Board
	Clock     kit.Clock
	Random    io.Reader
	Logger    *slog.Logger
	ServerURL string
	HTTP      *http.Client
	UserAgent string
	// Go does something beside everything else, until the work on the store ends.
	Go func(func(ctx context.Context))
	Heard
}

// Heard are those who hear of what the push connection and its messages tell. None may block.
type Heard struct {
	// Published: the accounts server alerts us from now on. Missed: something may have been sent while
	// nobody could alert us. Changed: whether we are alerted may have changed.
	Published, Missed, Changed func()
	// Returned: the connection is back after an outage.
	Returned func()
	// Command: the command with this index waits; 0 for one that is not said.
	Command func(index int64)
	// ProfileChanged, DeviceJoined, DevicesChanged and PasswordChanged are the server's word.
	ProfileChanged, DevicesChanged, PasswordChanged func()
	DeviceJoined                                    func()
	// Expected reports whether a device that has just joined is one that a person has let in here.
	Expected func() bool
	// SignedOut: another device has ended this sign-in.
	SignedOut func()
	// Deleted: the account is said to be deleted, which is a reason to ask and no proof.
	Deleted func()
}

// Subscription owns the push client. Make it with [Open].
type Subscription struct {
	Params
	*worker.Worker
	push *push.Client

	wait worker.Patience // of the worker's goroutine alone

	mu sync.Mutex
	// sub is the subscription as last made; published is the endpoint the server has of us.
	sub       push.Subscription
	published string
	// dead says that the server told us that our endpoint no longer works.
	dead bool
	// asking is the request for a subscription under way, nil for none.
	asking context.CancelFunc
	// notBefore is when a renewal will be possible again, on the monotonic clock.
	notBefore time.Duration
	left      bool // the subscription of the last sign-in has been ended
}

// Open makes the push client; it connects only once there is a subscription.
func Open(p Params) (*Subscription, error) {
	s := &Subscription{Params: p, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	s.Worker = worker.New(s.work)
	devices, _ := p.Account.SavedDevices()
	for _, d := range devices {
		// A start with the endpoint that the server had at the last look has nothing to publish.
		if d.IsCurrentDevice && d.PushSubscription != nil {
			s.published, s.dead = d.PushSubscription.Endpoint, d.PushEndpointExpired
		}
	}
	var err error
	s.push, err = push.New(push.Params{
		ServerURL: p.ServerURL, Store: state{p.Store}, HTTPClient: p.HTTP,
		Clock: p.Clock, Rand: p.Random, Logger: p.Logger, UserAgent: p.UserAgent,
		Hint: s.hint, Handle: s.handle, Unread: s.unread, Changed: s.changed, HealthChanged: s.healthChanged,
	})
	return s, err
}

// stateText is the push client's state.
const stateText store.Text = "push"

// state keeps it.
type state struct{ *store.Vault }

// Load returns what was saved last.
func (s state) Load(context.Context) (text []byte, err error) {
	err = s.View(func(tx *store.Tx) (err error) {
		text, err = stateText.Get(tx)
		return err
	})
	return text, err
}

// Save replaces it.
func (s state) Save(_ context.Context, text []byte) error {
	return s.Update(func(tx *store.Tx) error { return stateText.Put(tx, text) })
}

// Connect holds the connection until ctx ends.
func (s *Subscription) Connect(ctx context.Context) {
	if err := s.push.Run(ctx); err != nil && ctx.Err() == nil {
		s.Logger.Error("push has ended", "error", err)
	}
}

// Wake tells the push client that the network or the machine changed, or that a person asks.
func (s *Subscription) Wake(reason push.Reason) { s.push.Wake(reason) }

// Health is the state of the push connection.
func (s *Subscription) Health() push.Health { return s.push.Health() }

// Expired reports whether the server has given up alerting us.
func (s *Subscription) Expired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead || s.published == ""
}

// Alerted reports whether we would be told of a command.
func (s *Subscription) Alerted() bool {
	return s.push.Health().State == push.Connected && !s.Expired()
}

// work brings the subscription and the device record together.
func (s *Subscription) work(ctx context.Context) time.Duration {
	if !s.Board.SignedIn() {
		s.leave(ctx)
		return 0
	}
	s.mu.Lock()
	s.left = false
	sub, published, dead, asking := s.sub, s.published, s.dead, s.asking != nil
	notBefore := s.notBefore
	s.mu.Unlock()
	switch {
	case asking:
		return 0
	case sub.Endpoint == "":
		s.ask(func(ctx context.Context) (push.Subscription, error) { return s.push.Subscribe(ctx, name) })
		return 0
	case dead && sub.Endpoint == published:
		if wait := notBefore - s.Clock.Monotonic(); wait > 0 {
			return wait
		}
		s.ask(func(ctx context.Context) (push.Subscription, error) { return s.push.Renew(ctx, name) })
		return 0
	case sub.Endpoint != published:
		return s.publish(ctx, sub)
	}
	return 0
}

// ask gets a subscription beside everything else: the push service may be out of reach for long.
func (s *Subscription) ask(get func(context.Context) (push.Subscription, error)) {
	asking, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.asking = cancel
	s.mu.Unlock()
	s.Go(func(ctx context.Context) {
		defer cancel()
		stop := context.AfterFunc(ctx, cancel)
		defer stop()
		sub, err := get(asking)
		var soon *push.TooSoonError
		s.mu.Lock()
		s.asking = nil
		switch {
		case err == nil && asking.Err() == nil:
			s.sub = sub
		case errors.As(err, &soon):
			s.notBefore = s.Clock.Monotonic() + soon.Next.Sub(s.Clock.Now())
		case errors.Is(err, push.ErrNotSubscribed):
			s.sub = push.Subscription{}
		case err != nil && asking.Err() == nil: // the store does not take it
			s.Logger.Warn("no push subscription", "error", err)
			s.notBefore = s.Clock.Monotonic() + retryFirst
		}
		s.mu.Unlock()
		if !errors.Is(err, push.ErrStopped) {
			s.Poke()
		}
	})
}

// publish tells the accounts server where to alert us.
func (s *Subscription) publish(ctx context.Context, sub push.Subscription) time.Duration {
	if !s.Account.DevicesAvailable() {
		return retryMost
	}
	ctx, done := s.Calls.Begin(ctx)
	defer done()
	_, err := s.Account.SetPushSubscription(ctx, account.PushSubscription(sub))
	if board.Ended(err) {
		return 0
	}
	if err != nil {
		return s.wait.After(err)
	}
	s.wait.Reset()
	s.mu.Lock()
	s.published, s.dead = sub.Endpoint, false
	s.mu.Unlock()
	s.Published()
	return 0
}

// leave ends the subscription after a sign-out.
func (s *Subscription) leave(ctx context.Context) {
	s.mu.Lock()
	if s.asking != nil {
		s.asking()
	}
	left := s.left
	s.left = true
	s.sub, s.published, s.dead = push.Subscription{}, "", false
	s.mu.Unlock()
	if left {
		return
	}
	if err := s.push.Unsubscribe(ctx, name); err != nil && ctx.Err() == nil {
		s.Logger.Warn("the push subscription could not be ended", "error", err)
	}
}

// OwnRecord looks at our device as the server lists it.
func (s *Subscription) OwnRecord(d account.Device) {
	s.mu.Lock()
	news := s.dead != d.PushEndpointExpired
	s.dead = d.PushEndpointExpired
	s.published = ""
	if d.PushSubscription != nil {
		s.published = d.PushSubscription.Endpoint
	}
	s.mu.Unlock()
	if news {
		s.Board.Tell()
	}
	s.Poke()
	s.Changed()
}
