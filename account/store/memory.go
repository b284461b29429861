package store

import (
	"maps"
	"slices"
	"sync"
)

// memory is the engine without a file. A transaction works on copies of the buckets it changes,
// which replace the old ones when it succeeds.
type memory struct {
	mu   sync.RWMutex
	data map[string]map[string][]byte
}

func newMemory() *memory { return &memory{data: map[string]map[string][]byte{}} }

func (m *memory) view(f func(rows) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&memoryRows{data: m.data})
}

func (m *memory) update(f func(rows) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &memoryRows{data: maps.Clone(m.data), own: map[string]bool{}}
	if err := f(r); err != nil {
		return err
	}
	m.data = r.data
	return nil
}

func (m *memory) close() error { return nil }

// memoryRows is one transaction; own names the buckets that are already copies.
type memoryRows struct {
	data map[string]map[string][]byte
	own  map[string]bool
}

func (r *memoryRows) get(bucket, key string) []byte { return r.data[bucket][key] }

// bucket returns a bucket that this transaction may change.
func (r *memoryRows) bucket(name string) map[string][]byte {
	if r.own[name] {
		return r.data[name]
	}
	b := maps.Clone(r.data[name])
	if b == nil {
		b = map[string][]byte{}
	}
	r.data[name], r.own[name] = b, true
	return b
}

func (r *memoryRows) put(bucket, key string, value []byte) error {
	if r.own == nil {
		return errReadOnly
	}
	r.bucket(bucket)[key] = slices.Clone(value)
	return nil
}

func (r *memoryRows) delete(bucket, key string) error {
	if r.own == nil {
		return errReadOnly
	}
	delete(r.bucket(bucket), key)
	return nil
}

func (r *memoryRows) buckets() []string { return slices.Sorted(maps.Keys(r.data)) }

func (r *memoryRows) walk(bucket, before string, up bool, yield func(string, []byte) bool) {
	keys := slices.Sorted(maps.Keys(r.data[bucket]))
	if !up {
		slices.Reverse(keys)
	}
	for _, key := range keys {
		if !up && before != "" && key >= before {
			continue
		}
		if !yield(key, r.data[bucket][key]) {
			return
		}
	}
}
