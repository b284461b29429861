//go:build !linux && !darwin && !windows

package desktop

import "context"

// openDefault uses the freedesktop command, which the BSDs have too.
func (o *Opener) openDefault(ctx context.Context, link string, _ func(string) string) error {
	return o.start(ctx, []string{"xdg-open", link})
}
