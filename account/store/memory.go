package store

import (
	"maps"
	"slices"
	"sync"
)

// memory is the engine without a file. A transaction that fails is undone, so that one that succeeds
// costs what it changes and not what there is.
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

func (m *memory) update(f func(rows) error) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &memoryRows{data: m.data, writes: true}
	done := false
	defer func() {
		if done && err == nil {
			return
		}
		for _, undo := range slices.Backward(r.undo) {
			undo()
		}
	}()
	err = f(r)
	done = true
	return err
}

func (m *memory) close() error { return nil }

// memoryRows is one transaction.
type memoryRows struct {
	data   map[string]map[string][]byte
	writes bool
	undo   []func()
}

func (r *memoryRows) get(bucket, key string) []byte { return r.data[bucket][key] }

// change returns a bucket in which a row is about to change.
func (r *memoryRows) change(name, key string) map[string][]byte {
	b, ok := r.data[name]
	if !ok {
		b = map[string][]byte{}
		r.data[name] = b
		r.undo = append(r.undo, func() { delete(r.data, name) })
	}
	if value, ok := b[key]; ok {
		r.undo = append(r.undo, func() { b[key] = value })
	} else {
		r.undo = append(r.undo, func() { delete(b, key) })
	}
	return b
}

func (r *memoryRows) put(bucket, key string, value []byte) error {
	if !r.writes {
		return errReadOnly
	}
	r.change(bucket, key)[key] = slices.Clone(value)
	return nil
}

func (r *memoryRows) delete(bucket, key string) error {
	if !r.writes {
		return errReadOnly
	}
	delete(r.change(bucket, key), key)
	return nil
}

func (r *memoryRows) drop(bucket string) error {
	if !r.writes {
		return errReadOnly
	}
	if b, ok := r.data[bucket]; ok {
		delete(r.data, bucket)
		r.undo = append(r.undo, func() { r.data[bucket] = b })
	}
	return nil
}

func (r *memoryRows) buckets() []string { return slices.Sorted(maps.Keys(r.data)) }

func (r *memoryRows) count(bucket string) int { return len(r.data[bucket]) }

func (r *memoryRows) walk(bucket, before string, up bool, yield func(key, value []byte) bool) {
	keys := slices.Sorted(maps.Keys(r.data[bucket]))
	if !up {
		slices.Reverse(keys)
	}
	var name []byte
	for _, key := range keys {
		if !up && before != "" && key >= before {
			continue
		}
		name = append(name[:0], key...)
		if !yield(name, r.data[bucket][key]) {
			return
		}
	}
}
