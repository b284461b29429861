package clipboard

import (
	"log/slog"
	"sync"
)

// Following is the clipboard of whatever display there is: before there is one, and when it has gone, it is
// empty, and it goes on with the next.
type Following struct {
	open    func() (Clipboard, error)
	moved   func() <-chan struct{}
	log     *slog.Logger
	changed chan struct{}
	closing chan struct{}
	work    sync.WaitGroup

	mu  sync.Mutex // never held while a display is asked
	now Clipboard  // nil for none
}

// Follow opens the clipboard with open, [Open] for example, now and whenever moved's channel is closed
// while there is none.
func Follow(open func() (Clipboard, error), moved func() <-chan struct{}, log *slog.Logger) *Following {
	f := &Following{open: open, moved: moved, log: log, changed: make(chan struct{}, 1), closing: make(chan struct{})}
	f.work.Go(f.follow)
	return f
}

func (f *Following) follow() {
	defer close(f.changed)
	for {
		moved := f.moved()
		board, err := f.open()
		if err != nil {
			f.log.Info("the clipboard cannot be watched", "reason", err)
			select {
			case <-moved:
				continue
			case <-f.closing:
				return
			}
		}
		f.set(board)
		f.pass(board)
		f.set(nil)
		if err := board.Close(); err != nil {
			f.log.Info("leaving the clipboard", "error", err)
		}
		select {
		case <-f.closing:
			return
		default:
		}
	}
}

// pass hands changes on until the display goes away or the clipboard is closed.
func (f *Following) pass(board Clipboard) {
	for {
		signal(f.changed)
		select {
		case _, ok := <-board.Changed():
			if !ok {
				return
			}
		case <-f.closing:
			return
		}
	}
}

func (f *Following) set(board Clipboard) {
	f.mu.Lock()
	f.now = board
	f.mu.Unlock()
	signal(f.changed)
}

func (f *Following) current() Clipboard {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Text returns the text on the clipboard, empty without one.
func (f *Following) Text() string {
	if board := f.current(); board != nil {
		return board.Text()
	}
	return ""
}

// SetText puts a text on the clipboard, or is ErrUnavailable.
func (f *Following) SetText(text string) error {
	if board := f.current(); board != nil {
		return board.SetText(text)
	}
	return ErrUnavailable
}

// Changed gets a value after every change. It is closed when the clipboard is closed.
func (f *Following) Changed() <-chan struct{} { return f.changed }

// Close frees the clipboard.
func (f *Following) Close() error {
	close(f.closing)
	f.work.Wait()
	return nil
}
