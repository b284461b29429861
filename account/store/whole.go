package store

import (
	"fmt"

	"go.etcd.io/bbolt"
)

// metaPages is how many pages at the beginning of a file are its book-keeping.
const metaPages = 2

// whole refuses a file that is shorter than its own book-keeping says: bbolt notices only when it reads the
// missing part. It notes how much of the file is in use.
func (b *boltFile) whole() error {
	return b.run(false, func(r *boltRows) error {
		if r.tx.Size() > b.size.Load() {
			return fmt.Errorf("%w: a part of it is missing", ErrCorrupt)
		}
		b.used = r.tx.Size() - int64(b.db.Stats().FreePageN)*int64(b.db.Info().PageSize)
		return nil
	})
}

// sound refuses, before the first change of a file, one of which a page claims to go on where no page is. That
// does not matter to who reads, but bbolt frees those pages with the next write, up to four thousand million
// of them. It waits until then because it looks at every page, and a start need not: of 8 MiB, 1.5 ms.
func (b *boltFile) sound(tx *bbolt.Tx) error {
	if b.ends {
		return nil
	}
	pages := int(tx.Size() / int64(b.db.Info().PageSize))
	for id := metaPages; id < pages; {
		more, err := goesOn(tx, id)
		if err == nil && more >= pages-id {
			err = fmt.Errorf("%w: page %d does not end", ErrCorrupt, id)
		}
		if err != nil {
			return err
		}
		id += 1 + more
	}
	b.ends = true
	return nil
}

// readable reads all of a file once.
func (b *boltFile) readable() error {
	return b.run(false, func(r *boltRows) (err error) {
		if r.ask(func() { err = b.sound(r.tx) }); err != nil {
			return err
		}
		for _, bucket := range r.buckets() {
			r.walk(bucket, "", true, func(_, _ []byte) bool { return true })
		}
		return nil
	})
}

// goesOn returns over how many further pages a page goes on. What a free one says was true of its last use.
func goesOn(tx *bbolt.Tx, id int) (more int, err error) {
	page, err := tx.Page(id)
	if err != nil || page.Type == "free" {
		return 0, err
	}
	return page.OverflowCount, nil
}
