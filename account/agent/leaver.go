package agent

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/store"
)

// How revocations are tried again until they are done.
const (
	revokeRetryFirst = time.Minute
	revokeRetryMost  = time.Hour
)

// leaver revokes on the servers what was signed out here, however long that takes, and deletes the
// local data afterwards if that was asked for.
type leaver struct {
	e      *engine
	errand *errand
	wait   doubling
}

func newLeaver(e *engine) *leaver {
	l := &leaver{e: e, wait: doubling{first: revokeRetryFirst, most: revokeRetryMost}}
	l.errand = newErrand(l.work)
	return l
}

func (l *leaver) work(ctx context.Context) time.Duration {
	left, err := l.e.acct.FlushRevocations(ctx)
	if err == nil || left > 0 {
		var others int
		if others, err = l.flushOthers(ctx); err == nil {
			left += others
		}
	}
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		l.e.a.params.Logger.Info("revocations wait", "error", err)
		return l.wait.next()
	case left > 0:
		return l.wait.next()
	}
	l.wait.reset()
	l.deleteIfAsked()
	return 0
}

// deleteIfAsked removes the local data once nothing is left to do with it.
func (l *leaver) deleteIfAsked() {
	asked := false
	l.e.read(func(m *model) { asked = m.notes.DeleteWhenDone })
	if !asked || l.e.acct.AuthState() != account.AuthStateDisconnected {
		return
	}
	e := l.e
	e.a.later(func(ctx context.Context, k *keeper) error {
		e.a.mu.Lock()
		still := e.a.engine == e && e.model.notes.DeleteWhenDone
		e.a.mu.Unlock()
		if !still {
			return nil
		}
		return k.purge(ctx)
	})
}

// setAside keeps the state of a signed-out account of another service until its credentials have
// been revoked there.
func (e *engine) setAside(state []byte) error {
	id, err := e.a.ids.Next(e.now())
	if err != nil {
		return err
	}
	return e.vault.update(func(tx *store.Tx) error {
		if err := tx.Put(leavingBucket, id, state); err != nil {
			return err
		}
		return tx.Delete(accountBucket, onlyKey)
	})
}

// leavingTable reads the states put aside.
var leavingTable = store.NewTable[jsonText](leavingBucket)

// jsonText is JSON as it is.
type jsonText []byte

// UnmarshalJSON keeps the text.
func (t *jsonText) UnmarshalJSON(text []byte) error {
	*t = append((*t)[:0], text...)
	return nil
}

// flushOthers revokes for accounts of other services, and tells how much is left.
func (l *leaver) flushOthers(ctx context.Context) (left int, err error) {
	states := map[string][]byte{}
	err = l.e.vault.view(func(tx *store.Tx) error {
		for row, err := range leavingTable.Oldest(tx) {
			if err != nil {
				return err
			}
			states[row.Key] = row.Value
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for id, state := range states {
		n, err := l.flushOther(ctx, id, state)
		if err != nil {
			l.e.a.params.Logger.Info("revocations of another service wait", "error", err)
		}
		left += n
	}
	return left, nil
}

func (l *leaver) flushOther(ctx context.Context, id string, state []byte) (left int, err error) {
	acct, err := account.Restore(state, l.e.accountOptions(nil)...)
	if err != nil {
		return 0, l.e.vault.update(func(tx *store.Tx) error { return tx.Delete(leavingBucket, id) })
	}
	defer acct.Close()
	left, failed := acct.FlushRevocations(ctx)
	err = l.e.vault.update(func(tx *store.Tx) error {
		if left == 0 && failed == nil {
			return tx.Delete(leavingBucket, id)
		}
		text, err := acct.Snapshot()
		if err != nil {
			return err
		}
		return tx.Put(leavingBucket, id, text)
	})
	if err == nil {
		err = failed
	}
	if failed != nil {
		left = max(left, 1)
	}
	return left, err
}
