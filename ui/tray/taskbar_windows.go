package tray

import (
	"context"
	"log/slog"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// taskbarClass is the class of the window that holds the tray.
const taskbarClass = "Shell_TrayWnd"

// How often the taskbar is looked for: at first as often as a login needs it, then rarely.
const (
	taskbarFirst = 250 * time.Millisecond
	taskbarLast  = time.Minute
)

var (
	user32            = windows.NewLazySystemDLL("user32.dll")
	findWindow        = user32.NewProc("FindWindowW")
	postThreadMessage = user32.NewProc("PostThreadMessageW")
)

// awaitTaskbar waits until there is a taskbar, and reports false when ctx ends before. At login we may be
// earlier than the shell; a server without one, or another shell, never has it. The tray library cannot
// wait: a tray it could not make stays away, and its loop runs for ever.
func awaitTaskbar(ctx context.Context, log *slog.Logger) bool {
	class, err := windows.UTF16PtrFromString(taskbarClass)
	if err != nil {
		return false
	}
	for wait := taskbarFirst; ; wait = min(2*wait, taskbarLast) {
		if window, _, _ := findWindow.Call(uintptr(unsafe.Pointer(class)), 0); window != 0 {
			return true
		}
		if wait == taskbarFirst {
			log.Info("there is no taskbar: no tray until there is one")
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// loopEnder returns what ends the loop that the tray library is about to run on this thread, and what does
// if the library could make no tray. The library's own Quit comes after that: it holds a lock while it asks
// the shell to take the icon away, and has a window of this thread closed, which wants the lock too. Where the
// shell takes its time neither would end.
func loopEnder() (end, abandon func()) {
	thread := windows.GetCurrentThreadId()
	const quit = 0x0012 // WM_QUIT
	end = func() { _, _, _ = postThreadMessage.Call(uintptr(thread), quit, 0, 0) }
	return end, end
}
