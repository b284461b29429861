package outbox

import (
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// entry is an outbox entry with what only the agent needs to know.
type entry struct {
	localapi.OutboxEntry
	Private bool `json:"private,omitempty"`
	// InFlight says that a request was begun whose answer is not known: found at a start, it means
	// that the tab may have arrived already.
	InFlight bool `json:"inFlight,omitempty"`
	// Failures counts the attempts in a row that came to nothing, Unclear the answers that nobody could
	// understand.
	Failures int `json:"failures,omitempty"`
	Unclear  int `json:"unclear,omitempty"`
}

// settled reports whether nothing more will happen to an entry by itself.
func (e entry) settled() bool { return e.State != localapi.SendWaiting }

// item is an entry with what this process alone knows of it. Its times are monotonic, so that setting
// the clock neither ends nor stretches a wait; those of the entry are for people and for a restart.
type item struct {
	entry
	held, due time.Duration // not sent before
	obeys     bool          // the server asked for the wait, so that nothing shortens it
	// unsaved says that the end of its last attempt is not stored: to the store it is in flight.
	unsaved bool
	since   time.Duration // when it came to be sent, or was asked for again
	done    time.Duration // when it was settled; zero: before this process began
	// wish is the number of the person's wish that it be sent, which rises: what was sent, or asked for again,
	// after a moment has a higher one than any before. A new one is given where it is zero.
	wish uint64
}

// lane is what waits for one device, oldest first. A device is served by one goroutine at a time.
type lane struct {
	queue []*item
	busy  bool
}

// next returns what to send now besides one entry, or how long to wait for that; zero: until something changes.
// What is held lets later entries pass, what failed does not.
func (l *lane) next(now time.Duration, besides string) (next *item, wait time.Duration) {
	for _, it := range l.queue {
		switch {
		case it.ID == besides:
		case now < it.held:
			wait = sooner(wait, it.held-now)
		case now < it.due:
			return nil, sooner(wait, it.due-now)
		default:
			return it, 0
		}
	}
	return nil, wait
}

// sooner returns the shorter of two waits, of which zero is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// model is what is kept in memory, oldest first, what waits of it for each device, and what is in the store
// alone. A change costs the logarithm of what there is, not all of it.
type model struct {
	items   []*item
	past    past
	lanes   map[string]*lane
	settled int    // of the items
	wishes  uint64 // how many there were
	look    int    // how many settled ones are reason to look for the surplus again
}

func find(items []*item, id string) (int, bool) {
	return slices.BinarySearchFunc(items, id, func(it *item, id string) int { return strings.Compare(it.ID, id) })
}

func (m *model) get(id string) (*item, bool) {
	i, ok := find(m.items, id)
	if !ok {
		return nil, false
	}
	return m.items[i], true
}

// lane returns the lane of a device.
func (m *model) lane(device string) *lane {
	l, ok := m.lanes[device]
	if !ok {
		if m.lanes == nil {
			m.lanes = map[string]*lane{}
		}
		l = &lane{}
		m.lanes[device] = l
	}
	return l
}

// put adds an item, or replaces the one with its id.
func (m *model) put(c item) {
	if c.wish == 0 {
		m.wishes++
		c.wish = m.wishes
	}
	i, known := find(m.items, c.ID)
	waited := false
	if !known {
		m.items = slices.Insert(m.items, i, &c)
	} else {
		waited = !m.items[i].settled()
		*m.items[i] = c
	}
	it := m.items[i]
	if known && waited == !it.settled() {
		return
	}
	if it.settled() {
		m.settled++
		if waited {
			m.unqueue(it)
		}
		return
	}
	if known {
		m.settled--
	}
	l := m.lane(it.ToID)
	at, _ := find(l.queue, it.ID)
	l.queue = slices.Insert(l.queue, at, it)
}

// unqueue takes an item from its lane; mostly it is the first one.
func (m *model) unqueue(it *item) {
	l := m.lane(it.ToID)
	switch at, ok := find(l.queue, it.ID); {
	case !ok:
	case at == 0:
		l.queue[0] = nil
		l.queue = l.queue[1:]
	default:
		l.queue = slices.Delete(l.queue, at, at+1)
	}
	m.sweep(it.ToID)
}

// waitingFor returns the ids of what waits for a device, oldest first.
func (m *model) waitingFor(device string) (ids []string) {
	if l := m.lanes[device]; l != nil {
		for _, it := range l.queue {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

// sweep forgets the lane of a device that nothing waits for.
func (m *model) sweep(device string) {
	if l := m.lanes[device]; l != nil && len(l.queue) == 0 && !l.busy {
		delete(m.lanes, device)
	}
}

// drop removes items.
func (m *model) drop(ids []string) {
	if len(ids) == 0 {
		return
	}
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	is := func(it *item) bool { return gone[it.ID] }
	for device, l := range m.lanes {
		l.queue = slices.DeleteFunc(l.queue, is)
		m.sweep(device)
	}
	m.items = slices.DeleteFunc(m.items, is)
	m.past = snug(slices.DeleteFunc(m.past, func(one mark) bool { return gone[one.name()] }))
	m.settled = len(m.items) - m.waiting()
}

func (m *model) waiting() (n int) {
	for _, l := range m.lanes {
		n += len(l.queue)
	}
	return n
}

// view is an entry as faces see it. One that waits behind another for the same device says why that one
// waits, and one whose end is not stored says that it might be sent again.
func (m *model) view(it *item, trouble localapi.Sentence) localapi.OutboxEntry {
	e := it.OutboxEntry
	if it.unsaved {
		e.MayBeTwice = true
		e.Reason, e.ReasonSaid = trouble.Parts()
	}
	if l := m.lanes[it.ToID]; !it.settled() && it.due == 0 && it.Reason == "" && l != nil && len(l.queue) > 0 {
		first := l.queue[0]
		e.Reason, e.ReasonSaid, e.NextTry = first.Reason, first.ReasonSaid, first.NextTry
	}
	return e
}

// shown is what a snapshot says.
func (m *model) shown(trouble localapi.Sentence) localapi.Outbox {
	s := localapi.Outbox{Waiting: m.waiting()}
	for _, it := range slices.Backward(m.items) {
		if len(s.Recent) == localapi.RecentEntries {
			break
		}
		s.Recent = append(s.Recent, m.view(it, trouble))
	}
	return s
}

// How many settled entries are kept: the oldest beyond the first bound go, but only when whoever waits
// for them has had the time to read them. The second bound is for the store's sake.
const (
	keepSettled = 500
	keepAtMost  = 25_000
	keepResult  = 15 * time.Minute
	// trimStep is how many too many there must be before anybody looks.
	trimStep = 50
)

// surplus returns the ids of the settled entries that make room, oldest first.
func (m *model) surplus(now time.Duration) (ids []string) {
	settled := m.settled + len(m.past)
	if settled < max(keepSettled+trimStep, m.look) {
		return nil
	}
	for _, one := range m.past {
		left := settled - len(ids)
		if left <= keepSettled {
			break
		}
		if one.done == 0 || now-one.done >= keepResult || left > keepAtMost {
			ids = append(ids, one.name())
		}
	}
	m.look = settled - len(ids) + trimStep
	return ids
}
