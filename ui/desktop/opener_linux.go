package desktop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/rymdport/portal/openuri"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// openDefault asks the portal inside a sandbox and xdg-open outside.
func (o *Opener) openDefault(ctx context.Context, link string, getenv func(string) string) error {
	if session.Sandboxed(getenv) {
		if err := openuri.OpenURI("", link, nil); err != nil {
			return fmt.Errorf("open link by the desktop portal: %w", err)
		}
		return nil
	}
	for _, program := range []string{"xdg-open", "gio"} {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		if program == "gio" {
			return o.start(ctx, []string{program, "open", link})
		}
		return o.start(ctx, []string{program, link})
	}
	return errors.New("open link: neither xdg-open nor gio is installed (package xdg-utils)")
}
