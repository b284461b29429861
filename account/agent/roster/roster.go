// Package roster is who takes part in the account: the devices and the other programs attached to it,
// the person's profile and picture. It keeps the lists up to date and changes what a person wants
// changed.
package roster

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// How old lists may grow, and how a failed refresh is repeated.
const (
	maxAge     = 24 * time.Hour
	maxSeenAge = 5 * time.Minute // when somebody opens a window to look at them
	retryFirst = time.Minute
	retryMost  = time.Hour
)

// When the list is fetched once more after a device joined: it gets its name, and the commands it can
// receive, a little later than its record, and nobody tells of that. Firefox sends its commands once
// it has its keys, 0.1 s after the record on a quiet machine; the second time is for slow ones.
const (
	newDeviceSoon  = 3 * time.Second
	newDeviceLater = time.Minute
)

// Account is what the roster asks of the account.
type Account interface {
	Profile(context.Context, ...account.ReadOption) (account.Profile, error)
	CachedProfile() (account.Profile, time.Time, bool)
	Devices(context.Context, ...account.ReadOption) ([]account.Device, error)
	SavedDevices() ([]account.Device, time.Time)
	AttachedClients(context.Context, ...account.ReadOption) ([]account.AttachedClient, error)
	CurrentDeviceID() (string, error)
	SetDeviceName(ctx context.Context, name string) (account.LocalDevice, error)
	DisconnectDevice(ctx context.Context, id string) error
	DisconnectClient(context.Context, account.AttachedClient) error
	AuthState() account.AuthState
	ManageAccountURL(ctx context.Context, entrypoint string) (string, error)
	ManageDevicesURL(ctx context.Context, entrypoint string) (string, error)
	PairingAuthorityURL() (string, error)
	ConnectionSuccessURL() (string, error)
}

// Memory is what is remembered about devices.
type Memory interface {
	// DeviceName is the name a person gave this device, empty for none.
	DeviceName() string
	NameDevice(ctx context.Context, name string) (was string, err error)
	// SentTo is when something was last sent to a device, by its id.
	SentTo() map[string]time.Time
	NoteSent(ctx context.Context, ids []string) error
}

// Params is what a roster may touch.
type Params struct {
	Account Account
	Calls   *worker.Calls
	Memory  Memory
	Store   *store.Vault
	// Owner is whose picture is kept; see [store.Table.Of].
	Owner  string
	Board  *board.Board
	Clock  kit.Clock
	Random io.Reader
	Logger *slog.Logger
	// HTTP fetches pictures.
	HTTP      *http.Client
	UserAgent string
	// Entrypoint tells the accounts server's pages where somebody came from; empty says nothing.
	Entrypoint func() string
	// OwnRecord hears of this device as the server lists it.
	OwnRecord func(account.Device)
}

// List is a set of lists.
type List uint8

// The lists.
const (
	Devices List = 1 << iota
	Clients
	Profile

	All = Devices | Clients | Profile
)

// Roster owns the lists. Make it with [New].
type Roster struct {
	Params
	*worker.Worker

	// Of the worker's goroutine alone.
	wait  kit.Growth
	last  time.Duration
	fresh bool // all were fetched once in this sign-in

	mu        sync.Mutex
	due       List
	notBefore time.Duration
	encores   []time.Duration // when devices are due once more, soonest first
	// attached are the clients behind the ids that faces use.
	attached map[string]account.AttachedClient
}

// Mark says what may have changed.
func (r *Roster) Mark(lists List) {
	r.mu.Lock()
	r.due |= lists
	r.notBefore = 0
	r.mu.Unlock()
	r.Poke()
}

// Resume has what failed tried again at once.
func (r *Roster) Resume() { r.Mark(0) }

// Joined says that a device has joined the account.
func (r *Roster) Joined() {
	now := r.Clock.Monotonic()
	r.mu.Lock()
	r.encores = []time.Duration{now + newDeviceSoon, now + newDeviceLater}
	r.mu.Unlock()
	r.Mark(Devices | Clients)
}

// Seen is called when somebody looks: lists that are not quite new are fetched again.
func (r *Roster) Seen() {
	old := false
	r.Board.Read(func(s *localapi.Snapshot) {
		old = s.Account.State == localapi.SignedIn && r.now().Sub(s.Devices.At) > maxSeenAge
	})
	if old {
		r.Mark(All)
	}
}

func (r *Roster) now() time.Time { return r.Clock.Now().UTC() }

// take returns the lists to fetch now, or none and how long to rest.
func (r *Roster) take() (lists List, rest time.Duration) {
	now := r.Clock.Monotonic()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fresh && now-r.last >= maxAge {
		r.due = All
	}
	rest = maxAge - (now - r.last)
	for len(r.encores) > 0 && now >= r.encores[0] {
		r.due, r.encores = r.due|Devices, r.encores[1:]
	}
	if len(r.encores) > 0 {
		rest = min(rest, r.encores[0]-now)
	}
	if r.due == 0 {
		return 0, max(rest, time.Second)
	}
	if wait := r.notBefore - now; wait > 0 {
		return 0, wait
	}
	lists, r.due = r.due, 0
	return lists, 0
}

// signedIn refuses what needs a usable sign-in.
func (r *Roster) signedIn() error {
	if !r.Board.SignedIn() {
		return board.ErrSignedOut
	}
	return nil
}
