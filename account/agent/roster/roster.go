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
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// How old lists may grow while nobody looks, and how a failed refresh is repeated. Nobody tells of a device
// that was renamed or has signed itself out, nor that our own can no longer be alerted: the list of devices
// says it, and bounds how long any of that goes unnoticed, at a cost of at most 98 requests a day. Other
// programs attached to the account are asked for when somebody looks.
const (
	devicesAge = 15 * time.Minute
	maxAge     = 24 * time.Hour // the profile, of whose changes we are told; what the server refuses
	retryFirst = time.Minute
	retryMost  = devicesAge
	// early is how much sooner the devices are asked for at most, so that installations drift apart and
	// none is later than devicesAge: a tenth, as elsewhere, would cost five requests a day.
	early = 15 * time.Second
	// missSpacing is the least time between two lists fetched because a device was looked for in vain, and
	// offSpacing that between two because one could not be alerted: a batch costs one list.
	missSpacing = 2 * time.Second
	offSpacing  = time.Minute
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
	NoteSent(tx *store.Tx, ids []string) (then func(), err error)
	NoteUndone(ctx context.Context, ids []string) error
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

	wait worker.Patience // of the worker's goroutine alone

	mu        sync.Mutex
	due       List
	waiting   []chan<- error // those who wait for what is due
	flight    List           // what is being fetched now,
	aboard    []chan<- error // and those who wait for it
	notBefore time.Duration
	fresh     bool            // all were fetched once in this sign-in; then
	tried     time.Duration   // is when devices were last asked for, whatever came of it,
	devices   time.Duration   // when they are due without anybody asking,
	profile   time.Duration   // and when the profile is
	off       time.Duration   // until when another device that cannot be alerted is no news
	encores   []time.Duration // when devices are due once more, soonest first
	// attached are the clients behind the ids that faces use.
	attached map[string]account.AttachedClient
}

func (r *Roster) now() time.Time { return r.Clock.Now().UTC() }

// signedIn refuses what needs a usable sign-in.
func (r *Roster) signedIn() error {
	if !r.Board.SignedIn() {
		return board.ErrSignedOut
	}
	return nil
}
