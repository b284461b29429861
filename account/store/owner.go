package store

import (
	"strings"
)

// What belongs to an owner lies in buckets of its own: those of one owner are found without knowing what
// the application keeps, so that nothing is forgotten when all of it must go. Names of buckets are not
// sealed, so an owner is named by a number, never by something that a person is known by.

// ownerMark stands between owner and bucket.
const ownerMark = "/"

// FirstOwner owns what was kept before there were owners.
const FirstOwner = "000000000000000000000000"

// owned is the bucket of an owner.
func owned(owner, bucket string) string { return owner + ownerMark + bucket }

// ownerOf returns whose a bucket is, and its name without that; ok is false for one of nobody's.
func ownerOf(bucket string) (owner, name string, ok bool) { return strings.Cut(bucket, ownerMark) }

// Owners returns the owners that something is kept for, each once, in order.
func (tx *Tx) Owners() (owners []string) {
	for _, bucket := range tx.rows.buckets() { // in order
		owner, _, ok := ownerOf(bucket)
		if ok && (len(owners) == 0 || owners[len(owners)-1] != owner) && tx.filled(bucket) {
			owners = append(owners, owner)
		}
	}
	return owners
}

// Entries counts what an owner has in tables; cells and texts are not counted.
func (tx *Tx) Entries(owner string) (n int) {
	for _, bucket := range tx.bucketsOf(owner) {
		tx.rows.walk(bucket, "", true, func(key, _ []byte) bool {
			if string(key) != onlyKey {
				n++
			}
			return true
		})
	}
	return n
}

// DropOwner removes everything an owner has, what was put aside as damaged included.
func (tx *Tx) DropOwner(owner string) error {
	for _, bucket := range tx.bucketsOf(owner) {
		if err := tx.rows.drop(bucket); err != nil {
			return err
		}
	}
	for _, place := range tx.Damaged() {
		if strings.HasPrefix(place, owner+ownerMark) {
			if err := tx.rows.delete(asideBucket, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// GiveTo hands everything of one owner to another. What the other has under the same name stays as it is.
func (tx *Tx) GiveTo(from, to string) error {
	for _, bucket := range tx.bucketsOf(from) {
		_, name, _ := ownerOf(bucket)
		if err := tx.rename(bucket, owned(to, name)); err != nil {
			return err
		}
	}
	return nil
}

// bucketsOf returns the buckets of an owner.
func (tx *Tx) bucketsOf(owner string) (buckets []string) {
	for _, bucket := range tx.rows.buckets() {
		if is, _, ok := ownerOf(bucket); ok && is == owner {
			buckets = append(buckets, bucket)
		}
	}
	return buckets
}

func (tx *Tx) filled(bucket string) (yes bool) {
	tx.rows.walk(bucket, "", true, func(_, _ []byte) bool {
		yes = true
		return false
	})
	return yes
}

// rename moves the values of a bucket into another. They are sealed anew, since a value is bound to its
// place; one that cannot be read is put aside under its old place.
func (tx *Tx) rename(from, to string) error {
	var keys []string
	tx.rows.walk(from, "", true, func(key, _ []byte) bool {
		keys = append(keys, string(key))
		return true
	})
	for _, key := range keys {
		value, ok := tx.open(new(room), from, []byte(key), tx.rows.get(from, key))
		if !ok {
			if err := tx.setAside(from, key); err != nil {
				return err
			}
			continue
		}
		if tx.rows.get(to, key) != nil {
			continue
		}
		if err := tx.Put(to, key, value); err != nil {
			return err
		}
	}
	return tx.rows.drop(from)
}
