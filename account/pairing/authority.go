package pairing

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

// Times of an authority.
const (
	// CodeLife is how long a code is shown before it is renewed, while nobody has joined.
	CodeLife = 5 * time.Minute
	// Renewals is how often a code is renewed before a person has to ask for a new one.
	Renewals = 6
	// PairingLife is the time from joining to the end, as in desktop Firefox.
	PairingLife = 15 * time.Minute

	// openTime is for reaching the relay and its greeting.
	openTime = 20 * time.Second
	// requestTime is for the handshake and the request, which no person takes part in.
	requestTime = time.Minute
	// grantTime is for the calls to the accounts server.
	grantTime = time.Minute
	// twoStepTime is for asking whether two-step authentication is on, and for checking a code.
	twoStepTime = 10 * time.Second
	// twoStepAge is how old a checked two-step code may be when the grant is made; the accounts
	// pages ask again after the same time.
	twoStepAge = 4 * time.Minute
	// farewell is how long to wait for the other side's close_notify.
	farewell = 2 * time.Second
	// renewPause keeps a relay that drops everybody from being asked again at once. While it cannot be
	// reached the pause doubles up to renewMost: each try costs a renewal.
	renewPause = 2 * time.Second
	renewMost  = 30 * time.Second
)

// Grant is permission for a supplicant.
type Grant struct {
	// Code is the OAuth code, 64 hexadecimal digits.
	Code string
	// Redirect is passed on to the supplicant if the server gave one; it may be empty.
	Redirect string
}

// Granter makes the permission. See the package comment for what it must do.
type Granter interface {
	Grant(ctx context.Context, request Request) (Grant, error)
}

// TwoStep is the account's two-step authentication.
type TwoStep interface {
	// Required says whether a code must be asked for. An error counts as no.
	Required(ctx context.Context) (bool, error)
	// Verify checks a code of six to ten digits. A wrong one is ErrTwoStepWrong; any other error
	// means that it could not be checked.
	Verify(ctx context.Context, code string) error
}

// AuthorityParams is what an Authority needs.
type AuthorityParams struct {
	// Server is the content origin of the accounts server: the code leads there.
	Server  string
	Relay   Relay
	Granter Granter
	// TwoStep may be nil: then no code is ever asked for.
	TwoStep TwoStep
	// Metadata is what the other side's person sees of the account and this device.
	Metadata Metadata
	// Changed is told of every new Status, in order, from the goroutine of Run. It must not block.
	// It may be nil.
	Changed func(Status)
	// Random makes keys; nil means crypto/rand.
	Random io.Reader
}

// Authority shows a code and lets one supplicant in. Its methods may be called from any goroutine.
type Authority struct {
	*flow
	params AuthorityParams
	server string
	code   *Code // guarded by flow.mu
	// notBefore is when the relay may be dialled again, of Run's goroutine alone.
	notBefore time.Time
}

// NewAuthority checks the parameters.
func NewAuthority(params AuthorityParams) (*Authority, error) {
	server, err := origin(params.Server)
	if err != nil {
		return nil, fmt.Errorf("pairing: server address: %w", err)
	}
	if params.Granter == nil {
		return nil, errors.New("pairing: no granter")
	}
	if params.Random == nil {
		params.Random = rand.Reader
	}
	first := Status{State: Opening, RenewalsLeft: Renewals}
	return &Authority{flow: newFlow(params.Changed, first), params: params, server: server}, nil
}

// Code returns the code to draw while the state is Showing. It changes with every renewal.
func (a *Authority) Code() (Code, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.code == nil {
		return Code{}, false
	}
	code := *a.code
	code.key = append([]byte(nil), code.key...) // ours is wiped when the code has been used
	return code, true
}

func (a *Authority) setCode(code *Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.code != nil {
		a.code.wipe()
	}
	a.code = code
}

// Confirm says yes to the peer shown, with a two-step code if Status.NeedsTwoStep. It returns when
// the code was checked, not when the other side is signed in. ErrTwoStepNeeded, ErrTwoStepWrong and
// ErrTwoStepUnchecked leave the pairing as it is.
func (a *Authority) Confirm(ctx context.Context, twoStep string) error {
	return a.call(ctx, Asked, twoStep)
}

// errRenew ends an attempt that nobody has joined.
var errRenew = errors.New("pairing: nobody has joined")

// errAway ends an attempt to renew a code while the relay is away.
var errAway = errors.New("pairing: the relay is away")

// Run does the pairing and returns when everything is over: nil for success, else one of this
// package's errors. The final Status comes first, up to a few seconds earlier, which go into an
// orderly goodbye. Run may be called once.
func (a *Authority) Run(ctx context.Context) error {
	ctx, err := a.begin(ctx)
	if err != nil {
		return err
	}
	defer a.stop()
	wait := kit.Growth{First: renewPause, Most: renewMost, Random: a.params.Random}
	for again := false; ; again = true {
		started := time.Now()
		err = a.attempt(ctx, again)
		pause := renewPause
		switch {
		case errors.Is(err, errAway):
			pause = wait.Next()
		case errors.Is(err, errRenew):
			wait.Reset()
		default:
			return err
		}
		if pause = max(pause-time.Since(started), time.Until(a.notBefore)); pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// attempt shows one code until it is used or has to be renewed; again says that it is not the first.
func (a *Authority) attempt(ctx context.Context, again bool) error {
	s, err := a.open(ctx)
	if err != nil {
		away := errors.Is(err, ErrRelayUnreachable) || errors.Is(err, ErrCodeUnknown)
		var busy *BusyError
		if errors.As(err, &busy) {
			// Nobody waits in front of an empty square for long.
			away = time.Until(busy.Until) <= renewMost
			a.notBefore = busy.Until
		}
		switch {
		case ctx.Err() != nil:
			err = ErrCancelled
		case away && again && a.Status().RenewalsLeft > 0:
			a.set(func(st *Status) { st.RenewalsLeft-- })
			return errAway
		}
		a.conclude(err)
		return err
	}
	err = s.loop(ctx)
	a.setCode(nil)
	if errors.Is(err, errRenew) {
		if a.Status().RenewalsLeft > 0 {
			a.set(func(st *Status) { st.State, st.Until, st.RenewalsLeft = Opening, time.Time{}, st.RenewalsLeft-1 })
			s.ch.drop()
			return err
		}
		err = ErrTimedOut
	}
	a.conclude(err) // first, so that it is seen before the farewell takes its time
	a.stop()        // ends the work beside the loop
	s.depart(err)
	a.working.Wait()
	return err
}

// open makes a channel and the code for it.
func (a *Authority) open(ctx context.Context) (*authoritySession, error) {
	dialCtx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	l, err := a.params.Relay.dial(dialCtx, "")
	if err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	if _, err := io.ReadFull(a.params.Random, key); err != nil {
		l.close()
		return nil, fmt.Errorf("pairing: random source: %w", err)
	}
	tls, err := tlspsk.NewServer(tlspsk.Config{PSK: key, Identity: []byte(l.id), Random: a.params.Random})
	if err != nil {
		l.close()
		return nil, err
	}
	a.setCode(&Code{origin: a.server, channelID: l.id, key: key, Version: 2})
	a.set(func(st *Status) { st.State, st.Until = Showing, time.Now().Add(CodeLife) })
	return &authoritySession{a: a, ch: &channel{link: l, tls: tls}, timer: time.NewTimer(CodeLife), onTimer: errRenew}, nil
}
