package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// dirMode keeps the folder of the file to its owner.
const dirMode fs.FileMode = 0o700

// Store is an open store. Its methods may be used from several goroutines at once; a transaction
// must not begin another one.
type Store struct {
	path   string
	place  string // where a prepared file goes; empty once it is there
	header Header
	rand   io.Reader

	mu     sync.RWMutex
	engine engine
	seal   *sealer // nil while locked
	closed bool
	// aside counts the values that were put aside since somebody asked.
	aside atomic.Int64
}

// NewMemory returns an unlocked store without a file.
func NewMemory() (*Store, error) {
	s := &Store{header: Header{Protection: InMemory}, rand: rand.Reader, engine: newMemory()}
	key, err := newKey(s.rand)
	if err != nil {
		return nil, err
	}
	s.seal, err = newSealer(key, s.rand)
	return s, err
}

// Open opens the file at path, locked. A missing file is [fs.ErrNotExist]; other failures are
// [ErrInUse], [ErrCorrupt] and [ErrNewer]. The file is not changed by any of them. One of which little is
// left is written anew, smaller.
func Open(path string) (*Store, error) {
	file, err := openBolt(path, false)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, rand: rand.Reader, engine: file}
	err = file.view(func(r rows) (err error) {
		s.header, err = parseHeader(r.get(headerBucket, headerKey))
		return err
	})
	if err != nil {
		return nil, errors.Join(err, file.close())
	}
	if file.wasteful() {
		if file, err = file.compacted(path); err != nil {
			return nil, err
		}
		s.engine = file
	}
	_ = removed(compactName(path)) // an unfinished one that stays harms nobody; the next opening tries again
	return s, nil
}

// OpenAgain is [Open] for a file that was of no use before: all of it is read, of which otherwise each part is
// found damaged when somebody reads or changes it.
func OpenAgain(path string) (*Store, error) {
	s, err := Open(path)
	if err != nil {
		return nil, err
	}
	if err := s.engine.(*boltFile).readable(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Create makes a new file at path, with a new key kept by source, and returns it unlocked. It fails
// with [fs.ErrExist] where there is a file already.
func Create(ctx context.Context, path string, source KeySource) (*Store, error) {
	s, err := Prepare(ctx, path, source)
	if err != nil {
		return nil, err
	}
	if err := s.takePlace(); err != nil {
		return nil, errors.Join(err, s.Delete(context.WithoutCancel(ctx), source))
	}
	return s, nil
}

// Prepare is [Create] for a store that is filled first: its file lies beside its place, and takes that
// with [Vault.Move], when everything is in it. A crash before leaves no file in the place.
func Prepare(ctx context.Context, path string, source KeySource) (*Store, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("creating the store: %w", fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return nil, fmt.Errorf("creating the store: %w", diskFault(err))
	}
	h := Header{Version: headerVersion(), Protection: source.Protection()}
	key, err := source.Create(ctx, rand.Reader, &h)
	if err != nil {
		return nil, err
	}
	s, err := prepare(path, h, key)
	if err != nil {
		return nil, errors.Join(diskFault(err), source.Forget(ctx, h))
	}
	return s, nil
}

// prepare makes the file beside its place.
func prepare(path string, h Header, key Key) (*Store, error) {
	seal, err := newSealer(key, rand.Reader)
	if err != nil {
		return nil, err
	}
	if h.Check, err = seal.seal(headerBucket, checkName, []byte(checkText)); err != nil {
		return nil, err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("creating the store: %w", err)
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("creating the store: %w", err)
	}
	file, err := openBolt(fresh, true)
	if err != nil {
		return nil, err
	}
	err = file.update(func(r rows) error { return r.put(headerBucket, headerKey, text) })
	if err != nil {
		return nil, errors.Join(err, file.close(), os.Remove(fresh))
	}
	return &Store{path: fresh, place: path, header: h, rand: rand.Reader, engine: file, seal: seal}, nil
}

// takePlace moves a prepared file to its place, whole. If that fails the store is closed.
func (s *Store) takePlace() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.place == "" {
		return nil
	}
	err := s.engine.close() // some systems rename no open file
	if err == nil {
		if _, there := os.Lstat(s.place); there == nil {
			err = fs.ErrExist
		} else {
			err = os.Rename(s.path, s.place)
		}
	}
	if err == nil {
		s.path, s.place = s.place, ""
		err = syncFolder(filepath.Dir(s.path))
	}
	if err == nil {
		var file *boltFile
		if file, err = openBolt(s.path, false); err == nil {
			s.engine = file
			return nil
		}
	}
	s.closed, s.seal = true, nil
	return fmt.Errorf("creating the store: %w", diskFault(err))
}

// Protection tells how the key is kept, also while the store is locked.
func (s *Store) Protection() Protection { return s.header.Protection }

// Locked reports whether the key is still missing.
func (s *Store) Locked() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.seal == nil
}

// Unlock gets the key from source and checks it against the file. Failures: [ErrSource],
// [ErrWrongKey], [ErrKeyMissing], [ErrKeyring] or the cause of ctx; the store stays locked then.
func (s *Store) Unlock(ctx context.Context, source KeySource) error {
	if !s.Locked() {
		return nil
	}
	if source.Protection() != s.header.Protection {
		return ErrSource
	}
	key, err := source.Key(ctx, s.header)
	if err != nil {
		return err
	}
	seal, err := newSealer(key, s.rand)
	if err != nil {
		return err
	}
	if err := s.header.checkKey(seal); err != nil {
		return err
	}
	if err := s.bringUp(seal, migrations); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.seal = seal
	return nil
}

// Close lets go of the file and the key. A second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed, s.seal = true, nil
	return s.engine.close()
}

// Delete closes the store and removes its key, by source, and its file. A memory store needs no
// source. The key goes first: without it the file is noise. The file is removed even if the key
// cannot be.
func (s *Store) Delete(ctx context.Context, source KeySource) error {
	err := s.Close()
	if s.path == "" {
		return err
	}
	if source != nil && source.Protection() == s.header.Protection {
		err = errors.Join(err, source.Forget(ctx, s.header))
	}
	if e := os.Remove(s.path); e != nil && !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("deleting the store: %w", e))
	}
	return errors.Join(err, removed(compactName(s.path)), s.dropCopies(headerVersion()))
}

// SetAside renames a file that cannot be opened, so that a new one can take its place, and returns the
// new name. Nothing in it is lost.
func SetAside(path, suffix string) (string, error) {
	aside := path + "." + suffix
	if _, err := os.Lstat(aside); err == nil {
		return "", fmt.Errorf("setting the store aside: %w", fs.ErrExist)
	}
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("setting the store aside: %w", diskFault(err))
	}
	return aside, nil
}

// View runs f in a transaction that only reads. Errors are f's, [ErrLocked], [ErrClosed], [ErrCorrupt]
// for the file as a whole, and those of the disk ([OnDisk]). A panic of f passes to the caller; only
// what the damaged file itself raises becomes ErrCorrupt.
func (s *Store) View(f func(*Tx) error) error {
	seal, err := s.ready()
	if err != nil {
		return err
	}
	tx := &Tx{seal: seal}
	err = s.engine.view(func(r rows) error {
		tx.rows = r
		return f(tx)
	})
	if len(tx.damaged) == 0 {
		return err
	}
	aside := s.engine.update(func(r rows) error {
		tx.rows = r
		return tx.setAllAside()
	})
	if aside == nil { // else the next one who reads them tries again
		s.aside.Add(int64(len(tx.damaged)))
	}
	return err
}

// Update runs f in a transaction that is kept as a whole when f returns nil, and dropped as a whole
// when it does not, or panics. Errors are those of [Store.View], and [ErrReplaced].
func (s *Store) Update(f func(*Tx) error) error {
	seal, err := s.ready()
	if err != nil {
		return err
	}
	tx := &Tx{seal: seal}
	err = s.engine.update(func(r rows) error {
		tx.rows = r
		if err := f(tx); err != nil {
			return err
		}
		return tx.setAllAside()
	})
	if err == nil {
		s.aside.Add(int64(len(tx.damaged)))
	}
	return err
}

// ready returns the sealer of an open, unlocked store. Closing waits for transactions under way.
func (s *Store) ready() (*sealer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	if s.seal == nil {
		return nil, ErrLocked
	}
	return s.seal, nil
}

// Copy writes everything in src into dst, in one transaction. It is how data that began in memory
// moves into a file.
func Copy(dst, src *Store) error {
	return src.View(func(from *Tx) error {
		return dst.Update(func(to *Tx) error {
			for _, bucket := range from.rows.buckets() {
				if own(bucket) {
					continue
				}
				if err := copyBucket(to, from, bucket); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func copyBucket(to, from *Tx, bucket string) error {
	var err error
	from.rows.walk(bucket, "", true, func(key, sealed []byte) bool {
		var value []byte
		if value, err = from.seal.open(bucket, string(key), sealed); err != nil {
			return false
		}
		err = to.Put(bucket, string(key), value)
		return err == nil
	})
	return err
}
