//go:build windows || darwin

package clipboard

import (
	"context"

	"github.com/tabferry/tabferry/account/link"
)

// systemTitles returns no title: Windows has forms of its own for them, which are not read, and the pasteboard
// of macOS cannot be read without cgo.
func systemTitles(context.Context) ([]link.Titled, error) { return nil, nil }
