package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// errHeader guards the clear part of the file.
var errHeader = errors.New("the bucket \"" + headerBucket + "\" is the store's own")

// Tx is a transaction. It must not be used after the function it was given to has returned.
type Tx struct {
	rows rows
	seal *sealer
}

// Get returns a value, nil when there is none.
func (tx *Tx) Get(bucket, key string) ([]byte, error) {
	sealed := tx.rows.get(bucket, key)
	if sealed == nil || bucket == headerBucket {
		return nil, nil
	}
	return tx.seal.open(bucket, key, sealed)
}

// Put sets a value. Keys are at most 32 KiB and not empty.
func (tx *Tx) Put(bucket, key string, value []byte) error {
	if bucket == headerBucket {
		return errHeader
	}
	sealed, err := tx.seal.seal(bucket, key, value)
	if err != nil {
		return err
	}
	if err := tx.rows.put(bucket, key, sealed); err != nil {
		return fmt.Errorf("writing to %s: %w", bucket, err)
	}
	return nil
}

// Delete removes a value; none is fine.
func (tx *Tx) Delete(bucket, key string) error {
	if bucket == headerBucket {
		return errHeader
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

// Get returns a value and whether there is one.
func (t Table[T]) Get(tx *Tx, key string) (value T, ok bool, err error) {
	text, err := tx.Get(t.bucket, key)
	if err != nil || text == nil {
		return value, false, err
	}
	value, err = t.decode(text)
	return value, err == nil, err
}

func (t Table[T]) decode(text []byte) (T, error) {
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		return value, fmt.Errorf("%w: a value of %s has another shape", ErrCorrupt, t.bucket)
	}
	return value, nil
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
// begins at the highest of all. With keys from [IDs] that is newest first. A value that cannot be
// opened comes as an error and does not end the walk. The table must not be changed meanwhile.
func (t Table[T]) Newest(tx *Tx, before string) iter.Seq2[Row[T], error] {
	return t.walk(tx, before, false)
}

// Oldest goes through the values from the lowest key upwards, like [Table.Newest].
func (t Table[T]) Oldest(tx *Tx) iter.Seq2[Row[T], error] { return t.walk(tx, "", true) }

func (t Table[T]) walk(tx *Tx, before string, up bool) iter.Seq2[Row[T], error] {
	return func(yield func(Row[T], error) bool) {
		tx.rows.walk(t.bucket, before, up, func(key string, sealed []byte) bool {
			row := Row[T]{Key: key}
			text, err := tx.seal.open(t.bucket, key, sealed)
			if err == nil {
				row.Value, err = t.decode(text)
			}
			return yield(row, err)
		})
	}
}

// Page returns at most limit values that keep accepts, newest first, below before.
func (t Table[T]) Page(tx *Tx, before string, limit int, keep func(T) bool) ([]T, error) {
	var page []T
	for row, err := range t.Newest(tx, before) {
		if err != nil {
			return nil, err
		}
		if len(page) >= limit {
			break
		}
		if keep == nil || keep(row.Value) {
			page = append(page, row.Value)
		}
	}
	return page, nil
}

// Clear removes all values.
func (t Table[T]) Clear(tx *Tx) error {
	var keys []string
	tx.rows.walk(t.bucket, "", true, func(key string, _ []byte) bool {
		keys = append(keys, key)
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

// Get returns the value and whether there is one.
func (c Cell[T]) Get(tx *Tx) (value T, ok bool, err error) { return c.table.Get(tx, onlyKey) }

// Put sets the value.
func (c Cell[T]) Put(tx *Tx, value T) error { return c.table.Put(tx, onlyKey, value) }

// Clear removes the value; none is fine.
func (c Cell[T]) Clear(tx *Tx) error { return c.table.Delete(tx, onlyKey) }

// Text is a bucket that holds one text as it is.
type Text string

// Get returns the text, nil when there is none.
func (t Text) Get(tx *Tx) ([]byte, error) { return tx.Get(string(t), onlyKey) }

// Put sets the text.
func (t Text) Put(tx *Tx, text []byte) error { return tx.Put(string(t), onlyKey, text) }

// Clear removes the text; none is fine.
func (t Text) Clear(tx *Tx) error { return tx.Delete(string(t), onlyKey) }
