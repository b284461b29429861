package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
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
	db *bbolt.DB
}

// openBolt opens a file that exists, or makes one.
func openBolt(path string, create bool) (*boltFile, error) {
	var opened *os.File
	options := &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
		OpenFile: func(name string, flag int, mode fs.FileMode) (*os.File, error) {
			if !create {
				flag &^= os.O_CREATE
			}
			f, err := os.OpenFile(name, flag, mode) // #nosec G304 -- the caller's choice of store
			opened = f
			return f, err
		},
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrCorrupt) // bbolt would begin a new one in it
	}
	var b boltFile
	err := guard(func() (err error) {
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
	case errors.Is(err, ErrCorrupt) && opened != nil:
		// bbolt gave up in the middle and holds the lock still; closing the file frees it.
		return nil, errors.Join(err, ignoreClosed(opened.Close()))
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
	return guard(func() error {
		return b.db.View(func(tx *bbolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("%w: a part of it is missing", ErrCorrupt)
			}
			return nil
		})
	})
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// guard turns bbolt's panics over a damaged file, and faults from reading a map of a file that was
// cut short, into [ErrCorrupt].
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	return f()
}

func (b *boltFile) view(f func(rows) error) error {
	return b.run(b.db.View, f)
}

func (b *boltFile) update(f func(rows) error) error {
	return b.run(b.db.Update, f)
}

// run is one transaction. A panic inside f, too, ends as [ErrCorrupt] with nothing changed: bbolt
// panics in the calls that f makes.
func (b *boltFile) run(do func(func(*bbolt.Tx) error) error, f func(rows) error) error {
	err := guard(func() error {
		return do(func(tx *bbolt.Tx) error { return f(&boltRows{tx}) })
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

func (b *boltFile) close() error { return guard(b.db.Close) }

// boltRows is one bbolt transaction.
type boltRows struct {
	tx *bbolt.Tx
}

func (r *boltRows) get(bucket, key string) []byte {
	b := r.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	return b.Get([]byte(key))
}

func (r *boltRows) put(bucket, key string, value []byte) error {
	if !r.tx.Writable() {
		return errReadOnly
	}
	b, err := r.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	return b.Put([]byte(key), value)
}

func (r *boltRows) delete(bucket, key string) error {
	if !r.tx.Writable() {
		return errReadOnly
	}
	b := r.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	return b.Delete([]byte(key))
}

func (r *boltRows) buckets() []string {
	var names []string
	c := r.tx.Cursor()
	for name, value := c.First(); name != nil; name, value = c.Next() {
		if value == nil {
			names = append(names, string(name))
		}
	}
	return names
}

func (r *boltRows) walk(bucket, before string, up bool, yield func(string, []byte) bool) {
	b := r.tx.Bucket([]byte(bucket))
	if b == nil {
		return
	}
	if !up {
		walkDown(b.Cursor(), before, yield)
		return
	}
	c := b.Cursor()
	for key, value := c.First(); key != nil; key, value = c.Next() {
		if !yield(string(key), value) {
			return
		}
	}
}

// walkDown goes from the highest key below before down to the lowest.
//
// Pages that were emptied in this transaction stay in bbolt's tree until it ends. Backwards its cursor
// does not step over them as it does forwards: Prev gives nothing there, as at the end, and Last goes
// round for ever where nothing else is left (bbolt 1.5.0; etcd-io/bbolt#733 is the change that did it).
// So the lowest key, which First finds over emptied pages, says whether and where the walk ends.
func walkDown(c *bbolt.Cursor, before string, yield func(string, []byte) bool) {
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
	for yield(string(key), value) && string(key) > lowest {
		key, value = prev()
	}
}
