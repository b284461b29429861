package push

import (
	"context"
	"sync"
)

// deliveryLimit is how many calls may wait for the application. Beyond it no
// further message is processed or acknowledged until there is room.
const deliveryLimit = 1000

// delivery calls the application's functions one at a time, in order. Its
// goroutine exists only while there is something to call.
type delivery struct {
	running sync.WaitGroup
	room    chan struct{} // the queue has become short again

	mu     sync.Mutex
	queue  []func(ctx context.Context)
	active bool
}

func newDelivery() *delivery { return &delivery{room: make(chan struct{}, 1)} }

// put adds a call; ctx is Run's.
func (d *delivery) put(ctx context.Context, call func(ctx context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, call)
	if d.active {
		return
	}
	d.active = true
	d.running.Go(func() { d.work(ctx) })
}

func (d *delivery) work(ctx context.Context) {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.active = false
			d.queue = nil
			d.mu.Unlock()
			return
		}
		call := d.queue[0]
		d.queue = d.queue[1:]
		if len(d.queue) == deliveryLimit/2 {
			select {
			case d.room <- struct{}{}:
			default:
			}
		}
		d.mu.Unlock()
		call(ctx)
	}
}

func (d *delivery) full() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue) >= deliveryLimit
}

// wait returns when everything put so far has been called.
func (d *delivery) wait() { d.running.Wait() }
