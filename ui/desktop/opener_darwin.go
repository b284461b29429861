package desktop

import "context"

// openDefault asks the system's own command.
func (o *Opener) openDefault(ctx context.Context, link string, _ func(string) string) error {
	return o.start(ctx, []string{"/usr/bin/open", link})
}
