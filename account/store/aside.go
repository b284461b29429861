package store

import (
	"bytes"
	"slices"
)

// asideBucket holds damaged values as they were found, sealed, under the bucket and the key they had.
const asideBucket = "damaged"

// own reports whether a bucket is the store's own.
func own(bucket string) bool { return bucket == headerBucket || bucket == asideBucket }

// damagedRow is a value that a transaction could not read.
type damagedRow struct {
	bucket, key string
	sealed      []byte
}

// open returns a value, unless it is damaged. It is good until r is used again.
func (tx *Tx) open(r *room, bucket string, key, sealed []byte) (text []byte, ok bool) {
	known := func(r damagedRow) bool {
		return r.bucket == bucket && r.key == string(key) && bytes.Equal(r.sealed, sealed)
	}
	if slices.ContainsFunc(tx.damaged, known) {
		return nil, false
	}
	tx.opened++
	text, err := r.open(tx.seal, bucket, key, sealed)
	if err != nil {
		tx.spoilt(bucket, string(key), sealed)
	}
	return text, err == nil
}

func (tx *Tx) spoilt(bucket, key string, sealed []byte) {
	tx.damaged = append(tx.damaged, damagedRow{bucket, key, bytes.Clone(sealed)})
}

// setAside moves a value that was found damaged out of the way; one that was not stays.
func (tx *Tx) setAside(bucket, key string) error {
	for _, r := range tx.damaged {
		if r.bucket != bucket || r.key != key || !bytes.Equal(tx.rows.get(bucket, key), r.sealed) {
			continue
		}
		if err := tx.rows.put(asideBucket, bucket+"/"+key, r.sealed); err != nil {
			return err
		}
		return tx.rows.delete(bucket, key)
	}
	return nil
}

func (tx *Tx) setAllAside() error {
	for _, r := range tx.damaged {
		if err := tx.setAside(r.bucket, r.key); err != nil {
			return err
		}
	}
	return nil
}

// Damaged returns the places, bucket/key, of the values that were put aside.
func (tx *Tx) Damaged() (places []string) {
	tx.rows.walk(asideBucket, "", true, func(place, _ []byte) bool {
		places = append(places, string(place))
		return true
	})
	return places
}

// ForgetDamaged removes the values that were put aside.
func (tx *Tx) ForgetDamaged() error {
	for _, place := range tx.Damaged() {
		if err := tx.rows.delete(asideBucket, place); err != nil {
			return err
		}
	}
	return nil
}
