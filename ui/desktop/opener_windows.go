package desktop

import (
	"context"
	"fmt"

	"golang.org/x/sys/windows"

	"github.com/tabferry/tabferry/account/link"
)

// openDefault asks the shell API. Never "cmd /c start": it would interpret & and % in links.
func (o *Opener) openDefault(_ context.Context, address string, _ func(string) string) error {
	target, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return link.ErrNotWeb
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
