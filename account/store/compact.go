package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// When a file is written anew at its opening: bbolt keeps the room of what was deleted for ever, so that
// an inbox that was cleared leaves 8 MiB behind. A file doubles as it grows, so one of which more than a
// quarter is used may have come by its size honestly.
const (
	compactFrom  = 1 << 20
	compactRatio = 4
	// compactStep is how many bytes are copied in one transaction.
	compactStep = 1 << 20
)

// compactName is where the smaller file is made.
func compactName(path string) string { return path + ".compact" }

// wasteful reports whether most of a file is room that nothing needs.
func (b *boltFile) wasteful() bool {
	size := b.size.Load()
	return size >= compactFrom && b.used*compactRatio <= size
}

// compacted returns the file, written anew without what was deleted. It is made beside the old one and
// takes its place when the disk has it, so that a crash leaves one of the two, whole. Where that cannot
// be done, for want of room perhaps, the old one stays in use; the next opening tries again.
func (b *boltFile) compacted(path string) (*boltFile, error) {
	fresh := compactName(path)
	if b.writeCompact(fresh) != nil {
		return b, nil
	}
	if err := b.close(); err != nil { // some systems replace no open file
		return nil, err
	}
	if os.Rename(fresh, path) == nil {
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return nil, diskFault(err)
		}
	}
	return openBolt(path, false)
}

// writeCompact writes everything into another file, and looks whether it is all there.
func (b *boltFile) writeCompact(fresh string) (err error) {
	err = b.run(false, func(r *boltRows) (err error) {
		r.ask(func() { err = b.sound(r.tx) }) // a damaged file is left as it is
		return err
	})
	if err != nil {
		return err
	}
	if err := removed(fresh); err != nil {
		return err
	}
	to, err := openBolt(fresh, true)
	if err != nil {
		return err
	}
	to.db.NoSync = true // at the end, once
	err = guard(func(*bool) error { return bbolt.Compact(to.db, b.db, compactStep) })
	if err == nil {
		err = sameRows(b, to)
	}
	if err == nil {
		err = to.db.Sync()
	}
	return errors.Join(err, to.close())
}

var errRowsMissing = errors.New("rows are missing in the copy")

// sameRows counts both files' rows.
func sameRows(a, b *boltFile) error {
	return a.view(func(from rows) error {
		return b.view(func(to rows) error {
			for _, bucket := range from.buckets() {
				if from.count(bucket) != to.count(bucket) {
					return errRowsMissing
				}
			}
			return nil
		})
	})
}

// removed removes a file that may not be there.
func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskFault(err)
	}
	return nil
}
