// Package clipboard reaches the desktop's clipboard from a program without a window: texts are
// watched and written, pictures read once.
//
// X11 tells of new owners by XFixes events, Wayland by data-control where the compositor offers it,
// Windows by a sequence number; macOS can only be written to without cgo.
package clipboard

import "errors"

// ErrUnavailable says that this desktop lets no background program at the clipboard; the wrapping
// error says why.
var ErrUnavailable = errors.New("the clipboard cannot be used in the background")

// maxText is the longest text read from the clipboard, in bytes. It is read for links
// only, and no device takes a longer one.
const maxText = 64 << 10

// Clipboard is the desktop's clipboard as a program without a window sees it. Its methods may be
// used from several goroutines at once.
type Clipboard interface {
	// Text returns the text on the clipboard; empty when there is none, it is longer than 64 KiB,
	// or its owner marked it as a password.
	Text() string
	// SetText puts a text on the clipboard. On X11 and Wayland it stays there only as long as
	// this clipboard is open, unless a clipboard manager keeps a copy.
	SetText(text string) error
	// Changed gets a value after every change; several changes may be one. It is closed when the
	// clipboard is closed or the display goes away.
	Changed() <-chan struct{}
	// Close frees the clipboard.
	Close() error
}

// signal tells a watcher that something changed without waiting for it.
func signal(changed chan struct{}) {
	select {
	case changed <- struct{}{}:
	default: // it has one coming already
	}
}
