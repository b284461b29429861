// Package bounded holds what a server on the open network keeps of strangers: maps
// that cannot grow, and the rate limit made of one.
package bounded

import (
	"container/list"
	"sync"
)

// Map is a map of at most Most entries. A new one beyond that takes the place of the
// entry that was used least recently. It may be used from several goroutines at once.
type Map[K comparable, V any] struct {
	Most int

	mu      sync.Mutex
	entries map[K]*list.Element
	order   list.List // of *entry[K, V], most recently used first
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// Edit calls edit with the value of key, a zero one if there is none, and keeps what
// edit returns, unless keep is false: then there is no entry afterwards.
func (m *Map[K, V]) Edit(key K, edit func(v V, known bool) (now V, keep bool)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, known := m.entries[key]
	var was V
	if known {
		was = at.Value.(*entry[K, V]).value
	}
	now, keep := edit(was, known)
	switch {
	case known && keep:
		at.Value.(*entry[K, V]).value = now
		m.order.MoveToFront(at)
	case known:
		m.order.Remove(at)
		delete(m.entries, key)
	case keep:
		if m.entries == nil {
			m.entries = make(map[K]*list.Element)
		}
		m.entries[key] = m.order.PushFront(&entry[K, V]{key, now})
		if len(m.entries) > m.Most {
			oldest := m.order.Back()
			m.order.Remove(oldest)
			delete(m.entries, oldest.Value.(*entry[K, V]).key)
		}
	}
}

// Get returns the value of key, which counts as a use.
func (m *Map[K, V]) Get(key K) (value V, known bool) {
	m.Edit(key, func(v V, ok bool) (V, bool) {
		value, known = v, ok
		return v, ok
	})
	return value, known
}

// Put sets the value of key.
func (m *Map[K, V]) Put(key K, value V) {
	m.Edit(key, func(V, bool) (V, bool) { return value, true })
}

// Len is how many entries there are.
func (m *Map[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}
