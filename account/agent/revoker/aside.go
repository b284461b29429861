package revoker

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/store"
)

// asideBucket holds the states of signed-out accounts of other services, until their credentials have
// been revoked there.
const asideBucket = "leaving"

// asideTable reads them.
var asideTable = store.NewTable[jsonText](asideBucket)

// jsonText is JSON as it is.
type jsonText []byte

// UnmarshalJSON keeps the text.
func (t *jsonText) UnmarshalJSON(text []byte) error {
	*t = append((*t)[:0], text...)
	return nil
}

// SetAside keeps the state of an account under a new id.
func SetAside(tx *store.Tx, ids *store.IDs, now time.Time, state []byte) error {
	id, err := ids.Next(now)
	if err != nil {
		return err
	}
	return tx.Put(asideBucket, id, state)
}

// flushAside revokes for accounts of other services, and returns how much is left.
func (r *Revoker) flushAside(ctx context.Context) (left int, err error) {
	states := map[string][]byte{}
	err = r.Store.View(func(tx *store.Tx) error {
		for row := range asideTable.Oldest(tx) {
			states[row.Key] = row.Value
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for id, state := range states {
		n, err := r.flush(ctx, id, state)
		if err != nil {
			r.Logger.Info("revocations of another service wait", "error", err)
		}
		left += n
	}
	return left, nil
}

func (r *Revoker) flush(ctx context.Context, id string, state []byte) (left int, err error) {
	acct, err := r.Restore(state)
	if err != nil {
		return 0, r.Store.Update(func(tx *store.Tx) error { return tx.Delete(asideBucket, id) })
	}
	defer acct.Close()
	left, failed := acct.FlushRevocations(ctx)
	err = r.Store.Update(func(tx *store.Tx) error {
		if left == 0 && failed == nil {
			return tx.Delete(asideBucket, id)
		}
		text, err := acct.Snapshot()
		if err != nil {
			return err
		}
		return tx.Put(asideBucket, id, text)
	})
	if err == nil {
		err = failed
	}
	if failed != nil {
		left = max(left, 1)
	}
	return left, err
}
