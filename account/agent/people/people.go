// Package people knows whose data lies in the store: the work of the agent is for one person at a time,
// and what belongs to anybody else is not read by it.
//
// A person is the owner of tables in the store ([store.Table.Of]), named by a number; the account's uid
// stands sealed beside it. From a sign-in until its profile is known the owner has no uid yet. When it
// turns out to be somebody who was here before, what that person left is handed over. Whoever signs out
// leaves: the next work has another owner. What those who left have here stays sealed for their return,
// 30 days at most, and goes earlier when their account was deleted (docs/decisions.md §18).
package people

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

const (
	day = 24 * time.Hour
	// keep is for how long what somebody left is kept for a return.
	keep = 30 * day
	// How asking about those who left is tried again, and how often it is done.
	retryFirst = time.Minute
	retryMost  = 6 * time.Hour
	askEvery   = day
)

// person is one owner.
type person struct {
	// Server is where the account is; a uid means nothing elsewhere.
	Server string `json:"server,omitempty"`
	// In says that somebody has been signed in, known or not.
	In bool `json:"in,omitempty"`
	// UID is empty until the account's profile is known, or for ever where it never was.
	UID string `json:"uid,omitempty"`
	// Left is when the sign-in ended here; zero for the one whom the work is for.
	Left time.Time `json:"left,omitzero"`
	// Gone says that the account does not exist any more: everything goes.
	Gone bool `json:"gone,omitempty"`
}

var table = store.NewTable[person]("people")

// Account is what people ask of the account.
type Account interface {
	AuthState() account.AuthState
	CachedProfile() (p account.Profile, at time.Time, ok bool)
	LastSeenProfile() (p account.Profile, ok bool)
	ForgetLastSeen(ctx context.Context) error
	UserExists(ctx context.Context, uid string) (exists bool, err error)
	// Forget drops everything about an account that does not exist any more.
	Forget(ctx context.Context) error
}

// Params is what people may touch.
type Params struct {
	Account Account
	// Server is where the account is.
	Server string
	Calls  *worker.Calls
	Store  *store.Vault
	Board  *board.Board
	Clock  kit.Clock
	IDs    *store.IDs
	Random io.Reader
	Logger *slog.Logger
	// Leave clears what does not outlive a sign-in, or with gone an account.
	Leave func(tx *store.Tx, owner string, gone bool) error
	// Returned hears that what its owner left here earlier has come to this work.
	Returned func(ctx context.Context)
	// Another hears that the account is somebody else's than the work is for. It may not block.
	Another func()
}

// People owns the list. Make it with [Open].
type People struct {
	Params
	*worker.Worker // asks about those who left, and drops what was kept for long enough

	owner   string
	erased  bool
	another atomic.Bool
	earlier localapi.Earlier

	wait  worker.Patience // of the worker's goroutine alone
	asked time.Duration   // when all were asked about last, on the monotonic clock
	once  bool

	mu  sync.Mutex
	is  person // the owner, as stored
	due person // as it is to be stored
}

// Owner names the tables of the person whom the work is for.
func (p *People) Owner() string { return p.owner }

// Erased reports whether the last work ended because its account was deleted; all that was the person's
// is gone.
func (p *People) Erased() bool { return p.erased }

// Show writes what is known at the beginning.
func (p *People) Show(s *localapi.Snapshot) { s.Storage.Earlier = p.earlier }

// Know takes note of the account's profile, each time something of the account has changed. It does not
// block.
func (p *People) Know() {
	if p.Account.AuthState() == account.AuthStateDisconnected {
		return
	}
	uid := p.signedIn()
	p.mu.Lock()
	is := p.is
	if p.due.In, p.due.Server = true, p.Server; is.UID == "" {
		p.due.UID = uid
	}
	news := p.due != is
	p.mu.Unlock()
	switch {
	case uid != "" && is.UID != "" && uid != is.UID:
		p.another.Store(true)
		p.Another()
	case news:
		p.Poke()
	}
}

// Others reports whether the account has become somebody else's than the work is for.
func (p *People) Others() bool { return p.another.Load() }

// Alone reports whether nobody else had left anything here at the start.
func (p *People) Alone() bool { return p.earlier.People == 0 }

// signedIn is the uid of a sign-in, empty while there is none or it is not known.
func (p *People) signedIn() string {
	profile, _, ok := p.Account.CachedProfile()
	if !ok || p.Account.AuthState() == account.AuthStateDisconnected {
		return ""
	}
	return profile.UID
}

// work stores what was learned, drops what was kept for long enough, and asks about those who left.
func (p *People) work(ctx context.Context) time.Duration {
	if err := p.settle(ctx); err != nil {
		if ctx.Err() == nil {
			p.Logger.Warn("whose data this is could not be saved", "error", err)
		}
		return p.wait.After(err)
	}
	next, err := p.ask(ctx)
	if err != nil && ctx.Err() == nil {
		p.Logger.Info("those who left could not be asked about", "error", err)
	}
	return next
}

// settle stores what was learned of the owner. With the uid comes everything that was left here under it.
func (p *People) settle(ctx context.Context) error {
	p.mu.Lock()
	is, due := p.is, p.due
	p.mu.Unlock()
	if is == due {
		return nil
	}
	returned := false
	var earlier localapi.Earlier
	err := p.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if returned, err = p.name(tx, due); err == nil {
			earlier = others(tx, p.owner)
		}
		return err
	}, func() {
		p.mu.Lock()
		p.is = due
		p.mu.Unlock()
		p.show(earlier)
	})
	if err == nil && returned {
		p.Returned(ctx)
	}
	return err
}

func (p *People) show(earlier localapi.Earlier) {
	p.Board.Change(func(s *localapi.Snapshot) { s.Storage.Earlier = earlier })
}

// Condemn notes that the owner's account does not exist any more. What the next work opens with is that
// everything of it goes; see [Open].
func (p *People) Condemn(ctx context.Context) error {
	return p.Store.Write(ctx, func(tx *store.Tx) error {
		is, _, err := table.Get(tx, p.owner)
		if err != nil {
			return err
		}
		is.Gone = true
		return table.Put(tx, p.owner, is)
	}, func() {})
}

// ForgetEarlier removes what belongs to everybody but the owner.
func (p *People) ForgetEarlier(ctx context.Context) error {
	return board.Refusal(p.drop(ctx, func(string, person) bool { return true }))
}

// drop removes what belongs to those who left, as far as chosen. What the account itself remembers of the
// last sign-in is of whoever left last.
func (p *People) drop(ctx context.Context, chosen func(owner string, who person) bool) error {
	var earlier localapi.Earlier
	remembered := false
	err := p.Store.Write(ctx, func(tx *store.Tx) error {
		var last time.Time
		for owner, who := range list(tx) {
			if owner == p.owner {
				continue
			}
			goes := chosen(owner, who)
			if !who.Left.Before(last) {
				last, remembered = who.Left, goes
			}
			if !goes {
				continue
			}
			if err := remove(tx, owner); err != nil {
				return err
			}
		}
		earlier = others(tx, p.owner)
		return nil
	}, func() { p.show(earlier) })
	if err == nil && remembered {
		err = p.Account.ForgetLastSeen(ctx)
	}
	return err
}

// Forget removes what belongs to everybody if all is to go.
func (p *People) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	for _, owner := range tx.Owners() {
		if err := tx.DropOwner(owner); err != nil {
			return nil, err
		}
	}
	return func() { p.show(localapi.Earlier{}) }, table.Clear(tx)
}
