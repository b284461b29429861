package cli

import (
	"context"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// whileRead is a context that ends when standard output is a pipe that nobody reads any more, for commands
// that go on for long and say little. stop ends the looking.
func (p *program) whileRead(ctx context.Context) (_ context.Context, stop func()) {
	file, ok := p.Out.(*os.File)
	if !ok {
		return ctx, func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		if untilUnread(file, done) {
			end(&failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.unread")})
		}
	}()
	return ctx, func() {
		close(done)
		<-looked
		end(nil)
	}
}

// limited is a context that ends after wait, as --wait asks for; zero is no limit.
func (p *program) limited(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	if wait <= 0 {
		return context.WithCancel(ctx)
	}
	over := &failure{exit: ExitFailed, code: localapi.CodeConflict, message: p.Words.T("cli.error.wait_over", "Wait", wait)}
	return context.WithTimeoutCause(ctx, wait, over)
}
