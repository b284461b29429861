package pairing

import (
	"context"
	"errors"
	"sync"
	"time"
)

// State is a step of pairing. The values equal those of the local API.
type State string

// The steps: the first group belongs to the authority, the second to the supplicant, the third
// ends both.
const (
	Opening  State = "opening"  // reaching the relay
	Showing  State = "showing"  // the code can be scanned
	Asked    State = "asked"    // somebody scanned it: confirm or cancel
	Granting State = "granting" // both confirmed, the server is asked

	Joining    State = "joining"    // reaching the other device
	Confirming State = "confirming" // the account is known: confirm or cancel
	Waiting    State = "waiting"    // we confirmed, the other side has not yet
	Redeeming  State = "redeeming"  // signing in

	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
	TimedOut  State = "timed_out"
)

// Ended reports whether a state is final.
func (s State) Ended() bool {
	return s == Done || s == Cancelled || s == Failed || s == TimedOut
}

// Status is everything a person sees of a pairing. It holds no secret.
type Status struct {
	State State
	// Until is when the shown code or the whole attempt ends; zero when neither runs.
	Until time.Time
	// RenewalsLeft counts how often the code will renew itself while nobody has joined.
	RenewalsLeft int
	// Joined says that a device has read the code: it is used up.
	Joined bool
	// Peer is the other side, from Asked or Confirming on.
	Peer *Peer
	// ConfirmedHere and ConfirmedThere tell who has said yes.
	ConfirmedHere, ConfirmedThere bool
	// NeedsTwoStep says that Confirm wants a fresh two-step code.
	NeedsTwoStep bool
	// Err is why the pairing ended or why a confirmation was refused; see Sentence.
	Err error
}

// flow is what both ends have in common: a status that others may look at, calls from outside, and
// work that must not hold up the loop of Run.
type flow struct {
	changed func(Status)

	mu      sync.Mutex
	status  Status
	started bool
	stopped bool // Cancel was called
	stop    context.CancelFunc

	confirms chan confirm
	results  chan func() error
	ended    chan struct{}
	working  sync.WaitGroup
}

// confirm is a call of Confirm on its way to the loop.
type confirm struct {
	twoStep string
	reply   chan error
}

func newFlow(changed func(Status), first Status) *flow {
	return &flow{
		changed:  changed,
		status:   first,
		confirms: make(chan confirm),
		results:  make(chan func() error),
		ended:    make(chan struct{}),
	}
}

// Status returns the newest status.
func (f *flow) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// set changes the status and tells about it.
func (f *flow) set(change func(*Status)) {
	f.mu.Lock()
	change(&f.status)
	status := f.status
	f.mu.Unlock()
	if f.changed != nil {
		f.changed(status)
	}
}

// begin prepares Run. The context it gives ends with Cancel.
func (f *flow) begin(ctx context.Context) (context.Context, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.started {
		return nil, errors.New("pairing: Run may be called once")
	}
	f.started = true
	ctx, f.stop = context.WithCancel(ctx)
	if f.stopped {
		f.stop()
	}
	return ctx, nil
}

// Cancel declines the other side or gives up. It returns at once, may be called at any time, and
// does nothing once the pairing has ended.
func (f *flow) Cancel() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	if f.stop != nil {
		f.stop()
	}
}

// call hands a confirmation to the loop and waits for its answer. It is for the state given only.
func (f *flow) call(ctx context.Context, state State, twoStep string) error {
	if now := f.Status().State; now.Ended() {
		return ErrEnded
	} else if now != state {
		return ErrNotNow
	}
	c := confirm{twoStep: twoStep, reply: make(chan error, 1)}
	select {
	case f.confirms <- c:
	case <-f.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.reply:
		return err
	case <-f.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.reply:
		return err
	default:
		return ErrEnded
	}
}

// work runs job beside the loop, which then runs what it gives. One job at a time is enough here.
func (f *flow) work(ctx context.Context, limit time.Duration, job func(context.Context) func() error) {
	f.working.Go(func() {
		jobCtx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		result := job(jobCtx)
		select {
		case f.results <- result:
		case <-ctx.Done():
		}
	})
}

// conclude publishes the end: nil is success.
func (f *flow) conclude(err error) {
	state := Failed
	switch {
	case err == nil:
		state = Done
	case errors.Is(err, ErrCancelled), errors.Is(err, ErrPeerCancelled):
		state = Cancelled
	case errors.Is(err, ErrTimedOut), errors.Is(err, ErrNotConfirmed):
		state = TimedOut
	}
	f.set(func(s *Status) {
		s.State, s.Err, s.Until, s.NeedsTwoStep = state, err, time.Time{}, false
	})
	close(f.ended)
}
