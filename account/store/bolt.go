package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"sync"
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
	// writing is held by the one transaction that writes, so that nobody waits for a lock of bbolt's
	// that a panic left behind.
	writing sync.Mutex
	// size is the greatest that the file was seen with, in bytes: it never shrinks by itself.
	size atomic.Int64
	// used is how many bytes of it something lay in when it was opened.
	used int64
	// ends says that every page was found to end; see [boltFile.sound]. It is of whoever writes, and of an opening,
	// which has the file to itself.
	ends bool
	// dead says that bbolt has panicked over the file: it is asked nothing more, because it may hold
	// its locks still.
	dead atomic.Bool
	// rest hears of each use from within its transaction, which closing waits for.
	rest rest
}

// openBolt opens a file that exists, or makes one.
func openBolt(path string, create bool) (*boltFile, error) {
	var b boltFile
	options := &bbolt.Options{
		Timeout:      lockWait,
		FreelistType: bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode fs.FileMode) (*os.File, error) {
			if !create {
				flag &^= os.O_CREATE
			}
			f, err := os.OpenFile(name, flag, mode) // #nosec G304 -- the caller's choice of store
			b.file = f
			return f, err
		},
	}
	if info, err := os.Stat(path); err == nil && info.Size() == 0 && !create {
		return nil, fmt.Errorf("%w: it is empty", ErrCorrupt) // bbolt would begin a new one in it
	}
	err := guard(func(*bool) (err error) {
		b.db, err = bbolt.Open(path, fileMode, options)
		return err
	})
	if err == nil {
		if err = b.whole(); err == nil {
			b.rest.begin(b.letGoOfPages)
			return &b, nil
		}
		err = errors.Join(err, b.close())
	}
	if b.file != nil && errors.Is(err, ErrCorrupt) {
		err = errors.Join(err, b.letGo()) // bbolt gave up in the middle
	}
	err = diskFault(err)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, ErrInUse
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrCorrupt):
		return nil, err
	case OnDisk(err):
		return nil, fmt.Errorf("opening the store: %w", err)
	default:
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
}

// same refuses a file that somebody else has cut short and, for writing, one that is no longer in its
// place: what is written there is lost.
func (b *boltFile) same(writable bool) error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	if before := b.size.Swap(info.Size()); info.Size() < before {
		b.dead.Store(true)
		return fmt.Errorf("%w: it was cut short while in use", ErrCorrupt)
	}
	if !writable {
		return nil
	}
	there, err := os.Stat(b.file.Name())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, there) {
		return ErrReplaced
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

// copyTo writes the whole file as it is.
func (b *boltFile) copyTo(w io.Writer) error {
	return b.run(false, func(r *boltRows) (err error) {
		defer b.rest.used()
		r.ask(func() { _, err = r.tx.WriteTo(w) })
		return err
	})
}

func (b *boltFile) view(f func(rows) error) error { return b.use(false, f) }

func (b *boltFile) update(f func(rows) error) error { return b.use(true, f) }

func (b *boltFile) use(writable bool, f func(rows) error) error {
	return b.run(writable, func(r *boltRows) error {
		defer b.rest.used()
		return f(r)
	})
}

// run is one transaction. However it ends, by a panic too, it is taken back unless f returned nil. (For
// that bbolt's own View and Update read the file once more, which can panic a second time and leave
// their lock held.)
func (b *boltFile) run(writable bool, f func(*boltRows) error) error {
	if writable {
		b.writing.Lock()
		defer b.writing.Unlock()
	}
	if b.dead.Load() {
		return ErrCorrupt
	}
	panicked := true
	err := guard(func(ours *bool) error {
		defer func() { panicked = panicked && !*ours }()
		tx, err := b.db.Begin(writable)
		if err == nil {
			defer tx.Rollback() // fails only where the transaction is over
			err = b.same(writable)
		}
		if err == nil && writable {
			err = b.sound(tx)
		}
		if err == nil {
			*ours = true
			err = f(&boltRows{tx, ours})
			*ours = false
		}
		if err == nil && writable {
			err = b.commit(tx)
		}
		panicked = false
		return err
	})
	if panicked {
		b.dead.Store(true)
	}
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return ErrClosed
	case errors.Is(err, bolterrors.ErrIncompatibleValue): // a bucket where a value should be, or the reverse
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return diskFault(err)
}

// errUnsynced marks a transaction that is written, for every later reader, though the disk may not have
// kept it.
var errUnsynced = errors.New("it is written, but perhaps not kept")

// commit keeps a transaction. A disk that fails at the very last step leaves it written: then it is asked
// once more to keep it.
func (b *boltFile) commit(tx *bbolt.Tx) error {
	id := tx.ID()
	err := tx.Commit()
	if err == nil {
		return nil
	}
	if now, e := b.db.Begin(false); e == nil {
		written := now.ID() == id
		if e = now.Rollback(); e == nil && written {
			if e = b.db.Sync(); e != nil {
				e = fmt.Errorf("%w: %w", errUnsynced, e)
			}
			return e
		}
	}
	return err
}

func (b *boltFile) close() error {
	b.writing.Lock()
	defer b.writing.Unlock()
	defer b.rest.end()
	if b.dead.Load() {
		return b.letGo()
	}
	return guard(func(*bool) error { return b.db.Close() })
}

// letGo closes the file past bbolt, which may hold its own locks. Its map of the file stays, and with it
// the system's lock on the file, unless that is taken off.
func (b *boltFile) letGo() error {
	err := unlockFile(b.file)
	if err = errors.Join(err, b.file.Close()); errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
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

func (r *boltRows) drop(bucket string) (err error) {
	if !r.tx.Writable() {
		return errReadOnly
	}
	r.ask(func() {
		if r.tx.Bucket([]byte(bucket)) != nil {
			err = r.tx.DeleteBucket([]byte(bucket))
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

func (r *boltRows) count(bucket string) (n int) {
	r.ask(func() {
		if b := r.tx.Bucket([]byte(bucket)); b != nil {
			c := b.Cursor()
			for key, _ := c.First(); key != nil; key, _ = c.Next() {
				n++
			}
		}
	})
	return n
}

func (r *boltRows) walk(bucket, before string, up bool, yield func(key, value []byte) bool) {
	r.ask(func() {
		b := r.tx.Bucket([]byte(bucket))
		if b == nil {
			return
		}
		var name, copied []byte
		each := func(key, value []byte) (more bool) {
			name, copied = append(name[:0], key...), append(copied[:0], value...)
			*r.ours = true
			more = yield(name, copied)
			*r.ours = false
			return more
		}
		c := b.Cursor()
		if !up {
			walkDown(c, before, int(r.tx.Size())/r.tx.DB().Info().PageSize, each)
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
// So the lowest key, which First finds over emptied pages, says whether and where the walk ends; in a damaged
// file, where a key may be another one each time it is read, that there are no more pages to be empty.
func walkDown(c *bbolt.Cursor, before string, pages int, yield func(key, value []byte) bool) {
	first, _ := c.First()
	if first == nil || before != "" && before <= string(first) {
		return
	}
	lowest := string(first) // the cursor's own is good only until it moves
	prev := func() (key, value []byte) {
		for range pages {
			if key, value = c.Prev(); key != nil {
				break
			}
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
	for key != nil && yield(key, value) && string(key) > lowest {
		key, value = prev()
	}
}
