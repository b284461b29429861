package localapi

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"runtime/debug"
)

// Local returns a client of an agent in the same process: its calls are plain calls, its watches
// read the agent's [Feed] where they are ranged over. It behaves as a dialled one does, with one
// difference: what it hands out is the agent's own, shared with every other reader. Read it, never
// edit it; and do not edit what was handed over with a call.
func Local(agent Agent, logger *slog.Logger) *Client {
	return &Client{local: &server{agent, logger}}
}

// askLocal makes a call to an agent in this process.
func (s *server) askLocal(ctx context.Context, c untyped, in, out any) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	defer func() {
		if p := recover(); p != nil {
			err = s.panicked(c.route, p)
		}
		if err != nil {
			err = s.refusal(ctx, c.route, err)
		}
	}()
	return c.perform(ctx, s.agent, in, out)
}

// watchLocal reads the agent's feed. It runs on the reader's goroutine and needs no other.
func (s *server) watchLocal(ctx context.Context, face Face) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		if err := face.check(); err != nil {
			yield(Update{}, err)
			return
		}
		if s.follow(ctx, face, yield) {
			yield(Update{}, notReachable(ctx, io.EOF))
		}
	}
}

// follow yields updates, and reports whether the reader is still there at their end.
func (s *server) follow(ctx context.Context, face Face, yield func(Update, error) bool) bool {
	if ctx.Err() != nil {
		return true
	}
	watcher := s.agent.Watch(face)
	defer watcher.Close()
	for {
		u, ok := watcher.Next(ctx)
		if !ok {
			return true
		}
		if !yield(u, nil) {
			return false
		}
	}
}

// refusal turns what went wrong with a call into what the face is told, and logs what it is not.
func (s *server) refusal(ctx context.Context, call string, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	s.logger.Error("a call to the local API failed", "call", call, "error", err)
	return failed.Refuse(CodeInternal)
}

// panicked logs a fault of our own, with the way to it, and says what the face is told.
func (s *server) panicked(call string, reason any) error {
	s.logger.Error("a call to the local API failed", "call", call, "panic", reason, "stack", string(debug.Stack()))
	return failed.Refuse(CodeInternal)
}
