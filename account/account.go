package account

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/internal/gate"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// Account is a client of one Mozilla account, signed in or not. All methods may be
// called from several goroutines. See the package comment for how to use it.
type Account struct {
	options
	wire *wire.Client

	// slot admits one change at a time; it holds an element while one is made. It
	// is a channel, so that waiting for it ends with the waiter's context.
	slot chan struct{}
	// current is the newest state that counts as happened. Reads take it without
	// waiting for anything.
	current atomic.Pointer[snapshot]
	// owed is what changed on the server for good in a change whose saving failed;
	// the next change begins with it. Guarded by slot.
	owed []func(*persisted)
	// saved is the list of devices that a [PartSaver] has. Guarded by slot.
	saved *knownDevices
	// owing says that owed is not empty, for those who do not hold the slot.
	owing atomic.Bool

	// mu guards mem. It is never held across I/O or a call of the saver.
	mu  sync.Mutex
	mem memory

	// telling is held while a change takes effect and the observer is told, so that
	// it sees each as it was made. No method that reads needs it.
	telling sync.Mutex

	gate    *gate.Gate // in front of all usage data
	machine machine
}

// snapshot is a state and its text, which is without the list of devices.
type snapshot struct {
	state *persisted // never changed
	text  []byte
}

// memory is what is forgotten with the process.
type memory struct {
	// flows are the sign-ins under way, by their OAuth state.
	flows map[string]flow
	// tokenEnds holds the end of access tokens on the monotonic clock, by key of
	// persisted.AccessTokens; one from an earlier process has none.
	tokenEnds map[string]time.Duration
	// profileAt is when the profile was last confirmed, monotonic; nil when that
	// was in an earlier process.
	profileAt *time.Duration
	clients   cachedClients
	devices   cachedDevices
	commands  commandMemory
	checks    rateLimiter
}

// New makes an account that is signed out. It asks the network nothing and saves
// nothing: the first change does.
//
// A configuration that cannot be used is ErrInvalidArgument.
func New(cfg Config, opts ...Option) (*Account, error) {
	cfg, err := cfg.normalized()
	if err != nil {
		return nil, err
	}
	return open(&persisted{Version: stateVersion, Config: cfg.stored()}, opts)
}

// Restore makes an account from a state that [Account.Snapshot] gave or a [Saver]
// got, or from one that Mozilla's own component wrote (schema "V2"). Two accounts
// made from the same state would spoil each other's tokens and commands; make one.
//
// Text that is neither is ErrInvalidState.
func Restore(state []byte, opts ...Option) (*Account, error) {
	s, err := decodeState(state)
	if err != nil {
		return nil, err
	}
	return open(s, opts)
}

func open(s *persisted, opts []Option) (*Account, error) {
	o, err := gather(opts)
	if err != nil {
		return nil, err
	}
	client, err := wire.New(wire.Params{
		ContentURL: s.Config.ContentURL, ClientID: s.Config.ClientID,
		Transport: o.transport, Clock: o.clock, Random: o.random,
		UserAgent: o.userAgent, Hawk: s.Hawk, Translate: translate, Outcome: o.ended,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidArgument, err)
	}
	waits := make(map[wire.Base]time.Time, len(s.Waits))
	for base, until := range s.Waits {
		waits[wire.Base(base)] = until
	}
	client.RestoreWaits(waits, s.WaitsAt)
	saved := &knownDevices{} // nobody's: the first save hands the list over
	if o.devices != nil {
		if k, err := decodeDevices(o.devices); err == nil {
			s.known, saved = k, k
		}
	}
	text, err := s.encode()
	if err != nil {
		return nil, err
	}
	a := &Account{options: o, wire: client, slot: make(chan struct{}, 1), saved: saved}
	a.gate = gate.New(gate.Params{Allows: o.allows, Clock: o.clock, Random: o.random})
	a.current.Store(&snapshot{state: s, text: text})
	a.mem.checks.fill(o.clock.Monotonic())
	return a, nil
}

// Close closes idle connections of the account's own transport. The account may
// still be used, so that it is also the thing to do after the machine has slept: the
// connections of before are dead. A transport from WithTransport is left alone.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §2.
func (a *Account) Close() {
	if a.closeIdle != nil {
		a.closeIdle()
	}
}

// Snapshot returns the whole state as text. It holds tokens and keys.
//
// No request; fxa-client to_json; docs/protocol/accounts-client.md §11.
func (a *Account) Snapshot() ([]byte, error) {
	return a.current.Load().whole()
}

// Config is the configuration the account was made with.
//
// No request; not in fxa-client; docs/protocol/accounts-client.md §1.
func (a *Account) Config() Config { return a.state().Config.public() }

// AuthState reports whether somebody is signed in, as the saved state knows it.
//
// No request; fxa-client get_auth_state; docs/protocol/accounts-client.md §11.
func (a *Account) AuthState() AuthState { return a.state().authState() }

// state is the current state, for reading only.
func (a *Account) state() *persisted { return a.current.Load().state }

// AuthState is the saved view of being signed in.
type AuthState int

// The saved views.
const (
	// AuthStateDisconnected: nobody is signed in.
	AuthStateDisconnected AuthState = iota
	// AuthStateConnected: a refresh token is held.
	AuthStateConnected
	// AuthStateAuthIssues: the server ended the sign-in; the person should sign in
	// again.
	AuthStateAuthIssues
)

// String names the state.
func (s AuthState) String() string {
	switch s {
	case AuthStateConnected:
		return "Connected"
	case AuthStateAuthIssues:
		return "AuthIssues"
	default:
		return "Disconnected"
	}
}
