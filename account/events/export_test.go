package events

// Kept is how many addresses and token ids a receiver holds in memory.
func (r *Receiver) Kept() (addresses, ids int) { return r.limit.Len(), r.seen.len() }

// The bounds of what is kept.
const (
	MostSeen = mostSeen
	Refusals = refusals
)
