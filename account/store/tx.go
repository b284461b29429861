package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// errOwn guards what is the store's own.
var errOwn = errors.New("the buckets \"" + headerBucket + "\" and \"" + asideBucket + "\" are the store's own")

// Tx is a transaction. It must not be used after the function it was given to has returned.
//
// A value that is damaged, or has another shape than it should, is as if it were not there: it is put
// aside, as it is, when the transaction has ended well, and costs no other value anything.
type Tx struct {
	rows    rows
	seal    *sealer
	damaged []damagedRow
	size    int // bytes put
	opened  int // values opened
}

// Get returns a value, nil when there is none.
func (tx *Tx) Get(bucket, key string) ([]byte, error) {
	sealed := tx.rows.get(bucket, key)
	if sealed == nil || own(bucket) {
		return nil, nil
	}
	text, _ := tx.open(new(room), bucket, []byte(key), sealed)
	return text, nil
}

// Put sets a value. Keys are at most 32 KiB and not empty.
func (tx *Tx) Put(bucket, key string, value []byte) error {
	if own(bucket) {
		return errOwn
	}
	if err := tx.setAside(bucket, key); err != nil {
		return err
	}
	sealed, err := tx.seal.seal(bucket, key, value)
	if err != nil {
		return err
	}
	if err := tx.rows.put(bucket, key, sealed); err != nil {
		return fmt.Errorf("writing to %s: %w", bucket, err)
	}
	tx.size += len(sealed)
	return nil
}

// Delete removes a value; none is fine.
func (tx *Tx) Delete(bucket, key string) error {
	if own(bucket) {
		return errOwn
	}
	if err := tx.setAside(bucket, key); err != nil {
		return err
	}
	if err := tx.rows.delete(bucket, key); err != nil {
		return fmt.Errorf("deleting from %s: %w", bucket, err)
	}
	return nil
}

// Table is a bucket of values of one type, kept as JSON. Its zero value is not usable: [NewTable].
type Table[T any] struct {
	bucket string
}

// NewTable names a bucket.
func NewTable[T any](bucket string) Table[T] { return Table[T]{bucket} }

// Of is the table as it belongs to one owner, who is named as in [Tx.Owners].
func (t Table[T]) Of(owner string) Table[T] { return Table[T]{owned(owner, t.bucket)} }

// Get returns a value and whether there is one.
func (t Table[T]) Get(tx *Tx, key string) (value T, ok bool, err error) {
	text, err := tx.Get(t.bucket, key)
	if err != nil || text == nil {
		return value, false, err
	}
	value, ok = t.decode(tx, key, text)
	return value, ok, nil
}

func (t Table[T]) decode(tx *Tx, key string, text []byte) (value T, ok bool) {
	if err := json.Unmarshal(text, &value); err != nil {
		tx.spoilt(t.bucket, key, tx.rows.get(t.bucket, key))
		return *new(T), false
	}
	return value, true
}

// Put sets a value.
func (t Table[T]) Put(tx *Tx, key string, value T) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing to %s: %w", t.bucket, err)
	}
	return tx.Put(t.bucket, key, text)
}

// Delete removes values; missing ones are fine.
func (t Table[T]) Delete(tx *Tx, keys ...string) error {
	for _, key := range keys {
		if err := tx.Delete(t.bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// Row is a key and its value.
type Row[T any] struct {
	Key   string
	Value T
}

// Newest goes through the values from the highest key below before downwards; an empty before
// begins at the highest of all. With keys from [IDs] that is newest first. The table must not be
// changed meanwhile.
func (t Table[T]) Newest(tx *Tx, before string) iter.Seq[Row[T]] { return t.walk(tx, before, false) }

// Oldest goes through the values from the lowest key upwards, like [Table.Newest].
func (t Table[T]) Oldest(tx *Tx) iter.Seq[Row[T]] { return t.walk(tx, "", true) }

func (t Table[T]) walk(tx *Tx, before string, up bool) iter.Seq[Row[T]] {
	return func(yield func(Row[T]) bool) {
		for key, text := range t.texts(tx, before, up) {
			name := string(key)
			if value, ok := t.decode(tx, name, text); ok && !yield(Row[T]{name, value}) {
				return
			}
		}
	}
}

// Texts goes through the keys and the JSON of the values from the lowest key upwards, for those who can
// tell without decoding what they need. Both are valid until the next.
func (t Table[T]) Texts(tx *Tx) iter.Seq2[[]byte, []byte] { return t.texts(tx, "", true) }

func (t Table[T]) texts(tx *Tx, before string, up bool) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, text []byte) bool) {
		var r room
		tx.rows.walk(t.bucket, before, up, func(key, sealed []byte) bool {
			text, ok := tx.open(&r, t.bucket, key, sealed)
			return !ok || yield(key, text)
		})
	}
}

// Page returns at most limit values that keep accepts, newest first, below before.
func (t Table[T]) Page(tx *Tx, before string, limit int, keep func(T) bool) []T {
	return t.Search(tx, before, limit, nil, keep)
}

// Search is [Table.Page] for many values: those whose JSON might refuses are not even decoded.
func (t Table[T]) Search(tx *Tx, before string, limit int, might func(text []byte) bool, keep func(T) bool) (page []T) {
	if limit <= 0 {
		return nil
	}
	for key, text := range t.texts(tx, before, false) {
		if might != nil && !might(text) {
			continue
		}
		if value, ok := t.decode(tx, string(key), text); ok && (keep == nil || keep(value)) {
			if page = append(page, value); len(page) == limit {
				break
			}
		}
	}
	return page
}

// Clear removes all values.
func (t Table[T]) Clear(tx *Tx) error {
	var keys []string
	tx.rows.walk(t.bucket, "", true, func(key, _ []byte) bool {
		keys = append(keys, string(key))
		return true
	})
	return t.Delete(tx, keys...)
}

// onlyKey is the key in a bucket that holds one value.
const onlyKey = "state"

// Cell is a bucket that holds one value, kept as JSON. Its zero value is not usable: [NewCell].
type Cell[T any] struct{ table Table[T] }

// NewCell names a bucket.
func NewCell[T any](bucket string) Cell[T] { return Cell[T]{NewTable[T](bucket)} }

// Of is the cell as it belongs to one owner.
func (c Cell[T]) Of(owner string) Cell[T] { return Cell[T]{c.table.Of(owner)} }

// Get returns the value and whether there is one.
func (c Cell[T]) Get(tx *Tx) (value T, ok bool, err error) { return c.table.Get(tx, onlyKey) }

// Put sets the value.
func (c Cell[T]) Put(tx *Tx, value T) error { return c.table.Put(tx, onlyKey, value) }

// Clear removes the value; none is fine.
func (c Cell[T]) Clear(tx *Tx) error { return c.table.Delete(tx, onlyKey) }

// Text is a bucket that holds one text as it is.
type Text string

// Place names the text as [Tx.Damaged] does.
func (t Text) Place() string { return string(t) + "/" + onlyKey }

// Get returns the text, nil when there is none.
func (t Text) Get(tx *Tx) ([]byte, error) { return tx.Get(string(t), onlyKey) }

// Put sets the text.
func (t Text) Put(tx *Tx, text []byte) error { return tx.Put(string(t), onlyKey, text) }

// Clear removes the text; none is fine.
func (t Text) Clear(tx *Tx) error { return tx.Delete(string(t), onlyKey) }
