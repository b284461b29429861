package outbox

import (
	"cmp"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// An entry that is settled and not among the newest, which faces see without asking, leaves the memory: it is
// in the store, and what stays is a mark. So what the process occupies does not follow how much was sent.

// idLength is how long the ids of [store.IDs] are. Only such entries leave.
const idLength = 24

// mark says that an entry lies in the store alone.
type mark struct {
	id   [idLength]byte
	done time.Duration // as in item
}

func (m mark) name() string { return string(m.id[:]) }

// past are the marks, oldest first.
type past []mark

func (p past) find(id string) (int, bool) {
	return slices.BinarySearchFunc(p, id, func(m mark, id string) int { return cmp.Compare(m.name(), id) })
}

func (p past) has(id string) bool {
	_, ok := p.find(id)
	return ok
}

// letGo lets settled items leave the memory, once in so many that it costs little.
func (m *model) letGo() {
	if m.settled < 2*localapi.RecentEntries {
		return
	}
	n := len(m.items) - localapi.RecentEntries
	kept := 0
	for _, it := range m.items[:n] {
		if !it.settled() || it.unsaved || len(it.ID) != idLength {
			m.items[kept] = it
			kept++
			continue
		}
		at, _ := m.past.find(it.ID)
		m.past = slices.Insert(m.past, at, mark{[idLength]byte([]byte(it.ID)), it.done})
		m.settled--
	}
	m.items = snug(slices.Delete(m.items, kept, n))
}

// snug gives back what a slice that was long takes more than four times of.
func snug[S ~[]E, E any](s S) S {
	if cap(s) > 4*len(s)+localapi.RecentEntries {
		return slices.Clone(s)
	}
	return s
}

// inSight returns the ids of the past that may be among the newest entries once others have gone.
func (o *Outbox) inSight(gone int) (ids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	items, past := o.model.items, o.model.past
	newer := len(items) - gone - localapi.RecentEntries
	if gone == 0 || len(past) == 0 || newer >= 0 && items[newer].ID > past[len(past)-1].name() {
		return nil
	}
	for _, one := range past[max(0, len(past)-localapi.RecentEntries):] {
		ids = append(ids, one.name())
	}
	return ids
}

// recall takes entries of the past into memory again, in a transaction of whatever outcome: they are what the store
// holds. Others are left out.
func (o *Outbox) recall(tx *store.Tx, ids []string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range ids {
		at, is := o.model.past.find(id)
		if !is {
			continue
		}
		e, ok, err := o.table.Get(tx, id)
		if err != nil {
			return err
		}
		done := o.model.past[at].done
		o.model.past = slices.Delete(o.model.past, at, at+1)
		if ok {
			o.model.put(item{entry: e, done: done})
		}
	}
	return nil
}

// known returns the entries with these ids, in their order, from memory or the store. One that is gone has no id.
func (o *Outbox) known(ids []string) ([]localapi.OutboxEntry, error) {
	entries := make([]localapi.OutboxEntry, len(ids))
	var past []int
	o.mu.Lock()
	for i, id := range ids {
		if it, ok := o.model.get(id); ok {
			entries[i] = o.model.view(it, o.trouble)
		} else if o.model.past.has(id) {
			past = append(past, i)
		}
	}
	o.mu.Unlock()
	if len(past) == 0 {
		return entries, nil
	}
	err := o.Store.View(func(tx *store.Tx) error {
		for _, i := range past {
			e, _, err := o.table.Get(tx, ids[i])
			if err != nil {
				return err
			}
			entries[i] = e.OutboxEntry
		}
		return nil
	})
	return entries, board.Refusal(err)
}
