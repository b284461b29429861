package desktop

import (
	"context"
	"fmt"

	"golang.org/x/sys/windows"
)

// openDefault asks the shell API. Never "cmd /c start": it would interpret & and % in links.
func (o *Opener) openDefault(_ context.Context, link string, _ func(string) string) error {
	target, err := windows.UTF16PtrFromString(link)
	if err != nil {
		return ErrNotALink
	}
	verb, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return err
	}
	if err := windows.ShellExecute(0, verb, target, nil, nil, windows.SW_SHOWNORMAL); err != nil {
		return fmt.Errorf("open link: %w", err)
	}
	return nil
}
