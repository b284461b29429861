package account

// ReadOption changes how something is read that is otherwise kept for a while.
type ReadOption func(*readOptions)

type readOptions struct {
	fresh       bool
	withoutIdle bool
}

// Fresh asks the server even if a recent answer is at hand.
func Fresh() ReadOption { return func(o *readOptions) { o.fresh = true } }

// WithoutIdle leaves devices out that the server has not heard of for 21 days, as
// Mozilla's clients do. This installation's own is always listed. Only
// [Account.Devices] looks at it.
func WithoutIdle() ReadOption { return func(o *readOptions) { o.withoutIdle = true } }

func readOptionsOf(opts []ReadOption) readOptions {
	var o readOptions
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
