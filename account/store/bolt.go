package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long we wait for another process to let go of the file: one that is just ending.
const lockWait = time.Second

// fileMode keeps the file to its owner.
const fileMode fs.FileMode = 0o600

// errReadOnly is a fault of the caller: a change inside View.
var errReadOnly = errors.New("the transaction is read-only")

// boltFile is the engine over a bbolt file.
type boltFile struct {
	db   *bbolt.DB
	file *os.File
	// stuck says that bbolt could not even begin a transaction and holds its locks still: whoever asks
	// for one now waits for ever.
	stuck atomic.Bool
}

// openBolt opens a file that exists, or makes one.
func openBolt(path string, create bool) (*boltFile, error) {
	var b boltFile
	options := &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode fs.FileMode) (*os.File, error) {
			if !create {
				flag &^= os.O_CREATE
			}
			f, err := os.OpenFile(name, flag, mode) // #nosec G304 -- the caller's choice of store
			b.file = f
			return f, err
		},
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrCorrupt) // bbolt would begin a new one in it
	}
	err := guard(func(*bool) (err error) {
		b.db, err = bbolt.Open(path, fileMode, options)
		return err
	})
	if err == nil {
		if err = b.whole(); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	switch {
	case err == nil:
		return &b, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case errors.Is(err, ErrCorrupt) && b.file != nil:
		// bbolt gave up in the middle and holds the lock still; closing the file frees it.
		return nil, errors.Join(err, ignoreClosed(b.file.Close()))
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("opening the store: %w", err)
	default:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
}

// whole refuses a file that is shorter than its own book-keeping says: bbolt notices only when it
// reads the missing part.
func (b *boltFile) whole() error {
	info, err := os.Stat(b.db.Path())
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	return b.run(false, func(r *boltRows) error {
		if r.tx.Size() > info.Size() {
			return fmt.Errorf("%w: a part of it is missing", ErrCorrupt)
		}
		return nil
	})
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// guard turns bbolt's panics over a damaged file, and faults from reading a map of a file that was
// cut short, into [ErrCorrupt]. While f has set ours, it is our own code that runs, not bbolt: a panic
// of that is a fault of the program and passes untouched.
func guard(f func(ours *bool) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var ours bool
	defer func() {
		if ours {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	return f(&ours)
}

func (b *boltFile) view(f func(rows) error) error {
	return b.run(false, func(r *boltRows) error { return f(r) })
}

func (b *boltFile) update(f func(rows) error) error {
	return b.run(true, func(r *boltRows) error { return f(r) })
}

// run is one transaction. However it ends, by a panic too, it is taken back unless f returned nil. (For
// that bbolt's own View and Update read the file once more, which can panic a second time and leave
// their lock held.)
func (b *boltFile) run(writable bool, f func(*boltRows) error) error {
	if b.stuck.Load() {
		return ErrCorrupt
	}
	begun := false
	err := guard(func(ours *bool) error {
		tx, err := b.db.Begin(writable)
		if err != nil {
			return err
		}
		begun = true
		defer tx.Rollback() // fails only where the transaction is over
		*ours = true
		err = f(&boltRows{tx, ours})
		*ours = false
		if err != nil || !writable {
			return err
		}
		return tx.Commit()
	})
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return ErrClosed
	case !begun && errors.Is(err, ErrCorrupt):
		b.stuck.Store(true)
	}
	return err
}

func (b *boltFile) close() error {
	if b.stuck.Load() {
		return ignoreClosed(b.file.Close())
	}
	return guard(func(*bool) error { return b.db.Close() })
}

// boltRows is one bbolt transaction. Values are copied while bbolt is at work, because reading them may
// fault like any call of it.
type boltRows struct {
	tx   *bbolt.Tx
	ours *bool
}

// ask calls bbolt. A panic keeps the mark that it was bbolt's.
func (r *boltRows) ask(call func()) {
	*r.ours = false
	call()
	*r.ours = true
}

func (r *boltRows) get(bucket, key string) (value []byte) {
	r.ask(func() {
		if b := r.tx.Bucket([]byte(bucket)); b != nil {
			value = bytes.Clone(b.Get([]byte(key)))
		}
	})
	return value
}

func (r *boltRows) put(bucket, key string, value []byte) (err error) {
	if !r.tx.Writable() {
		return errReadOnly
	}
	r.ask(func() {
		var b *bbolt.Bucket
		if b, err = r.tx.CreateBucketIfNotExists([]byte(bucket)); err == nil {
			err = b.Put([]byte(key), value)
		}
	})
	return err
}

func (r *boltRows) delete(bucket, key string) (err error) {
	if !r.tx.Writable() {
		return errReadOnly
	}
	r.ask(func() {
		if b := r.tx.Bucket([]byte(bucket)); b != nil {
			err = b.Delete([]byte(key))
		}
	})
	return err
}

func (r *boltRows) buckets() (names []string) {
	r.ask(func() {
		c := r.tx.Cursor()
		for name, value := c.First(); name != nil; name, value = c.Next() {
			if value == nil {
				names = append(names, string(name))
			}
		}
	})
	return names
}

func (r *boltRows) walk(bucket, before string, up bool, yield func(string, []byte) bool) {
	r.ask(func() {
		b := r.tx.Bucket([]byte(bucket))
		if b == nil {
			return
		}
		var copied []byte
		each := func(key, value []byte) (more bool) {
			name := string(key)
			copied = append(copied[:0], value...)
			*r.ours = true
			more = yield(name, copied)
			*r.ours = false
			return more
		}
		c := b.Cursor()
		if !up {
			walkDown(c, before, each)
			return
		}
		for key, value := c.First(); key != nil && each(key, value); key, value = c.Next() {
		}
	})
}

// walkDown goes from the highest key below before down to the lowest.
//
// Pages that were emptied in this transaction stay in bbolt's tree until it ends. Backwards its cursor
// does not step over them as it does forwards: Prev gives nothing there, as at the end, and Last goes
// round for ever where nothing else is left (bbolt 1.5.0; etcd-io/bbolt#733 is the change that did it).
// So the lowest key, which First finds over emptied pages, says whether and where the walk ends.
func walkDown(c *bbolt.Cursor, before string, yield func(key, value []byte) bool) {
	first, _ := c.First()
	if first == nil || before != "" && before <= string(first) {
		return
	}
	lowest := string(first) // the cursor's own is good only until it moves
	prev := func() (key, value []byte) {
		for key == nil {
			key, value = c.Prev()
		}
		return key, value
	}
	var key, value []byte
	if before != "" {
		key, _ = c.Seek([]byte(before))
	}
	if key == nil {
		key, value = c.Last()
	} else {
		key, value = prev()
	}
	for yield(key, value) && string(key) > lowest {
		key, value = prev()
	}
}
