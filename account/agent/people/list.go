package people

import (
	"context"
	"errors"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/store"
)

// Open finds whom the work is for. Whoever was here while nobody is signed in any more has left; whose
// account is known not to exist any more goes with everything, and the account's own state too.
func Open(p Params) (*People, error) {
	o := &People{Params: p, wait: worker.Patience{First: retryFirst, Most: retryMost, Clock: p.Clock, Random: p.Random}}
	o.Worker = worker.New(o.work)
	gone, known := false, false
	err := p.Store.View(func(tx *store.Tx) error {
		_, who := present(tx)
		gone, known = who.Gone, o.found(tx)
		return nil
	})
	if err == nil && gone {
		err = p.Account.Forget(context.Background())
	}
	if err != nil || known {
		return o, err
	}
	return o, p.Store.Update(func(tx *store.Tx) error { return o.open(tx, gone) })
}

// found takes over what stands in the list, and reports whether that is all still so. Then nothing is written:
// what comes after may find that the file is damaged, and leave it alone.
func (p *People) found(tx *store.Tx) bool {
	owner, who := present(tx)
	all := list(tx)
	if row, stands := all[owner]; !stands || row != who || who.Gone {
		return false
	}
	for _, is := range tx.Owners() {
		if _, known := all[is]; !known {
			return false
		}
	}
	if p.Account.AuthState() == account.AuthStateDisconnected {
		if who.In || tx.Entries(owner) > 0 {
			return false
		}
	} else if uid := p.signedIn(); !who.In || uid != "" && uid != who.UID {
		return false
	}
	p.owner, p.is, p.due = owner, who, who
	p.earlier = others(tx, owner)
	return true
}

func (p *People) open(tx *store.Tx, gone bool) (err error) {
	p.erased = gone
	var who person
	p.owner, who = present(tx)
	uid := p.signedIn()
	switch {
	case gone:
		err = errors.Join(p.Params.Leave(tx, p.owner, true), remove(tx, p.owner))
		p.owner = ""
	case p.owner == "":
	case p.Account.AuthState() == account.AuthStateDisconnected || uid != "" && who.UID != "" && who.UID != uid:
		err = p.leave(tx, who)
	}
	if err == nil && p.owner == "" {
		who = person{Server: p.Server}
		p.owner, err = p.IDs.Next(p.Clock.Now())
	}
	who.In = who.In || p.Account.AuthState() != account.AuthStateDisconnected
	if err == nil {
		err = table.Put(tx, p.owner, who)
	}
	if err == nil {
		err = adopt(tx, p.Clock.Now().UTC())
	}
	if err == nil && uid != "" && who.UID == "" {
		who = person{Server: p.Server, In: true, UID: uid}
		_, err = p.name(tx, who)
	}
	p.is, p.due = who, who
	p.earlier = others(tx, p.owner)
	return err
}

// leave notes that the owner has left, if anybody was here.
func (p *People) leave(tx *store.Tx, who person) error {
	owner := p.owner
	if !who.In && tx.Entries(owner) == 0 {
		return nil // nobody has signed in yet
	}
	p.owner = ""
	who.Left = p.Clock.Now().UTC()
	if err := p.Params.Leave(tx, owner, false); err != nil {
		return err
	}
	if profile, ok := p.Account.LastSeenProfile(); ok && who.UID == "" {
		who.Server, who.UID = p.Server, profile.UID // of the last sign-in: the records are from before they had owners
	}
	return table.Put(tx, owner, who)
}

// present returns whom the last work was for. Where that does not stand in the list, because there were
// no owners yet or it was damaged, it is the newest who is not in it.
func present(tx *store.Tx) (owner string, who person) {
	all := list(tx)
	for is, row := range all {
		if row.Left.IsZero() {
			return is, row
		}
	}
	for _, is := range tx.Owners() {
		if _, known := all[is]; !known {
			owner, who = is, person{In: true}
		}
	}
	return owner, who
}

// adopt puts everybody into the list for whom something is kept.
func adopt(tx *store.Tx, left time.Time) error {
	all := list(tx)
	for _, is := range tx.Owners() {
		if _, known := all[is]; known {
			continue
		}
		if err := table.Put(tx, is, person{Left: left}); err != nil {
			return err
		}
	}
	return nil
}

// list returns everybody.
func list(tx *store.Tx) map[string]person {
	all := map[string]person{}
	for row := range table.Oldest(tx) {
		all[row.Key] = row.Value
	}
	return all
}

// name stores who the owner is, and gives the owner what was left here under the same uid.
func (p *People) name(tx *store.Tx, who person) (returned bool, err error) {
	for other, left := range list(tx) {
		if other == p.owner || who.UID == "" || left.UID != who.UID || left.Server != who.Server {
			continue
		}
		returned = true
		if err := tx.GiveTo(other, p.owner); err != nil {
			return false, err
		}
		if err := table.Delete(tx, other); err != nil {
			return false, err
		}
	}
	return returned, table.Put(tx, p.owner, who)
}

// remove removes a person with everything.
func remove(tx *store.Tx, owner string) error {
	if err := tx.DropOwner(owner); err != nil {
		return err
	}
	return table.Delete(tx, owner)
}

// others counts what everybody but the owner has here.
func others(tx *store.Tx, owner string) (e localapi.Earlier) {
	for is, who := range list(tx) {
		if is == owner {
			continue
		}
		e.People++
		e.Entries += tx.Entries(is)
		if e.Since.IsZero() || who.Left.Before(e.Since) {
			e.Since = who.Left
		}
	}
	return e
}

// ask drops what was kept for long enough and, once a day, what belongs to accounts that were deleted. It
// returns when to come again: zero while nobody has left anything.
func (p *People) ask(ctx context.Context) (next time.Duration, err error) {
	left := map[string]person{}
	err = p.Store.View(func(tx *store.Tx) error {
		left = list(tx)
		return nil
	})
	delete(left, p.owner)
	if err != nil || len(left) == 0 {
		return 0, err
	}
	now, late := p.Clock.Now(), false
	next = askEvery
	for _, who := range left {
		if rest := who.Left.Add(keep).Sub(now); rest <= 0 {
			late = true
		} else {
			next = min(next, rest)
		}
	}
	if late {
		old := func(_ string, who person) bool { return !who.Left.Add(keep).After(now) }
		if err := p.drop(ctx, old); err != nil {
			return p.wait.After(err), err
		}
	}
	mono := p.Clock.Monotonic()
	if p.once && mono-p.asked < askEvery {
		return min(next, askEvery-(mono-p.asked)), nil
	}
	if err := p.askAbout(ctx, left); err != nil {
		return p.wait.After(err), err
	}
	p.wait.Reset()
	p.once, p.asked = true, mono
	return next, nil
}

// askAbout removes those whose account the server does not know any more.
func (p *People) askAbout(ctx context.Context, left map[string]person) error {
	ctx, done := p.Calls.Begin(ctx)
	defer done()
	gone := map[string]bool{}
	for owner, who := range left {
		if who.UID == "" || who.Server != p.Server {
			continue // there is nobody to ask
		}
		exists, err := p.Account.UserExists(ctx, who.UID)
		if err != nil {
			return err
		}
		gone[owner] = !exists
	}
	for _, is := range gone {
		if is {
			p.Logger.Info("somebody who left has no account any more: what was kept goes")
			return p.drop(ctx, func(owner string, _ person) bool { return gone[owner] })
		}
	}
	return nil
}
