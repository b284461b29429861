package store

// readable reads all of a file once.
func (b *boltFile) readable() error {
	return b.run(false, func(r *boltRows) error {
		for _, bucket := range r.buckets() {
			r.walk(bucket, "", true, func(_, _ []byte) bool { return true })
		}
		return nil
	})
}
