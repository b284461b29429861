package clipboard

import (
	"log/slog"
	"sync"
	"time"
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

// A display that cannot be opened is tried again retries times, after firstRetry and then each time after
// twice as long, 15 s in all; after that somebody has to say that the session moved. X servers start anew
// when their last program leaves, at logins among others, and hang up on whoever comes in that moment.
const (
	retries    = 5
	firstRetry = 500 * time.Millisecond
)

// Follow opens the clipboard with open, [Open] for example, now and whenever moved's channel is closed
// while there is none.
func Follow(open func() (Clipboard, error), moved func() <-chan struct{}, log *slog.Logger) *Following {
	f := &Following{open: open, moved: moved, log: log, changed: make(chan struct{}, 1), closing: make(chan struct{})}
	f.work.Go(f.follow)
	return f
}

func (f *Following) follow() {
	defer close(f.changed)
	for failed := 0; ; {
		moved := f.moved()
		board, err := f.open()
		if err != nil {
			if failed == 0 {
				f.log.Info("the clipboard cannot be watched", "reason", err)
			}
			var again <-chan time.Time
			if failed < retries {
				again = time.After(firstRetry << failed)
			}
			select {
			case <-moved:
				failed = 0
			case <-again:
				failed++
			case <-f.closing:
				return
			}
			continue
		}
		failed = 0
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
