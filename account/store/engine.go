package store

// engine runs transactions over raw, already sealed rows. There are two: a bbolt file and memory.
type engine interface {
	view(f func(rows) error) error
	update(f func(rows) error) error
	close() error
}

// rows is what one transaction sees.
type rows interface {
	// get returns nil for a missing row.
	get(bucket, key string) []byte
	put(bucket, key string, value []byte) error
	delete(bucket, key string) error
	// drop removes a bucket with all its rows; a missing one is fine.
	drop(bucket string) error
	// buckets returns the names of all buckets.
	buckets() []string
	// walk goes through a bucket from the highest key below before (empty: from the highest of all)
	// downwards, or with up from the lowest key upwards, until yield is false. Key and value are valid until
	// yield returns.
	walk(bucket, before string, up bool, yield func(key, value []byte) bool)
	// count returns how many rows a bucket has.
	count(bucket string) int
}
