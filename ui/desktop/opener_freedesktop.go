//go:build !darwin && !windows

package desktop

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// errNoBrowser says what was looked for.
var errNoBrowser = errors.New("open link: no browser found: none of xdg-open (package xdg-utils), gio, wslview, x-www-browser and sensible-browser is installed, and the variable BROWSER names none")

// openDefault asks the desktop's portal, which keeps the link out of every argument list of ours. Where there
// is none, and outside a sandbox, it tries the system's commands, best first, until one does not fail: the
// freedesktop command, GNOME's, the commands that BROWSER lists, that of Windows below (WSL), and Debian's two.
func (o *Opener) openDefault(ctx context.Context, link string, getenv func(string) string) error {
	err := o.openByPortal(ctx, link)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if session.Sandboxed(getenv) {
		return fmt.Errorf("open link by the desktop portal: %w", err)
	}
	commands := []string{"xdg-open", "gio open"}
	for command := range strings.SplitSeq(getenv("BROWSER"), ":") {
		commands = append(commands, strings.ReplaceAll(command, "%c", ":"))
	}
	commands = append(commands, "wslview", "x-www-browser", "sensible-browser")
	failure := errNoBrowser
	for _, command := range commands {
		words, err := words(command, link, getenv("HOME"))
		if err != nil {
			continue // an empty place in the list
		}
		if _, err := exec.LookPath(words[0]); err != nil {
			continue
		}
		if failure = o.start(ctx, words); failure == nil || ctx.Err() != nil {
			return failure
		}
	}
	return failure
}
