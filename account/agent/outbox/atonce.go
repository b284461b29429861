package outbox

import "context"

// start is a device that is served from the moment on at which something is stored for it: the transaction that
// queues its first entry begins the attempt too. So a send that waits for nobody needs one before its request
// leaves.
type start struct {
	ctx    context.Context
	device string
	lane   *lane
	id     string // of the entry
}

// takeUp begins attempts for new items: for the first of each device that nothing else waits for, as far as there is
// a sender that has time for it. They are to be stored, and then served or left alone.
func (o *Outbox) takeUp(items []item) (starts []start) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.life == nil || o.life.Err() != nil || !o.Board.SignedIn() {
		return nil
	}
	for i := range items {
		it := &items[i]
		if o.model.lanes[it.ToID] != nil || it.held > 0 || o.busy == maxBusy {
			continue // the sender finds it
		}
		it.InFlight = true
		l := o.model.lane(it.ToID)
		o.claim(l)
		starts = append(starts, start{o.life, it.ToID, l, it.ID})
	}
	return starts
}

// add adds items that are stored, and serves the devices whose first ones are among them. That goes before telling the
// faces, which have much to do then.
func (o *Outbox) add(items []item, starts []start) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range items {
		o.model.put(it)
	}
	for _, s := range starts {
		if it, ok := o.model.get(s.id); ok {
			go o.serve(s.ctx, s.device, s.lane, attempt{it.entry, o.model.wishes})
		}
	}
	o.model.letGo()
	o.publish()
}

// leaveAlone is for devices whose first items were not stored: the sender may serve them.
func (o *Outbox) leaveAlone(starts []start) {
	for _, s := range starts {
		o.release(s.device, s.lane)
	}
}
