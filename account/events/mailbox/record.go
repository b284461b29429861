package mailbox

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/events"
)

const (
	// keepFor is how long a record stays.
	keepFor = 30 * 24 * time.Hour
	// mostRecords bounds the records of a person. The kinds of events are few; capabilities could be many.
	mostRecords = 64
	// maxCapability bounds what is kept of a capability's name, in bytes.
	maxCapability = 256
)

// Record is one event as installations get it.
type Record struct {
	// Index rises over all records of a box.
	Index uint64 `json:"index"`
	// Event is the event's short name.
	Event string `json:"event"`
	// Time is when the accounts server told of it.
	Time time.Time `json:"time"`
	// Changed is when it happened, for events that say so.
	Changed time.Time `json:"changed,omitzero"`
	// Capability and Active belong to subscription-state-change.
	Capability string `json:"capability,omitempty"`
	Active     bool   `json:"active,omitempty"`
}

// person is who a record is about.
type person [16]byte

// personOf names a person so that nobody can tell who it is.
func personOf(clientID, subject string) (p person) {
	sum := sha256.Sum256([]byte("tabferry mailbox\x00" + clientID + "\x00" + subject))
	copy(p[:], sum[:])
	return p
}

// records is what of a notice is kept.
func records(n events.Notice) []Record {
	r := Record{Event: n.Event.Name(), Time: n.Issued}
	switch e := n.Event.(type) {
	case events.PasswordChange:
		r.Changed = e.Changed
	case events.SubscriptionStateChange:
		r.Changed, r.Active = e.Changed, e.Active
		var list []Record
		for _, r.Capability = range e.Capabilities {
			if r.Capability != "" && len(r.Capability) <= maxCapability {
				list = append(list, r)
			}
		}
		return list
	}
	return []Record{r}
}

// settle adds a record to those of a person, and returns those that go for it. Deliveries come in any order
// and more than once: what is older than what is kept is not added.
func settle(have []Record, r Record) (gone []uint64, add bool) {
	for _, old := range have {
		switch {
		case old.Event == events.NameDeleteUser:
			return nil, false // nothing follows a deletion, whatever is delivered late
		case r.Event == events.NameDeleteUser:
			gone = append(gone, old.Index)
		case old.Event == r.Event && old.Capability == r.Capability:
			if !r.Changed.IsZero() && !r.Changed.After(old.Changed) {
				return nil, false
			}
			gone = append(gone, old.Index)
		}
	}
	if over := len(have) - len(gone) + 1 - mostRecords; over > 0 {
		for _, old := range have { // the oldest first
			if over > 0 && !slices.Contains(gone, old.Index) {
				gone = append(gone, old.Index)
				over--
			}
		}
	}
	return gone, true
}
