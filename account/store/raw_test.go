package store_test

import (
	"testing"

	"go.etcd.io/bbolt"
)

// raw opens the file behind the store's back.
func raw(t *testing.T, path string, f func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func swapRows(t *testing.T, path, bucket, a, b string) {
	raw(t, path, func(tx *bbolt.Tx) error {
		rows := tx.Bucket([]byte(bucket))
		first := append([]byte(nil), rows.Get([]byte(a))...)
		second := append([]byte(nil), rows.Get([]byte(b))...)
		if err := rows.Put([]byte(a), second); err != nil {
			return err
		}
		return rows.Put([]byte(b), first)
	})
}

func setHeader(t *testing.T, path string, change func(string) string) {
	raw(t, path, func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("header"))
		return b.Put([]byte("header"), []byte(change(string(b.Get([]byte("header"))))))
	})
}
