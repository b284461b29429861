package cli

import (
	"context"
	"io"
)

// input is standard input until a context ends.
type input struct {
	ctx  context.Context
	from io.Reader
}

func (in input) Read(b []byte) (int, error) {
	read, err := orLeave(in.ctx, func() ([]byte, error) {
		own := make([]byte, len(b)) // whoever is left behind may not write into the caller's
		n, err := in.from.Read(own)
		return own[:n], err
	})
	return copy(b, read), err
}

// orLeave does what cannot be interrupted, as reading from a terminal or opening a pipe cannot, and leaves it
// behind when ctx ends. The process ends soon after.
func orLeave[T any](ctx context.Context, do func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return do()
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := do()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
