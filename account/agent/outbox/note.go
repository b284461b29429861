package outbox

import "github.com/tabferry/tabferry/account/store"

// note is what a lane has to store. decide runs once, with the lock held, and returns the changed items.
type note struct {
	decide func() []item
	stored bool // or not, for err
	err    error
}

// note has stored what a lane decides. While one transaction is on its way to the disk, which is what takes
// the time, the notes of other lanes gather, and the next one takes all of them. One that comes alone waits
// for nobody.
func (o *Outbox) note(decide func() []item) error {
	n := &note{decide: decide}
	o.mu.Lock()
	o.notes = append(o.notes, n)
	o.mu.Unlock()
	o.pen <- struct{}{}
	defer func() { <-o.pen }()
	if !n.stored {
		o.storeNotes()
	}
	return n.err
}

// storeNotes stores all notes that wait. Who calls it has the pen, and does it for all: no lane's context ends it.
func (o *Outbox) storeNotes() {
	o.mu.Lock()
	notes := o.notes
	o.notes = nil
	o.mu.Unlock()
	var changed []item
	err := o.Store.Write(o.late, func(tx *store.Tx) error {
		changed = o.all(notes)
		return o.put(tx, changed)
	}, func() { o.change(changed, nil) })
	for _, n := range notes {
		n.stored, n.err = true, err
	}
}

func (o *Outbox) all(notes []*note) (changed []item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range notes {
		changed = append(changed, n.decide()...)
	}
	return changed
}
